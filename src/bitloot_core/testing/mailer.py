"""A mailer that keeps what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitloot_core.ports.mailer import Mail, Mailer
from bitloot_core.testing.faults import Faults
from bitloot_core.values.errors import Rejected


@attrs.frozen(kw_only=True)
class SentMail:
    """A mail that was accepted, with the key that it was sent under."""

    key: str
    mail: Mail


class FakeMailer:
    """
    Accepts mails into a list.

    Attributes:
        sent: every mail that was accepted, oldest first; a repeat under the same key is there twice, as it may be for
            the buyer.
        faults: what shall go wrong with `send`. After the mail is taken, `Unknown`; before it, `Unavailable` or
            `Rejected`.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.sent: list[SentMail] = []

    async def send(self, mail: Mail, *, key: str) -> None:
        """Accept a mail."""
        self.faults.strike_before("send")
        mailbox, at, domain = mail.to.rpartition("@")
        if not (mailbox and at and domain) or not mail.to.isprintable() or " " in mail.to:
            raise Rejected("mailer", "the buyer's address cannot be used", code="mail-refused")
        self.sent.append(SentMail(key=key, mail=mail))
        self.faults.strike_after("send")

    def to(self, address: str) -> tuple[Mail, ...]:
        """The mails to one address, oldest first."""
        return tuple(sent.mail for sent in self.sent if sent.mail.to == address)


if TYPE_CHECKING:
    _: type[Mailer] = FakeMailer
