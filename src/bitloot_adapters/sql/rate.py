"""
A rate limit that every process of a shop shares, through the database.

A bucket of one token: the row says from when the next call may go, and each call moves that time on by one interval. So
callers queue up in the order in which they wrote, whichever process they are in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database
from bitloot_core.values.errors import Unavailable

LONGEST_WAIT = timedelta(seconds=10)
_CLOCKS_DIFFER = timedelta(minutes=1)
"""A turn further ahead than the longest wait and this was given out by a clock that has been set right since."""
_MAKE = text("INSERT INTO rate_limits (name, free_at) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING")
# A row in the past is as good as now: pauses do not save up a burst.
_TAKE = text(
    "UPDATE rate_limits SET free_at = CASE WHEN free_at BETWEEN :now AND :latest THEN free_at ELSE :now END "
    "+ :interval WHERE name = :name AND (free_at <= :latest OR free_at > :bogus) RETURNING free_at"
)
_FREE_AT = text("SELECT free_at FROM rate_limits WHERE name = :name")


class SqlRateLimit:
    """
    Lets so many calls a second through, over all processes.

    Args:
        name: what is limited; each name has a bucket of its own.
        per_second: how many calls; 0 lets everything through and asks nobody.
        port: whom `Unavailable` names.
        longest_wait: a caller that would wait longer is turned away instead.
        now: the clock that all processes share.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        name: str,
        per_second: float,
        port: str,
        now: Callable[[], datetime],
        longest_wait: timedelta = LONGEST_WAIT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._name = name
        self._interval = timedelta(seconds=1 / per_second) if per_second > 0 else None
        self._port = port
        self._now = now
        self._longest_wait = longest_wait
        self._sleep = sleep

    async def acquire(self) -> None:
        """
        Wait for the turn of one call.

        Raises:
            Unavailable: the wait would be too long; nothing was taken.
        """
        if self._interval is None:
            return
        interval = self._interval
        wait, taken = await self._database.write(lambda c: self._take(c, interval))
        if not taken:
            raise Unavailable(self._port, "our own rate limit is used up", retry_after=wait)
        if wait > timedelta(0):
            await self._sleep(wait.total_seconds())

    def _take(self, connection: Connection, interval: timedelta) -> tuple[timedelta, bool]:
        """Take the next turn: how long until then, and whether it was taken."""
        now = micros(self._now())
        step = interval // timedelta(microseconds=1)
        latest = now + micros_of(self._longest_wait)
        bogus = latest + step + micros_of(_CLOCKS_DIFFER)
        values = {"name": self._name, "now": now, "interval": step, "latest": latest, "bogus": bogus}
        row = connection.execute(_TAKE, values).first()
        if row is None and connection.execute(_FREE_AT, {"name": self._name}).first() is None:
            connection.execute(_MAKE, {"name": self._name})
            row = connection.execute(_TAKE, values).first()
        if row is not None:
            return timedelta(microseconds=max(0, row.free_at - step - now)), True
        free_at = connection.execute(_FREE_AT, {"name": self._name}).scalar_one()
        return timedelta(microseconds=free_at - now), False


def micros_of(length: timedelta) -> int:
    """A length of time in whole microseconds."""
    return length // timedelta(microseconds=1)
