"""A rate limit that all processes of a shop share."""

import asyncio
from datetime import timedelta

import pytest

from bitloot_adapters.sql.rate import SqlRateLimit
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.errors import Unavailable


class Waits:
    """Notes how long each caller was told to wait."""

    def __init__(self) -> None:
        """Nobody has waited."""
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Note a wait, and let it pass at once."""
        self.seconds.append(seconds)


def limit(database: SqliteDatabase, clock: ManualClock, waits: Waits, *, per_second: float = 2) -> SqlRateLimit:
    """Two calls a second, and nobody waits longer than two seconds."""
    return SqlRateLimit(
        database,
        name="nowpayments",
        per_second=per_second,
        port="payment gateway",
        now=clock.now,
        longest_wait=timedelta(seconds=2),
        sleep=waits,
    )


async def test_calls_are_spread(database: SqliteDatabase) -> None:
    """The first goes at once, each of the others half a second after the one before."""
    waits = Waits()
    bucket = limit(database, ManualClock(), waits)

    for _ in range(4):
        await bucket.acquire()

    assert waits.seconds == [0.5, 1.0, 1.5]


async def test_two_processes_share_the_limit(database: SqliteDatabase, url: DatabaseUrl) -> None:
    """Whoever asks through another connection stands in the same queue."""
    clock, waits = ManualClock(), Waits()
    other = SqliteDatabase(url)

    await asyncio.gather(
        *(limit(one, clock, waits).acquire() for one in (database, other, database, other)),
    )

    await other.close()
    assert sorted(waits.seconds) == [0.5, 1.0, 1.5]


async def test_a_pause_saves_up_no_burst(database: SqliteDatabase) -> None:
    """After an hour of silence the second call waits as ever."""
    clock, waits = ManualClock(), Waits()
    bucket = limit(database, clock, waits)
    await bucket.acquire()
    clock.advance(timedelta(hours=1))

    await bucket.acquire()
    await bucket.acquire()

    assert waits.seconds == [0.5]


async def test_a_wait_that_is_too_long_is_turned_away(database: SqliteDatabase) -> None:
    """It takes no turn, and is told when to come again."""
    clock, waits = ManualClock(), Waits()
    bucket = limit(database, clock, waits)
    for _ in range(5):
        await bucket.acquire()

    with pytest.raises(Unavailable) as caught:
        await bucket.acquire()

    assert caught.value.retry_after == timedelta(seconds=2.5)
    clock.advance(timedelta(seconds=1))
    await bucket.acquire()
    assert waits.seconds == [0.5, 1.0, 1.5, 2.0, 1.5]


async def test_a_clock_that_was_ahead_once_stops_nobody_for_ever(database: SqliteDatabase) -> None:
    """A machine that comes up with a wrong date and is set right: the turns of that date never come."""
    ahead, right, waits = ManualClock(), ManualClock(), Waits()
    ahead.advance(timedelta(days=365))
    await limit(database, ahead, waits).acquire()

    await limit(database, right, waits).acquire()
    await limit(database, right, waits).acquire()

    assert waits.seconds == [0.5]


async def test_zero_is_no_limit(database: SqliteDatabase) -> None:
    """Nobody waits, and the database is not asked."""
    waits = Waits()
    await database.close()

    await limit(database, ManualClock(), waits, per_second=0).acquire()

    assert waits.seconds == []
