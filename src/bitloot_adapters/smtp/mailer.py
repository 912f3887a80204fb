"""The mailer that hands mails to a mail server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import aiosmtplib
import attrs

from bitloot_adapters._shared.mail_message import Message, Sender, render, render_notice
from bitloot_adapters.smtp.refusals import PORT, Step, raise_meaning
from bitloot_adapters.smtp.server import Encryption, SmtpServer
from bitloot_core.ports.mailer import Mail, Mailer, Notice, NoticeMailer
from bitloot_core.ports.system import Clock
from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown

DEADLINE = timedelta(seconds=40)
CONNECTIONS = 4
"""At once and for each process. Providers admit few: Microsoft 365 three an account, most others ten or more."""
_FAREWELL_SECONDS = 1.0

_log = logging.getLogger(__name__)


@attrs.define
class _Progress:
    """How far one conversation has come."""

    step: Step = Step.CONNECT


class SmtpMailer:
    """
    Hands each mail to a mail server; see `Mailer` for what it promises.

    A connection serves one mail. Keeping it open would save some round trips (docs/r2-and-smtp.md has the figures), and
    cost the certainty that a server which hung up meanwhile is not taken for one that lost our mail.

    Args:
        server: where mails are handed in.
        sender: who the mails are from; its domain is also the name that we greet with.
        clock: dates the mails.
        deadline: for one mail, the wait for a free connection included. A server that looks into mails may take half a
            minute to answer; what it accepts behind our back arrives twice.
        connections: how many there are at once.
        trust: the certificates that are trusted; the machine's own if not given.
    """

    def __init__(
        self,
        server: SmtpServer,
        sender: Sender,
        *,
        clock: Clock,
        deadline: timedelta = DEADLINE,
        connections: int = CONNECTIONS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._deadline = deadline.total_seconds()
        self._free = asyncio.Semaphore(connections)
        is_proof_needed = server.encryption is not Encryption.OFFERED
        self._tls = (trust or ssl.create_default_context()) if is_proof_needed else _any_certificate()

    async def send(self, mail: Mail, *, key: str) -> None:
        """Hand the mail over; it is accepted when this returns."""
        await self._bring(render(mail, key=key, sender=self._sender, at=self._clock.now()))

    async def send_notice(self, notice: Notice, *, key: str) -> None:
        """Hand a notice over; it is accepted when this returns."""
        await self._bring(render_notice(notice, key=key, sender=self._sender, at=self._clock.now()))

    async def _bring(self, letter: Message) -> None:
        started = asyncio.get_running_loop().time()
        outcome = "cut short"
        try:
            await self._converse(letter)
            outcome = "accepted"
        except PortError as exc:
            outcome = exc.reason
            raise
        finally:
            _log.debug("%s: %s in %.3f s", PORT, outcome, asyncio.get_running_loop().time() - started)

    async def probe(self) -> None:
        """
        Go as far as the login, and leave again without handing anything over.

        Raises:
            Unavailable: the server does not let us in; what the operator can mend is named.
        """
        await self._converse(None)

    async def _converse(self, letter: Message | None) -> None:
        progress = _Progress()
        client = self._client()
        try:
            async with asyncio.timeout(self._deadline) as limit, self._free:
                await self._enter(client, progress)
                if letter is not None:
                    await self._hand_over(client, letter, progress)
                # It is accepted: whatever happens now changes nothing about that.
                limit.reschedule(None)
                await _take_leave(client)
        except TimeoutError as exc:
            if progress.step is Step.CONTENT:
                raise Unknown(PORT, "no answer to the message in time") from exc
            raise Unavailable(PORT, f"the mail server is too slow at {progress.step.value}") from exc
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            local_hostname=self._sender.domain,
            use_tls=self._server.encryption is Encryption.IMPLICIT,
            start_tls=False,
            tls_context=self._tls,
            timeout=self._deadline,
        )

    async def _enter(self, client: aiosmtplib.SMTP, progress: _Progress) -> None:
        """Connect, encrypt, log in."""
        with _at(Step.CONNECT, progress):
            await client.connect()
            await client.ehlo()
        with _at(Step.ENCRYPT, progress):
            await self._encrypt(client)
        if self._server.login is not None:
            with _at(Step.LOG_IN, progress):
                await client.login(self._server.login.user, self._server.login.password.reveal())

    async def _encrypt(self, client: aiosmtplib.SMTP) -> None:
        if self._server.encryption is Encryption.IMPLICIT:
            return
        if client.supports_extension("starttls"):
            await client.starttls()
            await client.ehlo()
        elif self._server.encryption is Encryption.REQUIRED:
            raise Unavailable(
                PORT,
                "the mail server offers no encryption (STARTTLS) on this port, and nothing is said in the clear: "
                "use its submission port 587, or smtps:// and 465, in SMTP_URL",
            )

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: Message, progress: _Progress) -> None:
        options: tuple[str, ...] = ()
        if letter.is_international:
            if not client.supports_extension("smtputf8"):
                raise Rejected(
                    PORT, "the mail server cannot bring mail to an address with such letters", code="mail-refused"
                )
            # A server that has the one has the other. Source: RFC 6531, section 3.1, item 8.
            options = ("SMTPUTF8", "BODY=8BITMIME")
        with _at(Step.SENDER, progress):
            await client.mail(letter.sender, options=options, encoding="utf-8")
        with _at(Step.RECIPIENT, progress):
            await client.rcpt(letter.recipient, encoding="utf-8")
        with _at(Step.CONTENT, progress):
            await client.data(letter.content)

    def __repr__(self) -> str:
        return f"SmtpMailer({self._server!r})"


@contextlib.contextmanager
def _at(step: Step, progress: _Progress) -> Iterator[None]:
    """Take a step, and translate what stands in its way."""
    progress.step = step
    try:
        yield
    except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
        raise_meaning(step, exc)


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye, and do not care about the answer."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await client.quit()


def _any_certificate() -> ssl.SSLContext:
    """
    Encryption without proof of who is there.

    Whoever can stand between us and a server that need not offer encryption can also take the offer away, so a check of
    the certificate would only keep out the many private relays that have none. **Source:** RFC 7435, section 3.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


if TYPE_CHECKING:
    _: type[Mailer] = SmtpMailer
    __: type[NoticeMailer] = SmtpMailer
