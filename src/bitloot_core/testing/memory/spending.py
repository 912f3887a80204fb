"""
What purchases have taken, added up over the tables in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bitloot_core.order.buying import Budget, Spent
from bitloot_core.order.decide_purchase import cost_cap
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import ClaimedReservation, DoubtfulReservation
from bitloot_core.ports.store import Change
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.values.money import Money


def spent(database: MemoryDatabase, budget: Budget, change: Change) -> Spent:
    """What purchases take with this change among them."""
    buying, currency = database.buying, budget.currency or ""
    caps = (cap for order in _orders_with(database, change) for cap in _caps(order))
    return Spent(
        counted=_taken(database, currency, since=budget.counts_from(buying, change.at)),
        since_reading=_taken(database, currency, since=change.at if buying.balance is None else buying.balance.at),
        unanswered=sum((cap for cap in caps if cap.currency == currency), start=Money.zero(currency)),
    )


def _orders_with(database: MemoryDatabase, change: Change) -> Iterator[Order]:
    others = (stored.order for stored in database.orders.values())
    yield from (order for order in others if change.after is None or order.id != change.after.id)
    if change.after is not None:
        yield change.after


def _caps(order: Order) -> Iterator[Money]:
    waiting = (ClaimedReservation, DoubtfulReservation)
    return (cost_cap(res.plan) for res in order.reservations if isinstance(res, waiting))


def _taken(database: MemoryDatabase, currency: str, *, since: datetime) -> Money:
    sign = {LedgerKind.CHARGED: 1, LedgerKind.RETURNED: -1}
    entries = (entry for entry in database.ledger.values() if entry.currency == currency and entry.at >= since)
    moved = sum(entry.amount * sign[entry.kind] for entry in entries if entry.kind in sign)
    return Money(amount=Decimal(moved), currency=currency)
