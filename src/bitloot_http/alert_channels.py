"""
Which channels the settings open for alerts.
"""

from __future__ import annotations

from collections.abc import Callable

from bitloot_core.ports.alerts import AlertChannel, ChannelId
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
