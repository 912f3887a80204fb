"""
Counts and sums as a port. Each is read off an index, and stops where it would grow with the shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.statements import Statement
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.status import Status
from bitloot_core.ports.figures import (
    AGES,
    MOST_COUNTED,
    AgeGroup,
    Figures,
    MoneyFigures,
    OpenFindings,
    OrderFigures,
    QueueFigures,
)
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.values.money import Money


def _counts(rows: Mapping[str, str]) -> Statement:
    """Counts of rows, each by its name and at most `:most`; together they are one round trip."""
    parts = (
        f"SELECT '{name}' AS name, COUNT(*) AS count FROM (SELECT 1 FROM {which} LIMIT :most) AS counted{number}"  # noqa: S608 - our own words
        for number, (name, which) in enumerate(rows.items())
    )
    return Statement(" UNION ALL ".join(parts))


# In the order of an index: without one, ten thousand rows are read whole, and the oldest, which nobody has at hand.
_ORDERS = _counts({str(status): f"orders WHERE status = '{status}' ORDER BY created_at DESC" for status in Status})
# Those that may be owed a key are few, and are read whole; `owed` is looked at in the row itself.
_UNDELIVERED = Statement(
    "SELECT o.total_minor, o.currency, MIN(p.updated_at) AS paid_at "
    "FROM orders o JOIN payments p ON p.order_id = o.id AND p.status IN ('settled', 'accepted') "
    "WHERE o.status IN ('paid', 'fulfilling', 'attention') AND o.owed > 0 "
    "GROUP BY o.id, o.total_minor, o.currency LIMIT :most"
)
_DUE_SINCE = Statement("SELECT MIN(due_at) AS at FROM jobs WHERE status = 'ready'")
_JOBS = _counts(
    {
        "due": "jobs WHERE status = 'ready' AND due_at <= :now",
        "later": "jobs WHERE status = 'ready' AND due_at > :now",
        "running": "jobs WHERE status = 'running'",
        "overrun": "jobs WHERE status = 'running' AND lease_until <= :now",
        "dead": "jobs WHERE status = 'dead'",
    }
)
_FINDINGS = Statement(
    "SELECT reason, COUNT(*) AS count, MIN(opened_at) AS oldest FROM findings WHERE resolved_at IS NULL "
    "GROUP BY reason ORDER BY reason"
)
_WEBHOOKS = _counts(
    {
        str(status): f"webhook_logs WHERE status = '{status}' AND received_at >= :since ORDER BY received_at DESC"
        for status in WebhookStatus
    }
)
_SOLD = Statement(
    "SELECT currency, SUM(total_minor) AS minor FROM orders WHERE status = 'fulfilled' AND created_at >= :since "
    "GROUP BY currency ORDER BY currency"
)
_COST = Statement(
    "SELECT r.cost_currency AS currency, SUM(r.cost_minor) AS minor "
    "FROM orders o JOIN reservations r ON r.order_id = o.id AND r.cost_minor IS NOT NULL "
    "WHERE o.status = 'fulfilled' AND o.created_at >= :since GROUP BY r.cost_currency ORDER BY r.cost_currency"
)
# The index has the currency first: which there are is found by leaping from one to the next.
_NEXT_CURRENCY = Statement(
    "SELECT MIN(currency) AS currency FROM ledger WHERE kind IN ('charged', 'returned') AND currency > :last"
)
# Each amount is turned into whole hundredths before it is added, so that SQLite too adds exactly.
_SPENT = Statement(
    "SELECT SUM(CASE kind WHEN 'charged' THEN 1 ELSE -1 END "
    "* CAST(ROUND(CAST(amount AS NUMERIC) * 100) AS BIGINT)) AS hundredths FROM ledger "
    "WHERE kind IN ('charged', 'returned') AND currency = :currency AND at >= :since"
)


class SqlFigures:
    """Counts and adds up. See `Figures` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders(self, *, now: datetime) -> OrderFigures:
        """How the orders stand."""
        return await self._database.read(lambda c: _orders(c, now))

    async def queue(self, *, now: datetime) -> QueueFigures:
        """How the jobs stand."""
        return await self._database.read(lambda c: _queue(c, now))

    async def findings(self) -> tuple[OpenFindings, ...]:
        """What waits for a person, by reason."""
        return await self._database.read(_findings)

    async def webhooks(self, *, since: datetime) -> Mapping[str, int]:
        """How many of the webhooks since then have each status."""
        return await self._database.read(lambda c: _webhooks(c, since))

    async def money(self, *, sold_since: datetime, spent_since: datetime) -> MoneyFigures:
        """What came in and what it cost."""
        return await self._database.read(lambda c: _money(c, sold_since, spent_since))


def _counted(connection: Connection, counts: Statement, **values: object) -> Mapping[str, int]:
    return {row.name: int(row.count) for row in counts.all(connection, {"most": MOST_COUNTED, **values})}


def _orders(connection: Connection, now: datetime) -> OrderFigures:
    counts = _counted(connection, _ORDERS)
    rows = _UNDELIVERED.all(connection, {"most": MOST_COUNTED})
    waiting = [moment(row.paid_at) for row in rows]
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.total_minor
    return OrderFigures(
        by_status={status: count for status, count in counts.items() if count},
        undelivered=_grouped(waiting, now),
        oldest_paid_at=min(waiting, default=None),
        at_stake=tuple(Money.from_minor(sums[currency], currency) for currency in sorted(sums)),
    )


def _grouped(paid_at: list[datetime], now: datetime) -> tuple[AgeGroup, ...]:
    counts = [0] * (len(AGES) + 1)
    for at in paid_at:
        counts[sum(now - at >= age for age in AGES)] += 1
    return tuple(AgeGroup(up_to=up_to, count=count) for up_to, count in zip((*AGES, None), counts, strict=True))


def _queue(connection: Connection, now: datetime) -> QueueFigures:
    at = micros(now)
    first = _DUE_SINCE.first(connection).at
    return QueueFigures(
        due_since=None if first is None or first > at else moment(first), **_counted(connection, _JOBS, now=at)
    )


def _findings(connection: Connection) -> tuple[OpenFindings, ...]:
    return tuple(
        OpenFindings(reason=FindingReason(row.reason), count=min(row.count, MOST_COUNTED), oldest_at=moment(row.oldest))
        for row in _FINDINGS.all(connection)
    )


def _webhooks(connection: Connection, since: datetime) -> Mapping[str, int]:
    counts = _counted(connection, _WEBHOOKS, since=micros(since))
    return {status: count for status, count in counts.items() if count}


def _money(connection: Connection, sold_since: datetime, spent_since: datetime) -> MoneyFigures:
    sold = _SOLD.all(connection, {"since": micros(sold_since)})
    cost = _COST.all(connection, {"since": micros(sold_since)})
    return MoneyFigures(
        sold=tuple(Money.from_minor(int(row.minor), row.currency) for row in sold),
        cost=tuple(Money.from_minor(int(row.minor), row.currency) for row in cost),
        spent=tuple(_spent(connection, micros(spent_since))),
    )


def _spent(connection: Connection, since: int) -> list[Money]:
    found: list[Money] = []
    currency = _NEXT_CURRENCY.first(connection, {"last": ""}).currency
    while currency is not None:
        hundredths = _SPENT.first(connection, {"currency": currency, "since": since}).hundredths
        if hundredths is not None:
            found.append(Money(amount=Decimal(int(hundredths)) / 100, currency=currency))
        currency = _NEXT_CURRENCY.first(connection, {"last": currency}).currency
    return found


if TYPE_CHECKING:
    _: type[Figures] = SqlFigures
