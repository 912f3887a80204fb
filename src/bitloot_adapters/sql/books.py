"""
Our own books as a port: read through from one end to the other, a page at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.dossier import ledger_of
from bitloot_adapters.sql.mapping import load_finding, load_unit
from bitloot_adapters.sql.statements import Statement
from bitloot_core.order.findings import Finding
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.units import HeldUnit
from bitloot_core.ports.books import Books, Extent, HeldKey, PlacedOrders
from bitloot_core.values.ids import OrderId, StorageRef

_COUNT = Statement(
    "SELECT (SELECT COUNT(*) FROM orders WHERE created_at >= :since AND created_at < :until) AS orders, "
    "(SELECT COUNT(*) FROM units WHERE status = 'held') AS keys"
)
_ORDERS = Statement(
    "SELECT id, created_at FROM orders WHERE (created_at, id) > (:at, :id) AND created_at < :until "
    "ORDER BY created_at, id LIMIT :most"
)
_KEYS = Statement(
    "SELECT order_id, state FROM units WHERE storage_ref IS NOT NULL AND storage_ref > :after AND status = 'held' "
    "ORDER BY storage_ref LIMIT :most"
)
_ANSWERED = Statement(
    "SELECT state FROM findings WHERE subject = :subject AND reason = :reason AND resolved_at IS NOT NULL "
    "AND resolved_by NOT IN ('system', 'gateway')"
)


class SqlBooks:
    """Reads through everything. See `Books` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def extent(self, since: datetime, until: datetime) -> Extent:
        """Count what there is to go through."""
        row = await self._database.read(lambda c: _COUNT.first(c, {"since": micros(since), "until": micros(until)}))
        return Extent(orders=row.orders, keys=row.keys)

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """One page of orders."""
        at, _, name = (f"{micros(since)}/" if after is None else after).partition("/")
        values = {"at": int(at), "id": name, "until": micros(until), "most": limit + 1}
        rows = await self._database.read(lambda c: _ORDERS.all(c, values))
        last = rows[limit - 1] if len(rows) > limit else None
        return PlacedOrders(
            orders=tuple(OrderId(row.id) for row in rows[:limit]),
            after=None if last is None else f"{last.created_at}/{last.id}",
        )

    async def ledger_of(self, order_id: OrderId) -> tuple[LedgerEntry, ...]:
        """The money that was seen to move for an order."""
        return await self._database.look(lambda c: ledger_of(c, order_id))

    async def keys(self, *, after: StorageRef | None, limit: int) -> tuple[HeldKey, ...]:
        """One page of held keys, by the name of the object."""
        rows = await self._database.read(lambda c: _KEYS.all(c, {"after": after or "", "most": limit}))
        return tuple(_held(OrderId(row.order_id), row.state) for row in rows)

    async def was_answered(self, finding: Finding) -> bool:
        """Whether a person has settled a finding like this."""
        return await self._database.look(lambda c: _was_answered(c, finding))


def _held(order_id: OrderId, state: str) -> HeldKey:
    unit = load_unit(state)
    if not isinstance(unit, HeldUnit):
        raise TypeError(f"unit {unit.id} of order {order_id} is called held, and is not")
    return HeldKey(
        order_id=order_id,
        unit_id=unit.id,
        storage_ref=unit.storage_ref,
        supplier_key_id=unit.supplier_key_id,
        held_at=unit.held_at,
    )


def _was_answered(connection: Connection, finding: Finding) -> bool:
    rows = _ANSWERED.all(connection, {"subject": finding.subject, "reason": str(finding.reason)})
    alike = (load_finding(row.state) for row in rows)
    return any((one.order_id, one.text) == (finding.order_id, finding.text) for one in alike)


if TYPE_CHECKING:
    _: type[Books] = SqlBooks
