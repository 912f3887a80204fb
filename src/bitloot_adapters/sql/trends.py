"""
The bars of pictures as a port: each is read off an index of the orders, and stops where it would grow with the shop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from statistics import median
from typing import TYPE_CHECKING

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.statements import Statement
from bitloot_core.ports.trends import MOST_COUNTED, SAMPLE, DeliveryBar, OrdersBar, Trends

# PostgreSQL would take a step that is multiplied by a small number for a small number itself.
_START = "CAST(:since AS BIGINT) + {} * CAST(:step AS BIGINT)"
_PLACED = (
    "SELECT {bar} AS bar, "
    "(SELECT COUNT(*) FROM (SELECT 1 FROM orders WHERE {within} LIMIT :most) AS p{bar}) AS placed, "
    "(SELECT COUNT(*) FROM (SELECT 1 FROM orders WHERE status = 'fulfilled' AND {within} LIMIT :most) AS f{bar}) "
    "AS fulfilled"
)
# The timeline says when: a row of an order changes later, too.
_TOOK = (
    "SELECT {bar} AS bar, MIN(CASE WHEN e.event = 'PaymentSettled' THEN e.at END) AS paid, "
    "MIN(CASE WHEN e.event = 'OrderFulfilled' THEN e.at END) AS done "
    "FROM (SELECT id FROM orders WHERE status = 'fulfilled' AND {within} "
    "ORDER BY created_at DESC, id DESC LIMIT :most) AS newest{bar} "
    "JOIN order_events e ON e.order_id = newest{bar}.id GROUP BY newest{bar}.id"
)


class SqlTrends:
    """Counts and measures. See `Trends` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """How many orders were placed, and how many of those are fulfilled."""
        values = _values(since, step, MOST_COUNTED)
        rows = await self._database.read(lambda c: _of_bars(_PLACED, bars).all(c, values))
        counts = {row.bar: row for row in rows}
        return tuple(
            OrdersBar(since=since + step * bar, placed=counts[bar].placed, fulfilled=counts[bar].fulfilled)
            for bar in range(bars)
        )

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """How long they took."""
        values = _values(since, step, SAMPLE)
        rows = await self._database.read(lambda c: _of_bars(_TOOK, bars).all(c, values))
        took: dict[int, list[int]] = {bar: [] for bar in range(bars)}
        for row in rows:
            if row.done is not None and row.paid is not None:
                took[row.bar].append(row.done - row.paid)
        return tuple(_delivery(since + step * bar, lengths) for bar, lengths in took.items())


@cache
def _of_bars(part: str, bars: int) -> Statement:
    """One statement for all bars: each counts for itself and stops for itself, and they cost one round trip."""
    parts = (part.format(bar=bar, within=_within(bar)) for bar in range(bars))
    # An order within a part of a union is SQLite's only inside a subselect.
    return Statement(" UNION ALL ".join(f"SELECT * FROM ({one}) AS bar{bar}" for bar, one in enumerate(parts)))  # noqa: S608 - our own parts


def _within(bar: int) -> str:
    return f"created_at >= {_START.format(bar)} AND created_at < {_START.format(bar + 1)}"


def _values(since: datetime, step: timedelta, most: int) -> dict[str, object]:
    return {"since": micros(since), "step": step // timedelta(microseconds=1), "most": most}


def _delivery(since: datetime, took: Sequence[int]) -> DeliveryBar:
    if not took:
        return DeliveryBar(since=since, typical=None, slowest=None)
    return DeliveryBar(
        since=since, typical=timedelta(microseconds=median(took)), slowest=timedelta(microseconds=max(took))
    )


if TYPE_CHECKING:
    _: type[Trends] = SqlTrends
