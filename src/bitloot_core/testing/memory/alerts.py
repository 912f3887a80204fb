"""
The book of alerts in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.alerts import Alert, News, Trouble, UntoldFinding
from bitloot_core.ports.alerts import (
    MOST_TOLD,
    AlertBook,
    ChannelId,
    ChannelState,
    ClaimedAlert,
    Closed,
    Delivered,
    Failed,
    SendEnd,
)
from bitloot_core.testing.memory.database import MemoryDatabase, StoredChannel
from bitloot_core.values.ids import AlertId


class MemoryAlertBook:
    """Keeps what was told. See `AlertBook` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def state(self, channel: ChannelId) -> ChannelState:
        """How a channel stands."""
        return self._stored(channel).state

    async def news(self, channel: ChannelId, *, seen_since: datetime) -> News:
        """What it has not told of."""
        told = {subject for name, subject in self._database.told if name == channel.name}
        findings = (row.finding for row in self._database.findings.values() if row.resolved_at is None)
        ordered = sorted(findings, key=lambda one: (one.opened_at, one.id))
        fresh = [one for one in ordered if one.id not in told]
        lasting = (trouble for trouble, seen_at in self._database.troubles.values() if seen_at >= seen_since)
        return News(
            findings=tuple(
                UntoldFinding(
                    id=one.id,
                    order_id=one.order_id,
                    reason=one.reason,
                    opened_at=one.opened_at,
                    amount=one.amount,
                )
                for one in fresh[:MOST_TOLD]
            ),
            troubles=tuple(
                sorted(
                    (one for one in lasting if _subject(one) not in told),
                    key=lambda trouble: (trouble.since, trouble.name),
                )
            ),
            told=len(ordered) - len(fresh),
        )

    async def note(self, troubles: Sequence[Trouble], *, now: datetime, lasting: timedelta) -> None:
        """Note what is wrong."""
        with self._database.commit("alerts.note"):
            for trouble in troubles:
                known, seen_at = self._database.troubles.get(trouble.name, (trouble, now))
                since = trouble.since if now - seen_at >= lasting else known.since
                self._database.troubles[trouble.name] = (attrs.evolve(trouble, since=since), now)

    async def issue(
        self, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
    ) -> bool:
        """Put an alert on its way."""
        with self._database.commit("alerts.issue"):
            stored = self._stored(channel)
            if stored.under_way is not None or stored.state.last_id != after:
                return False
            state = attrs.evolve(stored.state, last_id=alert.id, under_way_since=alert.at, attempts=0, due_at=now)
            self._keep(channel, StoredChannel(target=stored.target, state=state, under_way=alert))
            subjects = (*(one.id for one in news.findings), *map(_subject, news.troubles))
            self._database.told |= {(channel.name, subject) for subject in subjects}
            return True

    async def claim(self, channel: ChannelId, *, now: datetime, lease: timedelta, token: str) -> ClaimedAlert | None:
        """Take the alert that is under way."""
        with self._database.commit("alerts.claim"):
            stored = self._stored(channel)
            state = stored.state
            is_free = stored.until is None or stored.until <= now
            is_due = state.due_at is not None and state.due_at <= now and state.closed_at is None
            if stored.under_way is None or not (is_free and is_due):
                return None
            taken = attrs.evolve(state, attempts=state.attempts + 1)
            self._keep(channel, attrs.evolve(stored, state=taken, token=token, until=now + lease))
            return ClaimedAlert(channel=channel, alert=stored.under_way, token=token, attempts=taken.attempts)

    async def end(self, claimed: ClaimedAlert, end: SendEnd, *, now: datetime) -> None:
        """Write down how a try ended."""
        with self._database.commit("alerts.end"):
            stored = self._stored(claimed.channel)
            if stored.token == claimed.token:
                self._keep(claimed.channel, _ended(stored, end, now))

    async def open_again(self, channel: ChannelId, *, now: datetime) -> None:
        """Forget that the receiver wanted no more."""
        with self._database.commit("alerts.open_again"):
            stored = self._stored(channel)
            state = ChannelState(
                last_id=stored.state.last_id,
                under_way_since=stored.state.under_way_since,
                due_at=None if stored.under_way is None else now,
                delivered_at=now,
            )
            self._keep(channel, attrs.evolve(stored, state=state))

    def _stored(self, channel: ChannelId) -> StoredChannel:
        """The channel as it is kept; one that leads elsewhere now has a fresh start."""
        stored = self._database.alert_channels.get(channel.name, StoredChannel(target=channel.target))
        if stored.target == channel.target:
            return stored
        begun = stored.state.under_way_since
        state = ChannelState(
            last_id=stored.state.last_id, under_way_since=begun, due_at=begun, delivered_at=stored.state.delivered_at
        )
        return attrs.evolve(stored, target=channel.target, state=state)

    def _keep(self, channel: ChannelId, stored: StoredChannel) -> None:
        self._database.alert_channels[channel.name] = stored


def _subject(trouble: Trouble) -> str:
    return f"{trouble.name}@{trouble.since.isoformat()}"


def _ended(stored: StoredChannel, end: SendEnd, now: datetime) -> StoredChannel:
    match end:
        case Delivered():
            done = ChannelState(last_id=stored.state.last_id, delivered_at=now)
            return StoredChannel(target=stored.target, state=done)
        case Failed(again_at=again_at, error=error):
            return _failing(stored, now, error=error, due_at=again_at)
        case Closed(error=error):
            return _failing(stored, now, error=error, due_at=now, closed_at=now)


def _failing(
    stored: StoredChannel, now: datetime, *, error: str, due_at: datetime, closed_at: datetime | None = None
) -> StoredChannel:
    since = stored.state.failing_since or now
    state = attrs.evolve(stored.state, failing_since=since, last_error=error, due_at=due_at, closed_at=closed_at)
    return attrs.evolve(stored, state=state, token=None, until=None)


if TYPE_CHECKING:
    _: type[AlertBook] = MemoryAlertBook
