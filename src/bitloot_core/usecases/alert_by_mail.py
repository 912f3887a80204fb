"""
The alert channel that is a mail: a notice to one address, by whatever brings our mails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.order.alert_text import alert_text
from bitloot_core.order.alerts import Alert
from bitloot_core.ports.alerts import AlertChannel, ChannelId
from bitloot_core.ports.mailer import Notice, NoticeMailer

NAME = "mail"


class MailAlerts:
    """
    Mails alerts to the operator; see `AlertChannel` for what it promises.

    Args:
        mailer: brings them.
        to: the operator's address.
        public_url: where the shop is, without a slash at the end.
    """

    def __init__(self, mailer: NoticeMailer, *, to: str, public_url: str) -> None:
        self._mailer = mailer
        self._to = to
        self._public_url = public_url
        self._id = ChannelId.leading_to(NAME, to)

    @property
    def id(self) -> ChannelId:
        """Which channel it is."""
        return self._id

    async def send(self, alert: Alert) -> None:
        """Mail it; a repeat bears the same Message-ID."""
        told = alert_text(alert, public_url=self._public_url)
        await self._mailer.send_notice(Notice(to=self._to, subject=told.subject, text=told.body), key=alert.id)

    def __repr__(self) -> str:
        return f"MailAlerts({self._mailer!r})"


if TYPE_CHECKING:
    _: type[AlertChannel] = MailAlerts
