"""The mailer: hands a message to whoever brings it to the buyer."""

from __future__ import annotations

from typing import Protocol

import attrs

from bitloot_core.order.jobs import MailKind
from bitloot_core.values.ids import OrderId
from bitloot_core.values.secret import Secret


@attrs.frozen(kw_only=True)
class Mail:
    """
    A mail to a buyer: a link, never a key.

    Attributes:
        kind: which of our mails.
        to: the address on the order.
        link: the URL of the delivery page.
        titles: what was bought, a line each, with quantities.
        ready: how many keys can be revealed now.
        owed: how many are still to come.
    """

    kind: MailKind
    order_id: OrderId
    to: str
    link: Secret
    titles: tuple[str, ...]
    ready: int
    owed: int


class Mailer(Protocol):
    """Sends mails."""

    async def send(self, mail: Mail, *, key: str) -> None:
        """
        Hand a mail over; it is accepted when this returns.

        `key` names this mail among all: a repeat under the same key carries the same Message-ID and so can be told from
        a second mail. At least once: a repeat may arrive twice.

        Raises:
            Unavailable: not accepted now.
            Rejected: refused for good (`mail-refused`).
            Unknown: handed over, but no answer came; a repeat under the same key is right.
        """
        ...


@attrs.frozen(kw_only=True)
class Notice:
    """
    A mail to the staff: plain text, and nothing of a buyer in it.

    Attributes:
        to: the address.
        subject: one line.
        text: the body.
    """

    to: str
    subject: str
    text: str


class NoticeMailer(Protocol):
    """Sends notices to the staff. What sends mails to buyers can mostly do this, too; it need not."""

    async def send_notice(self, notice: Notice, *, key: str) -> None:
        """
        Hand a notice over; it is accepted when this returns. `key` is as for `Mailer.send`, and so are the errors.

        Raises:
            Unavailable: not accepted now.
            Rejected: refused for good (`mail-refused`).
            Unknown: handed over, but no answer came; a repeat under the same key is right.
        """
        ...
