"""
Telling the operator, again and again: each channel in a task of its own, beside everything else that a process does.

It stands beside the jobs and is none of them. Where it hangs, fails or is killed, no order waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bitloot_core.order.alerts import outage_alert
from bitloot_core.ports.alerts import AlertChannel, ChannelId, Closed, Delivered, Failed, SendEnd
from bitloot_core.usecases.alerting import AlertDesk, AlertRules, note_troubles, tell
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError, Unavailable, Unknown
from bitloot_http.ending import end
from bitloot_http.settings import Settings

_LOG = structlog.get_logger("bitloot.alerts")
LOOKS_A_CHECK = 12
"""How many looks for something to tell go to one look at the service itself: one a minute."""
CHECKS_THAT_LAST = 3
"""A trouble that was not seen in so many of them is over."""
Checks = Callable[[], Awaitable[Mapping[str, str | None]]]
"""What is wrong with each thing that the service needs, by name; None for what is well."""


def desk_of(settings: Settings, shop: Shop) -> AlertDesk:
    """What alerting works with in this service."""
    lasting = settings.relay * LOOKS_A_CHECK * CHECKS_THAT_LAST
    rules = AlertRules(window=settings.alert_window, lasting=lasting, lease=settings.job_lease)
    return AlertDesk(book=shop.alerts, clock=shop.clock, ids=shop.ids, rules=rules)


class Alerter:
    """
    Keeps all channels up to date; several processes at once send one message.

    Without a channel it does nothing at all.

    Args:
        channels: those that the settings open.
        checks: looks at the service itself, as `/health/ready` does.
        every: the pause between two looks for something to tell.
    """

    def __init__(self, desk: AlertDesk, channels: Sequence[AlertChannel], *, checks: Checks, every: timedelta) -> None:
        self._desk = desk
        self._channels = tuple(channels)
        self._checks = checks
        self._every = every.total_seconds()
        self._away_since: datetime | None = None
        self._heard: set[ChannelId] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; the first look is at once."""
        if self._channels:
            loop = asyncio.get_running_loop()
            self._tasks = [
                loop.create_task(self._watch_on(), name="alerts: checks"),
                *(loop.create_task(self._tell_on(one), name=f"alerts: {one.id.name}") for one in self._channels),
            ]

    async def stop(self) -> None:
        """End at once: what is cut short is sent again by whoever looks next."""
        await end(*self._tasks)

    async def look(self, channel: AlertChannel) -> None:
        """Bring one channel up to date, as far as that is possible now."""
        try:
            end = await tell(self._desk, channel)
        except Exception as error:  # noqa: BLE001  # the store is away, mostly: look again later
            _LOG.warning("cannot look for alerts", channel=channel.id.name, error=type(error).__name__)
            await self._tell_past_the_book(channel, is_away=isinstance(error, Unavailable | Unknown))
        else:
            self._away_since = None
            self._heard.discard(channel.id)
            _log(channel, end)

    async def check(self) -> None:
        """Look at the service itself once."""
        try:
            seen = await self._checks()
            wrong = [(name, text) for name, text in seen.items() if text is not None]
            await note_troubles(self._desk, wrong, channels=[one.id for one in self._channels])
        except Exception as error:  # noqa: BLE001  # the store is away: `look` tells of that
            _LOG.warning("cannot note what is wrong", error=type(error).__name__)

    async def _tell_past_the_book(self, channel: AlertChannel, *, is_away: bool) -> None:
        """
        Say that the store is away, or that it cannot be read for alerts, where nothing else could.

        Each process says so for itself, and once, under a name that all of them make alike.
        """
        now = self._desk.clock.now()
        self._away_since = self._away_since or now
        alert = outage_alert(since=self._away_since, now=now, window=self._desk.rules.window, is_away=is_away)
        if alert is None or channel.id in self._heard:
            return
        try:
            await channel.send(alert)
        except PortError as error:
            _LOG.warning("alert not delivered", channel=channel.id.name, alert_id=alert.id, error=error.reason)
        except Exception as error:  # noqa: BLE001  # a fault in the channel itself: the looking must not end with it
            _LOG.error("alert not delivered", channel=channel.id.name, alert_id=alert.id, error=type(error).__name__)
        else:
            self._heard.add(channel.id)
            _LOG.info("alert delivered", channel=channel.id.name, alert_id=alert.id)

    async def _tell_on(self, channel: AlertChannel) -> None:
        while True:
            await self.look(channel)
            await asyncio.sleep(self._every)

    async def _watch_on(self) -> None:
        while True:
            await self.check()
            await asyncio.sleep(self._every * LOOKS_A_CHECK)


def _log(channel: AlertChannel, end: SendEnd | None) -> None:
    match end:
        case None:
            pass
        case Delivered():
            _LOG.info("alert delivered", channel=channel.id.name)
        case Failed(again_at=again_at, error=error):
            _LOG.warning("alert not delivered", channel=channel.id.name, error=error, again_at=again_at.isoformat())
        case Closed(error=error):
            _LOG.error("alert channel closed", channel=channel.id.name, error=error)
