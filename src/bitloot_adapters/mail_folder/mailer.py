"""The mailer that writes files."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from bitloot_adapters._shared.mail_message import Message, Sender, digest_of, render, render_notice
from bitloot_core.ports.mailer import Mail, Mailer, Notice, NoticeMailer
from bitloot_core.ports.system import Clock
from bitloot_core.values.errors import InvalidInput, Unavailable


class FolderMailer:
    """
    Writes each mail as one `.eml` file; see `Mailer` for what it promises.

    The file's name is made from the mail's key, so a repeat replaces the file and does not add one. A file appears
    whole, and is on the disk when `send` returns. It holds a link that opens keys: only our own account may read it.

    Args:
        folder: where the files go; it is made if it is not there.
        sender: who the mails are from.
        clock: dates them.

    Raises:
        InvalidInput: the folder is not there and cannot be made, or is no folder.
    """

    def __init__(self, folder: Path, sender: Sender, *, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise InvalidInput("MAIL_DIR", f"is not a folder that can be used ({_name_of(exc)})") from exc

    async def send(self, mail: Mail, *, key: str) -> None:
        """Write the file."""
        await self._keep(render(mail, key=key, sender=self._sender, at=self._clock.now()), key)

    async def send_notice(self, notice: Notice, *, key: str) -> None:
        """Write the file of a notice."""
        await self._keep(render_notice(notice, key=key, sender=self._sender, at=self._clock.now()), key)

    async def probe(self) -> None:
        """
        Write a file and remove it again, before anybody can take it for a mail.

        Raises:
            Unavailable: the folder refuses.
        """
        await asyncio.to_thread(self._try_out)

    def _try_out(self) -> None:
        path = self._folder / f".probe.{secrets.token_hex(8)}"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            path.unlink()
        except OSError as exc:
            raise Unavailable("mailer", f"the folder refuses ({_name_of(exc)})") from exc

    async def _keep(self, message: Message, key: str) -> None:
        await asyncio.to_thread(self._write, digest_of(key), message.content)

    def _write(self, name: str, content: bytes) -> None:
        # The beginning with a dot keeps readers of `*.eml` from a file that is not whole yet.
        prepared = self._folder / f".{name}.{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(prepared, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            prepared.replace(self._folder / f"{name}.eml")
            self._flush_names()
        except OSError as exc:
            raise Unavailable("mailer", f"the folder refuses ({_name_of(exc)})") from exc
        finally:
            # The error that led here, if one did, says what is wrong with the folder.
            with contextlib.suppress(OSError):
                prepared.unlink(missing_ok=True)

    def _flush_names(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def __repr__(self) -> str:
        return f"FolderMailer({str(self._folder)!r})"


def _name_of(exc: OSError) -> str:
    return errno.errorcode.get(exc.errno or 0, "unknown")


if TYPE_CHECKING:
    _: type[Mailer] = FolderMailer
    __: type[NoticeMailer] = FolderMailer
