"""
Our own books, read through in memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bitloot_core.order.findings import Finding
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.ports.books import Books, Extent, HeldKey, PlacedOrders
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.values.ids import OrderId, StorageRef

MACHINES = frozenset({None, "system", "gateway"})
"""Whoever settles a finding by what it reports, and is no person."""


class MemoryBooks:
    """Reads through everything. See `Books` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def extent(self, since: datetime, until: datetime) -> Extent:
        """Count what there is to go through."""
        return Extent(orders=len(self._placed(since, until)), keys=len(self._held()))

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """One page of orders."""
        later = {place: name for place, name in self._placed(since, until).items() if after is None or place > after}
        page = sorted(later)[:limit]
        return PlacedOrders(
            orders=tuple(later[place] for place in page), after=page[-1] if len(page) < len(later) else None
        )

    async def ledger_of(self, order_id: OrderId) -> tuple[LedgerEntry, ...]:
        """The money that was seen to move for an order."""
        return tuple(entry for entry in self._database.ledger.values() if entry.order_id == order_id)

    async def keys(self, *, after: StorageRef | None, limit: int) -> tuple[HeldKey, ...]:
        """One page of held keys, by the name of the object."""
        later = (key for key in self._held() if after is None or key.storage_ref > after)
        return tuple(sorted(later, key=lambda key: key.storage_ref)[:limit])

    async def was_answered(self, finding: Finding) -> bool:
        """Whether a person has settled a finding like this."""
        return any(
            row.resolved_at is not None
            and row.resolved_by not in MACHINES
            and row.finding.order_id == finding.order_id
            and (row.finding.reason, row.finding.subject, row.finding.text)
            == (finding.reason, finding.subject, finding.text)
            for row in self._database.findings.values()
        )

    def _placed(self, since: datetime, until: datetime) -> dict[str, OrderId]:
        """The orders of a time, by a text that sorts as they were placed."""
        orders = (stored.order for stored in self._database.orders.values())
        return {
            f"{one.created_at.isoformat(timespec='microseconds')}/{one.id}": one.id
            for one in orders
            if since <= one.created_at < until
        }

    def _held(self) -> list[HeldKey]:
        return [
            HeldKey(
                order_id=stored.order.id,
                unit_id=unit.id,
                storage_ref=unit.storage_ref,
                supplier_key_id=unit.supplier_key_id,
                held_at=unit.held_at,
            )
            for stored in self._database.orders.values()
            for unit in stored.order.held
        ]


if TYPE_CHECKING:
    _: type[Books] = MemoryBooks
