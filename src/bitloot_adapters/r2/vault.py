"""The vault on R2: seals, writes under a condition, reads back, opens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from bitloot_adapters._shared.envelope import KeySealer
from bitloot_adapters.r2.names import fresh_name
from bitloot_core.ports.system import Clock
from bitloot_core.ports.vault import Rotation, StoredObject, Vault
from bitloot_core.values.errors import Corrupt, NotFound, Unavailable
from bitloot_core.values.ids import StorageRef
from bitloot_core.values.keys import KeyMaterial, KeyOwner
from bitloot_core.values.secret import Secret

if TYPE_CHECKING:
    from bitloot_adapters.r2.bucket import SealedBucket

T = TypeVar("T")


class R2Vault:
    """
    Keeps sealed product keys in a bucket; see `Vault` for what it promises.

    Objects of one call are worked on side by side. Several processes may share the bucket.

    Args:
        bucket: where the objects lie.
        sealer: seals and opens them.
        clock: says when a key was saved.
    """

    def __init__(self, bucket: SealedBucket, sealer: KeySealer, *, clock: Clock) -> None:
        self._bucket = bucket
        self._sealer = sealer
        self._clock = clock

    async def save_keys(self, keys: Sequence[tuple[KeyOwner, KeyMaterial]]) -> tuple[StorageRef, ...]:
        """Seal each key into an object of its own, read it back and open it."""
        async with self._bucket.in_time():
            return await _side_by_side(self._save(owner, material) for owner, material in keys)

    async def open_keys(self, keys: Sequence[tuple[StorageRef, KeyOwner]]) -> tuple[KeyMaterial, ...]:
        """Read and open each key."""
        async with self._bucket.in_time():
            return await _side_by_side(self._open(ref, owner) for ref, owner in keys)

    async def discard(self, refs: Sequence[StorageRef]) -> None:
        """Remove the objects."""
        async with self._bucket.in_time():
            await _side_by_side(self._bucket.remove(ref) for ref in refs)

    async def rotate(self, ref: StorageRef) -> Rotation:
        """Write the object anew with another wrap, if it is not under the newest master key."""
        async with self._bucket.in_time():
            return await self._rotate(ref)

    async def master_key_of(self, ref: StorageRef) -> str:
        """Read it off the object's header."""
        async with self._bucket.in_time():
            found = await self._bucket.read(ref)
        return self._sealer.key_id_of(found.content)

    async def stored(self) -> AsyncIterator[StoredObject]:
        """Every object under the prefix; one page at a time, so that memory does not grow with the vault."""
        async for found in self._bucket.stored():
            yield found

    async def signed_url(self, ref: StorageRef, *, expires: timedelta) -> Secret:
        """
        A URL of the sealed object, for staff and back-ups: what it gives opens with the master keys alone.

        Raises:
            NotFound: no object can have this name; whether there is one is not looked at.
            InvalidInput: `expires` is not from one second to seven days.
        """
        return await self._bucket.signed_url(ref, expires=expires)

    async def _save(self, owner: KeyOwner, material: KeyMaterial) -> StorageRef:
        sealed = self._sealer.seal(owner, material)
        ref = await self._write_new(sealed)
        if self._sealer.open(owner, sealed) != material:
            raise Corrupt("vault", "a key that was just sealed opens as something else")
        return ref

    async def _write_new(self, sealed: bytes) -> StorageRef:
        """
        Write an object under a fresh name, and look that it is there, bit for bit.

        Raises:
            Corrupt: it is not.
        """
        ref = fresh_name(self._clock.now())
        is_written = await self._bucket.add(ref, sealed)
        try:
            found = await self._bucket.read(ref)
        except NotFound as exc:
            raise Corrupt("vault", "an object that was just saved is not there") from exc
        if found.content == sealed:
            return ref
        if not is_written:
            raise Unavailable("vault", "another object has the name of a new one")
        raise Corrupt("vault", "an object that was just saved holds something else")

    async def _open(self, ref: StorageRef, owner: KeyOwner) -> KeyMaterial:
        found = await self._bucket.read(ref)
        return self._sealer.open(owner, found.content)

    async def _rotate(self, ref: StorageRef) -> Rotation:
        old = await self._bucket.read(ref)
        before, rewrapped = self._sealer.key_id_of(old.content), self._sealer.rewrap(old.content)
        if rewrapped is None:
            return Rotation(before=before, after=before)
        # `rewrap` of the new object proves that its wrap opens, before the old wrap is given up.
        if self._sealer.rewrap(rewrapped) is not None:
            raise Corrupt("vault", "a data key that was just wrapped does not unwrap")
        # S3 cannot rename, so what takes the old object's place first stands beside it, whole and looked at.
        copy = await self._write_new(rewrapped)
        is_written = await self._bucket.replace(ref, rewrapped, tag=old.tag)
        try:
            found = await self._bucket.read(ref)
        except NotFound:
            await self._drop(copy)
            raise
        if found.content == rewrapped:
            await self._drop(copy)
            return Rotation(before=before, after=self._sealer.key_id_of(rewrapped))
        if not is_written:
            await self._drop(copy)
            raise Unavailable("vault", "the object was changed while it was wrapped anew")
        raise Corrupt("vault", f"{ref} was damaged while it was wrapped anew; {copy} is a whole copy of it")

    async def _drop(self, copy: StorageRef) -> None:
        # `reconcile` removes what cannot be removed now.
        with contextlib.suppress(Unavailable):
            await self._bucket.remove(copy)

    def __repr__(self) -> str:
        return f"R2Vault({self._bucket!r}, {self._sealer!r})"


async def _side_by_side(calls: Iterable[Coroutine[Any, Any, T]]) -> tuple[T, ...]:
    """Run calls at the same time, and return what they return, in order; the first error ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as errors:
        first = errors.exceptions[0]
        raise first from first.__cause__
    return tuple(task.result() for task in tasks)


if TYPE_CHECKING:
    _: type[Vault] = R2Vault
