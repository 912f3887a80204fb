"""A mailer that keeps what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitloot_core.ports.mailer import Mail, Mailer, Notice, NoticeMailer
from bitloot_core.testing.faults import Faults
from bitloot_core.values.errors import Rejected


@attrs.frozen(kw_only=True)
class SentMail:
    """A mail that was accepted, with the key that it was sent under."""

    key: str
    mail: Mail


@attrs.frozen(kw_only=True)
class SentNotice:
    """A notice that was accepted, with the key that it was sent under."""

    key: str
    notice: Notice


class FakeMailer:
    """
    Accepts mails into a list, and notices into another.

    Attributes:
        sent: every mail that was accepted, oldest first; a repeat under the same key is there twice, as it may be for
            the buyer.
        notices: the same of notices.
        faults: what shall go wrong with `send` and `send_notice`. After the mail is taken, `Unknown`; before it,
            `Unavailable` or `Rejected`.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.sent: list[SentMail] = []
        self.notices: list[SentNotice] = []

    async def send(self, mail: Mail, *, key: str) -> None:
        """Accept a mail."""
        self.faults.strike_before("send")
        mailbox, at, domain = mail.to.rpartition("@")
        if not (mailbox and at and domain) or not mail.to.isprintable() or " " in mail.to:
            raise Rejected("mailer", "the buyer's address cannot be used", code="mail-refused")
        self.sent.append(SentMail(key=key, mail=mail))
        self.faults.strike_after("send")

    async def send_notice(self, notice: Notice, *, key: str) -> None:
        """Accept a notice."""
        self.faults.strike_before("send_notice")
        self.notices.append(SentNotice(key=key, notice=notice))
        self.faults.strike_after("send_notice")

    def to(self, address: str) -> tuple[Mail, ...]:
        """The mails to one address, oldest first."""
        return tuple(sent.mail for sent in self.sent if sent.mail.to == address)


if TYPE_CHECKING:
    _: type[Mailer] = FakeMailer
    __: type[NoticeMailer] = FakeMailer
