"""
The bars of pictures, counted in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from bitloot_core.order.events import OrderFulfilled, PaymentSettled
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.trends import MOST_COUNTED, SAMPLE, DeliveryBar, OrdersBar, Trends
from bitloot_core.testing.memory.database import MemoryDatabase, StoredOrder

_MICROSECOND = timedelta(microseconds=1)


class MemoryTrends:
    """Counts and measures. See `Trends` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """How many orders were placed, and how many of those are fulfilled."""
        found: list[OrdersBar] = []
        for start in _starts(since, step, bars):
            placed = self._placed(start, step)
            fulfilled = sum(map(_is_fulfilled, placed))
            found.append(
                OrdersBar(since=start, placed=min(len(placed), MOST_COUNTED), fulfilled=min(fulfilled, MOST_COUNTED))
            )
        return tuple(found)

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """How long they took."""
        found: list[DeliveryBar] = []
        for start in _starts(since, step, bars):
            sample = list(filter(_is_fulfilled, self._placed(start, step)))[:SAMPLE]
            took = [length for stored in sample if (length := _took(stored)) is not None]
            typical = timedelta(microseconds=median(length // _MICROSECOND for length in took)) if took else None
            found.append(DeliveryBar(since=start, typical=typical, slowest=max(took, default=None)))
        return tuple(found)

    def _placed(self, start: datetime, step: timedelta) -> list[StoredOrder]:
        """Those of one stretch, newest first."""
        orders = self._database.orders.values()
        placed = [stored for stored in orders if start <= stored.order.created_at < start + step]
        return sorted(placed, key=lambda stored: (stored.order.created_at, stored.order.id), reverse=True)


def _starts(since: datetime, step: timedelta, bars: int) -> Iterator[datetime]:
    return (since + step * number for number in range(bars))


def _is_fulfilled(stored: StoredOrder) -> bool:
    return shown_status(stored.order) is Status.FULFILLED


def _took(stored: StoredOrder) -> timedelta | None:
    paid = next((event.at for event in stored.timeline if isinstance(event, PaymentSettled)), None)
    done = next((event.at for event in stored.timeline if isinstance(event, OrderFulfilled)), None)
    return None if paid is None or done is None else done - paid


if TYPE_CHECKING:
    _: type[Trends] = MemoryTrends
