"""
Which channels the settings open for alerts, and how they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import attrs

from bitloot_core.ports.alerts import AlertBook, AlertChannel, ChannelId, ChannelState
from bitloot_core.ports.mailer import NoticeMailer
from bitloot_core.usecases import alert_by_mail
from bitloot_core.usecases.alert_by_mail import MailAlerts
from bitloot_http.settings import Settings

WEBHOOK = "webhook"


def channels_of(
    settings: Settings, mailer: NoticeMailer, webhook: Callable[[], AlertChannel]
) -> tuple[AlertChannel, ...]:
    """
    Open them; none by default.

    Args:
        mailer: brings our mails.
        webhook: makes the channel that posts, for when one is set.
    """
    found: list[AlertChannel] = []
    if settings.alert_email is not None:
        found.append(MailAlerts(mailer, to=settings.alert_email, public_url=settings.public_url))
    if settings.alert_webhook_url is not None:
        found.append(webhook())
    return tuple(found)


def channel_ids(settings: Settings) -> tuple[ChannelId, ...]:
    """The same by name, for whoever only asks how they stand."""
    found: list[ChannelId] = []
    if settings.alert_email is not None:
        found.append(ChannelId.leading_to(alert_by_mail.NAME, settings.alert_email))
    if settings.alert_webhook_url is not None:
        found.append(ChannelId.leading_to(WEBHOOK, settings.alert_webhook_url.reveal()))
    return tuple(found)


@attrs.frozen(kw_only=True)
class ChannelStanding:
    """
    How a channel stands.

    Attributes:
        waiting: how many open findings it has not told of.
    """

    name: str
    state: ChannelState
    waiting: int

    @property
    def status(self) -> str:
        """`well`, `failing` or `closed`."""
        if self.state.closed_at is not None:
            return "closed"
        return "failing" if self.state.is_broken else "well"


async def standings(book: AlertBook, channels: Iterable[ChannelId], *, now: datetime) -> tuple[ChannelStanding, ...]:
    """
    How each of these channels stands.

    Raises:
        Unavailable: the book cannot be read.
    """
    return tuple([await _standing(book, channel, now) for channel in channels])


async def _standing(book: AlertBook, channel: ChannelId, now: datetime) -> ChannelStanding:
    news = await book.news(channel, seen_since=now)
    return ChannelStanding(name=channel.name, state=await book.state(channel), waiting=len(news.findings))
