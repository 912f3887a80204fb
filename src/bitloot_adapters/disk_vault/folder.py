"""
The files of the vault: durable when they are named, and never anywhere but in the folder.

    <root>/<first two characters of the name>/<name>        0700 / 0600

A new file is written straight under its final name. Nobody knows that name before the write is complete, so a crash
leaves no half-written object that anybody relies on, only an orphan that `reconcile` removes like any other; the same
holds for the copy that `replace` prepares under a fresh name. There is no folder of temporary files to be cleaned.

Everything here blocks; `DiskVault` calls it from a thread.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bitloot_core.ports.vault import StoredObject
from bitloot_core.values.errors import InvalidInput, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef

_NAME = re.compile(r"[a-z2-7]{32}")
_SHARD = re.compile(r"[a-z2-7]{2}")
_NAME_BYTES = 20
_SHARD_LENGTH = 2
_MICROSECOND = 1_000  # in nanoseconds


class SealedFolder:
    """
    A folder of sealed objects. Every method raises `Unavailable` if the file system refuses.

    Args:
        root: the folder; it is made if it is not there.

    Raises:
        InvalidInput: it is not there and cannot be made, or is no folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise InvalidInput("VAULT_DIR", f"is not a folder that can be used ({_name_of(exc)})") from exc

    def add(self, objects: Sequence[bytes]) -> tuple[StorageRef, ...]:
        """Write each object under a fresh random name; all are on the disk when this returns."""
        with _refusals_are_passing():
            refs = tuple(_fresh_name() for _ in objects)
            for ref, content in zip(refs, objects, strict=True):
                self._make_shard(ref)
                self._write_new(self._path(ref), content)
            self._make_durable(refs)
            return refs

    def read(self, ref: StorageRef) -> bytes:
        """
        Read an object.

        Raises:
            NotFound: it is not there.
        """
        path = self._path(ref)
        with _refusals_are_passing():
            try:
                with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                self._check_root()
                raise NotFound("sealed object", ref) from None

    def replace(self, ref: StorageRef, content: bytes) -> None:
        """
        Put other content in an object's place, at once and whole; its age stays.

        Raises:
            NotFound: it is not there.
        """
        path = self._path(ref)
        with _refusals_are_passing():
            try:
                age = path.stat().st_mtime_ns
            except FileNotFoundError:
                self._check_root()
                raise NotFound("sealed object", ref) from None
            # In the same shard, so that one flush of one folder covers the rename.
            prepared = path.with_name(ref[:_SHARD_LENGTH] + _fresh_name()[_SHARD_LENGTH:])
            self._write_new(prepared, content)
            # What stood there is given up for good, so a look first at what takes its place.
            if prepared.read_bytes() != content:
                raise OSError(errno.EIO, "something else was written")
            os.utime(prepared, ns=(age, age))
            prepared.replace(path)
            _flush_folder(path.parent)

    def remove(self, refs: Sequence[StorageRef]) -> None:
        """Remove objects; a name that is not there, or that none can have, is passed over."""
        with _refusals_are_passing():
            self._check_root()
            gone = []
            for ref in refs:
                with contextlib.suppress(FileNotFoundError, NotFound):
                    self._path(ref).unlink()
                    gone.append(ref)
            self._make_durable(gone)

    def shards(self) -> tuple[str, ...]:
        """The names of the sub-folders."""
        with _refusals_are_passing(), os.scandir(self._root) as entries:
            return tuple(sorted(entry.name for entry in entries if _SHARD.fullmatch(entry.name)))

    def objects(self, shard: str) -> tuple[StoredObject, ...]:
        """The objects in one sub-folder."""
        with _refusals_are_passing(), os.scandir(self._root / shard) as entries:
            found = []
            for entry in entries:
                # One that is removed while we look is not there.
                with contextlib.suppress(FileNotFoundError):
                    if _NAME.fullmatch(entry.name):
                        saved_at = _as_time(entry.stat(follow_symlinks=False).st_mtime_ns)
                        found.append(StoredObject(ref=StorageRef(entry.name), saved_at=saved_at))
            return tuple(found)

    def _path(self, ref: StorageRef) -> Path:
        """
        Where an object lies. The one place where a name becomes a path.

        Raises:
            NotFound: no object can have this name.
        """
        if _NAME.fullmatch(ref) is None:
            raise NotFound("sealed object", "of such a name")
        return self._root / ref[:_SHARD_LENGTH] / ref

    def _write_new(self, path: Path, content: bytes) -> None:
        """Write a file that must not be there yet, and flush it."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _make_shard(self, ref: StorageRef) -> None:
        try:
            self._path(ref).parent.mkdir(mode=0o700)
        except FileExistsError:
            return
        _flush_folder(self._root)

    def _make_durable(self, refs: Sequence[StorageRef]) -> None:
        for folder in {self._path(ref).parent for ref in refs}:
            _flush_folder(folder)

    def _check_root(self) -> None:
        # A disk that is not mounted must not look like keys that are lost.
        if not self._root.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the folder of the vault is not there")

    def __repr__(self) -> str:
        return f"SealedFolder({str(self._root)!r})"


def _fresh_name() -> StorageRef:
    return StorageRef(base64.b32encode(os.urandom(_NAME_BYTES)).decode().lower())


def _flush_folder(folder: Path) -> None:
    """Flush a folder: without it a crash can take a new file's name away, although its content is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).replace(microsecond=nanoseconds % 10**9 // _MICROSECOND)


@contextlib.contextmanager
def _refusals_are_passing() -> Iterator[None]:
    """Translate what the file system refuses. The operator can mend it, and until then nothing is lost."""
    try:
        yield
    except OSError as exc:
        raise Unavailable("vault", f"the folder refuses ({_name_of(exc)})") from exc


def _name_of(exc: OSError) -> str:
    return errno.errorcode.get(exc.errno or 0, "unknown")
