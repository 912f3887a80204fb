"""
The book of alerts as a port.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bitloot_adapters.sql import alert_rows
from bitloot_adapters.sql.database import Database
from bitloot_core.order.alerts import Alert, News, Trouble
from bitloot_core.ports.alerts import AlertBook, ChannelId, ChannelState, ClaimedAlert, SendEnd
from bitloot_core.values.ids import AlertId


class SqlAlertBook:
    """Keeps what was told. See `AlertBook` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self, channel: ChannelId) -> ChannelState:
        """How a channel stands."""
        return await self._database.look(lambda c: alert_rows.read_state(c, channel))

    async def news(self, channel: ChannelId, *, seen_since: datetime) -> News:
        """What it has not told of."""
        return await self._database.read(lambda c: alert_rows.read_news(c, channel, seen_since))

    async def note(self, troubles: Sequence[Trouble], *, now: datetime, lasting: timedelta) -> None:
        """Note what is wrong."""
        await self._database.write(lambda c: alert_rows.note_troubles(c, troubles, now, lasting))

    async def issue(
        self, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
    ) -> bool:
        """Put an alert on its way."""
        return await self._database.write(lambda c: alert_rows.issue(c, channel, alert, news, after=after, now=now))

    async def claim(self, channel: ChannelId, *, now: datetime, lease: timedelta, token: str) -> ClaimedAlert | None:
        """Take the alert that is under way."""
        return await self._database.write(lambda c: alert_rows.claim(c, channel, now, lease, token))

    async def end(self, claimed: ClaimedAlert, end: SendEnd, *, now: datetime) -> None:
        """Write down how a try ended."""
        await self._database.write(lambda c: alert_rows.write_end(c, claimed, end, now))

    async def open_again(self, channel: ChannelId, *, now: datetime) -> None:
        """Forget that the receiver wanted no more."""
        await self._database.write(lambda c: alert_rows.open_again(c, channel, now))

    async def prune(self, *, before: datetime) -> int:
        """Forget what was told before a time, and waits for nobody any more; how much that was."""
        return await self._database.write(lambda c: alert_rows.prune(c, before))


if TYPE_CHECKING:
    _: type[AlertBook] = SqlAlertBook
