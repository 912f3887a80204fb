"""
The bars of pictures as a port: each is read off an index of the orders, and stops where it would grow with the shop.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.statements import Statement
from bitloot_core.ports.trends import MOST_COUNTED, SAMPLE, DeliveryBar, OrdersBar, Trends

_PLACED = Statement(
    "SELECT COUNT(*) AS count FROM "
    "(SELECT 1 FROM orders WHERE created_at >= :since AND created_at < :until LIMIT :most) AS counted"
)
_FULFILLED = Statement(
    "SELECT COUNT(*) AS count FROM (SELECT 1 FROM orders "
    "WHERE status = 'fulfilled' AND created_at >= :since AND created_at < :until LIMIT :most) AS counted"
)
# The timeline says when: a row of an order changes later, too.
_TOOK = Statement(
    "SELECT MIN(CASE WHEN e.event = 'PaymentSettled' THEN e.at END) AS paid, "
    "MIN(CASE WHEN e.event = 'OrderFulfilled' THEN e.at END) AS done "
    "FROM (SELECT id FROM orders WHERE status = 'fulfilled' AND created_at >= :since AND created_at < :until "
    "ORDER BY created_at DESC, id DESC LIMIT :most) AS newest "
    "JOIN order_events e ON e.order_id = newest.id GROUP BY newest.id"
)


class SqlTrends:
    """Counts and measures. See `Trends` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """How many orders were placed, and how many of those are fulfilled."""
        starts = _starts(since, step, bars)
        return await self._database.read(lambda c: tuple(_orders(c, start, step) for start in starts))

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """How long they took."""
        starts = _starts(since, step, bars)
        return await self._database.read(lambda c: tuple(_delivery(c, start, step) for start in starts))


def _starts(since: datetime, step: timedelta, bars: int) -> list[datetime]:
    return [since + step * number for number in range(bars)]


def _orders(connection: Connection, start: datetime, step: timedelta) -> OrdersBar:
    values = {"since": micros(start), "until": micros(start + step), "most": MOST_COUNTED}
    return OrdersBar(
        since=start,
        placed=_PLACED.first(connection, values).count,
        fulfilled=_FULFILLED.first(connection, values).count,
    )


def _delivery(connection: Connection, start: datetime, step: timedelta) -> DeliveryBar:
    values = {"since": micros(start), "until": micros(start + step), "most": SAMPLE}
    rows = _TOOK.all(connection, values)
    took = [row.done - row.paid for row in rows if row.done is not None and row.paid is not None]
    if not took:
        return DeliveryBar(since=start, typical=None, slowest=None)
    return DeliveryBar(
        since=start, typical=timedelta(microseconds=median(took)), slowest=timedelta(microseconds=max(took))
    )


if TYPE_CHECKING:
    _: type[Trends] = SqlTrends
