"""A real mail server (aiosmtpd) on loopback, in this process and this loop, that misbehaves on demand."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import attrs
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@attrs.frozen(kw_only=True)
class TakenMail:
    """
    A mail that the server took.

    Attributes:
        options: what stood behind the sender (`SMTPUTF8`).
        greeted_as: the name in EHLO.
        user: who had logged in.
        raw: the message, byte for byte.
    """

    sender: str
    recipient: str
    options: tuple[str, ...]
    greeted_as: str
    is_encrypted: bool
    user: str | None
    raw: bytes = attrs.field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """As a mail program reads it."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def plain(self) -> bytes:
        """Every part of it as it was before it was encoded for the way."""
        return b"\n".join(
            bytes(part.get_payload(decode=True)) for part in self.message.walk() if not part.is_multipart()
        )


class MailServer:
    """
    The server, and its mailbox.

    Attributes:
        taken: the mails, oldest first.
        answers: what a command ("EHLO", "MAIL", "RCPT", "DATA") is answered instead of a yes.
        is_slow: a message is taken and never answered.
        drops_next_answer: once, a message is taken, and the connection cut instead of an answer.
        connections: how many there were.
        port: stays the same over `go_down` and `come_back`.
        witness: is told `before mail: COMMAND`, and for DATA `after mail: DATA` when it was taken and not answered;
            true if that was the client's last moment, and nothing of it counts.
    """

    def __init__(
        self,
        *,
        offers: ssl.SSLContext | None = None,
        speaks: ssl.SSLContext | None = None,
        password: str | None = None,
        knows_unicode: bool = True,
    ) -> None:
        self.taken: list[TakenMail] = []
        self.answers: dict[str, str] = {}
        self.is_slow = False
        self.drops_next_answer = False
        self.connections = 0
        self.port = 0
        self.witness: Callable[[str], bool] = lambda _: False
        self._shown = 0
        self._offers, self._speaks = offers, speaks
        self._password = password
        self._knows_unicode = knows_unicode
        self._server: asyncio.Server | None = None
        self._protocols: list[SMTP] = []

    def arrivals(self) -> Iterable[bytes]:
        """The mails that were taken since this was asked last."""
        fresh = self.taken[self._shown :]
        self._shown += len(fresh)
        return [mail.raw for mail in fresh]

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[MailServer]:
        """Listen on a free port until the block ends."""
        await self.come_back()
        try:
            yield self
        finally:
            await self.go_down()

    async def come_back(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=self._speaks)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Listen no more, and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for protocol in self._protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        # aiosmtpd names no other way to end a conversation; one whose handshake failed would wait for ever.
        tasks = [task for protocol in self._protocols if (task := protocol._handler_coroutine) is not None]  # noqa: SLF001 - see above
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._protocols.clear()

    def _protocol(self) -> SMTP:
        self.connections += 1
        protocol = SMTP(
            _Handler(self),
            enable_SMTPUTF8=self._knows_unicode,
            hostname="mail.example",
            tls_context=self._offers,
            authenticator=self._authenticate,
            auth_required=False,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )
        self._protocols.append(protocol)
        return protocol

    def _authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, login: LoginPassword) -> AuthResult:
        if self._password is not None and login.password == self._password.encode():
            return AuthResult(success=True, auth_data=login.login.decode())
        return AuthResult(success=False, handled=False)


class _Handler:
    """What aiosmtpd asks at each command."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self._server.witness("before mail: EHLO")
        session.host_name = hostname
        answer = self._server.answers.get("EHLO")
        return responses if answer is None else [answer]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._server.witness("before mail: MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._server.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        self._server.witness("before mail: RCPT")
        envelope.rcpt_tos.append(address)
        return self._server.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        server = self._server
        answer = server.answers.get("DATA", "250 OK")
        is_over = server.witness("before mail: DATA")
        if answer.startswith("2") and not is_over:
            (recipient,) = envelope.rcpt_tos
            mail = TakenMail(
                sender=envelope.mail_from or "",
                recipient=recipient,
                options=tuple(envelope.mail_options),
                greeted_as=session.host_name or "",
                is_encrypted=session.ssl is not None or server._speaks is not None,  # noqa: SLF001 - the same module
                user=session.auth_data,
                raw=envelope.original_content or b"",
            )
            server.taken.append(mail)
            server.witness("after mail: DATA")
        if server.is_slow:
            await asyncio.Event().wait()
        if server.drops_next_answer:
            server.drops_next_answer = False
            assert smtp.transport is not None
            smtp.transport.abort()
        return answer
