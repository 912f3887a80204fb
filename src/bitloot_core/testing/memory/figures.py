"""
Counts and sums in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.payments import AcceptedStray, SettledPayment
from bitloot_core.order.reservations import CompletedReservation, FallenReservation, PlacedReservation
from bitloot_core.order.status import shown_status
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
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.testing.memory.jobs import is_free
from bitloot_core.values.money import Money

_PURCHASES = {LedgerKind.CHARGED: 1, LedgerKind.RETURNED: -1}


class MemoryFigures:
    """Counts and adds up. See `Figures` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def orders(self, *, now: datetime) -> OrderFigures:
        """How the orders stand."""
        orders = [stored.order for stored in self._database.orders.values()]
        waiting = {order.id: paid_at for order in orders if (paid_at := waits_since(order)) is not None}
        return OrderFigures(
            by_status=_counted(str(shown_status(order)) for order in orders),
            undelivered=grouped(waiting.values(), now),
            oldest_paid_at=min(waiting.values(), default=None),
            at_stake=summed(order.total for order in orders if order.id in waiting),
        )

    async def queue(self, *, now: datetime) -> QueueFigures:
        """How the jobs stand."""
        jobs = list(self._database.jobs.values())
        ready = [job for job in jobs if job.status == "ready"]
        due = [job.due_at for job in ready if job.due_at <= now]
        running = [job for job in jobs if job.status == "running"]
        return QueueFigures(
            due=_at_most(len(due)),
            due_since=min(due, default=None),
            later=_at_most(len(ready) - len(due)),
            running=_at_most(len(running)),
            overrun=_at_most(sum(is_free(job, now) for job in running)),
            dead=_at_most(sum(job.status == "dead" for job in jobs)),
        )

    async def findings(self) -> tuple[OpenFindings, ...]:
        """What waits for a person, by reason."""
        found = [row.finding for row in self._database.findings.values() if row.resolved_at is None]
        times = {
            reason: [one.opened_at for one in found if one.reason is reason] for reason in {f.reason for f in found}
        }
        return tuple(
            OpenFindings(reason=reason, count=_at_most(len(at)), oldest_at=min(at))
            for reason, at in sorted(times.items())
        )

    async def webhooks(self, *, since: datetime) -> Mapping[str, int]:
        """How many of the webhooks since then have each status."""
        return _counted(str(one.status) for one in self._database.webhooks.values() if one.received_at >= since)

    async def money(self, *, sold_since: datetime, spent_since: datetime) -> MoneyFigures:
        """What came in and what it cost."""
        orders = [stored.order for stored in self._database.orders.values()]
        sold = [order for order in orders if isinstance(order.closing, Fulfilled) and order.created_at >= sold_since]
        entries = (entry for entry in self._database.ledger.values() if entry.at >= spent_since)
        return MoneyFigures(
            sold=summed(order.total for order in sold),
            cost=summed(cost for order in sold for cost in _costs(order)),
            spent=summed(_spent(entries)),
        )


def waits_since(order: Order) -> datetime | None:
    """When an order that is owed a key was paid; None if it is not owed any, or nothing pays for it."""
    if not order.owed or order.at_rest:
        return None
    counting = (one for one in order.payments if isinstance(one, SettledPayment | AcceptedStray))
    return min((one.receipt.settled_at for one in counting), default=None)


def grouped(paid_at: Iterable[datetime], now: datetime) -> tuple[AgeGroup, ...]:
    """How many of these times are how long ago."""
    ages = [now - at for at in paid_at]
    starts = (None, *AGES)
    return tuple(
        AgeGroup(
            up_to=up_to,
            count=sum((start is None or age >= start) and (up_to is None or age < up_to) for age in ages),
        )
        for start, up_to in zip(starts, (*AGES, None), strict=True)
    )


def summed(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """A sum for each currency, by currency."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = amount + sums[amount.currency] if amount.currency in sums else amount
    return tuple(sums[currency] for currency in sorted(sums))


def _costs(order: Order) -> Iterator[Money]:
    for res in order.reservations:
        if isinstance(res, PlacedReservation | CompletedReservation | FallenReservation):
            yield res.charged


def _spent(entries: Iterable[LedgerEntry]) -> Iterator[Money]:
    for entry in entries:
        if entry.kind in _PURCHASES:
            yield Money(amount=entry.amount * _PURCHASES[entry.kind], currency=entry.currency)


def _counted(words: Iterable[str]) -> Mapping[str, int]:
    return {word: _at_most(count) for word, count in Counter(words).items()}


def _at_most(count: int) -> int:
    return min(count, MOST_COUNTED)


if TYPE_CHECKING:
    _: type[Figures] = MemoryFigures
