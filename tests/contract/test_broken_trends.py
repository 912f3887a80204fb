"""The suite of the bars fails fakes that break a promise."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import attrs
import pytest

from bitloot_core.ports.trends import DeliveryBar, OrdersBar
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.trends import TrendsContract
from bitloot_core.testing.memory import MemoryStorage, MemoryTrends

SUITE = TrendsContract()


class IncludesTheEnd(MemoryTrends):
    """Counts the last moment of a bar in."""

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """Begin each bar a moment late."""
        late = await super().orders(since=since + timedelta(microseconds=1), step=step, bars=bars)
        return tuple(attrs.evolve(bar, since=bar.since - timedelta(microseconds=1)) for bar in late)


class ForgetsEmptyBars(MemoryTrends):
    """Leaves out what has nothing in it."""

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """Only what counts."""
        return tuple(bar for bar in await super().orders(since=since, step=step, bars=bars) if bar.placed)


class CountsAllAsFulfilled(MemoryTrends):
    """Does not look at what became of an order."""

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """Take placed for fulfilled."""
        found = await super().orders(since=since, step=step, bars=bars)
        return tuple(attrs.evolve(bar, fulfilled=bar.placed) for bar in found)


class TakesTheSlowestForTypical(MemoryTrends):
    """Knows no median."""

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """Show the slowest twice."""
        found = await super().deliveries(since=since, step=step, bars=bars)
        return tuple(attrs.evolve(bar, typical=bar.slowest) for bar in found)


class MeasuresToTheLastWrite(MemoryTrends):
    """Takes the time of the row for the time of the last key."""

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """Look at when the newest order changed."""
        found = await super().deliveries(since=since, step=step, bars=bars)
        newest = max(stored.updated_at for stored in self._database.orders.values())
        return tuple(attrs.evolve(bar, slowest=newest - bar.since) for bar in found)


class MeasuresTheOldest(MemoryTrends):
    """Takes its sample from the other end."""

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """Add nine minutes for the one that should be left out."""
        found = await super().deliveries(since=since, step=step, bars=bars)
        return tuple(attrs.evolve(bar, slowest=timedelta(minutes=9)) for bar in found)


Promise = Callable[[MemoryWorld], Awaitable[None]]


def world_with(broken: type[MemoryTrends]) -> MemoryWorld:
    """The fakes, with this one of them."""
    storage = MemoryStorage()
    storage.trends = broken(storage.database)
    return MemoryWorld.around(storage)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (IncludesTheEnd, SUITE.test_an_order_counts_where_it_was_placed),
        (ForgetsEmptyBars, SUITE.test_an_empty_shop_has_empty_bars),
        (CountsAllAsFulfilled, SUITE.test_what_is_fulfilled_counts_where_it_was_placed_too),
        (TakesTheSlowestForTypical, SUITE.test_delivery_is_measured_from_payment_to_the_last_key),
        (TakesTheSlowestForTypical, SUITE.test_between_two_in_the_middle_lies_the_typical_one),
        (MeasuresToTheLastWrite, SUITE.test_what_changes_later_does_not_make_it_slower),
        (MeasuresTheOldest, SUITE.test_of_many_the_newest_are_measured),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type[MemoryTrends], promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so; a sound one keeps it."""
    await promise(world_with(MemoryTrends))

    with pytest.raises(AssertionError):
        await promise(world_with(broken))
