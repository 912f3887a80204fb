"""
The order store as a port: one change, one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bitloot_adapters.sql import job_rows, order_rows
from bitloot_adapters.sql.act_rows import add_acts
from bitloot_adapters.sql.audit_rows import add_accesses, first_broken
from bitloot_adapters.sql.columns import digits, micros, storable
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.finding_rows import keep_finding, resolve_finding
from bitloot_adapters.sql.spending_rows import require_room
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.switch_rows import hold_buying
from bitloot_adapters.sql.tables import UNITS
from bitloot_adapters.sql.unique_names import find_taken
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.inbox import ConsumedWebhook
from bitloot_core.ports.store import Change, Committed, LinkUse, OrderStore
from bitloot_core.values.errors import AlreadyTaken, NotFound, Refused
from bitloot_core.values.ids import GatewayPaymentId, LinkId, OrderId, StorageRef, SupplierOrderId

_ENTRY = Statement(
    "INSERT INTO ledger (order_id, kind, external_id, amount, currency, at) "
    "VALUES (:order_id, :kind, :external_id, :amount, :currency, :at) ON CONFLICT (kind, external_id) DO NOTHING"
)
_CONSUME = Statement(
    "UPDATE webhook_logs SET status = :status, result = :result, order_id = COALESCE(:order_id, order_id), "
    "processed_at = :at WHERE id = :id"
)
_VIEW = Statement(
    "UPDATE links SET views = views + 1 WHERE id = :id AND revoked_at IS NULL AND expires_at > :at AND views < :most"
)
_LINK = Statement("SELECT revoked_at, expires_at FROM links WHERE id = :id")
_NAMED = select(UNITS.c.storage_ref).where(UNITS.c.storage_ref.in_(bindparam("refs", expanding=True)))
_NAMED_AT_ONCE = 500
"""A vault holds more objects than a statement takes values."""


class SqlOrderStore:
    """Keeps orders. See `OrderStore` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, order_id: OrderId) -> Order:
        """Read an order with all its parts."""
        return await self._database.look(lambda c: order_rows.get_order(c, order_id))

    async def commit(self, change: Change) -> Committed:
        """Write a change: all of it, or nothing."""
        try:
            return await self._database.write(lambda c: write_change(c, change))
        except IntegrityError as exc:
            # Who holds the name is looked up afterwards: on PostgreSQL the failed transaction answers nothing more.
            taken = None if change.after is None else await self._taken(change.after)
            if taken is None:
                raise
            raise taken from exc

    async def find_by_reservation(self, supplier_order_id: SupplierOrderId) -> OrderId | None:
        """The order that made this purchase."""
        return await self._database.look(lambda c: order_rows.order_by_purchase(c, supplier_order_id))

    async def find_by_payment(self, gateway_id: GatewayPaymentId) -> OrderId | None:
        """The order that this payment belongs to."""
        return await self._database.look(lambda c: order_rows.order_by_payment(c, gateway_id))

    async def find_by_link(self, link_id: LinkId) -> OrderId | None:
        """The order that a delivery link was made for."""
        return await self._database.look(lambda c: order_rows.order_by_link(c, link_id))

    async def orphans_among(self, refs: Sequence[StorageRef]) -> tuple[StorageRef, ...]:
        """Of these sealed objects, those that no unit names."""
        named = await self._database.read(lambda c: _named(c, refs))
        return tuple(ref for ref in refs if ref not in named)

    async def _taken(self, order: Order) -> AlreadyTaken | None:
        return await self._database.read(lambda c: find_taken(c, order))

    async def broken_audit_row(self) -> int | None:
        """The id of the first audit row that was tampered with; None if the chain is whole. Reads all of them."""
        return await self._database.read(first_broken)


def _named(connection: Connection, refs: Sequence[StorageRef]) -> set[str]:
    """Of these sealed objects, those that a unit names."""
    parts = (refs[start : start + _NAMED_AT_ONCE] for start in range(0, len(refs), _NAMED_AT_ONCE))
    return {ref for part in parts for ref in connection.execute(_NAMED, {"refs": list(part)}).scalars()}


def write_change(connection: Connection, change: Change) -> Committed:
    """
    Write a change inside a transaction; what it raises must roll everything back.

    On PostgreSQL a row is locked as it is written. The webhook comes first, as where it is taken in; then the order,
    its jobs, and what the whole shop shares: so writes wait for one another, and never in a circle.
    """
    touched: dict[int, job_rows.Touched] = {}
    if change.consumed is not None:
        _consume(connection, change.consumed, at=micros(change.at))
    order = order_rows.write_order(connection, change)
    if change.fence is not None:
        job_rows.assert_held(connection, change.fence)
    # The job ends before others are asked for: one that asks for its own name again is a new job, due when it says.
    if change.outcome is not None:
        ended = job_rows.end(connection, change.outcome, now=change.at)
        touched[ended.id] = ended
    for request in change.jobs:
        asked = job_rows.ask(connection, request, now=change.at)
        touched[asked.id] = asked
    for finding in change.findings:
        keep_finding(connection, finding)
    acts = [*change.acts, *_settle(connection, change)]
    if acts:
        add_acts(connection, acts)
    if change.ledger:
        _ENTRY.change_each(connection, [_entry(entry) for entry in change.ledger])
    if change.link_use is not None:
        _view(connection, change.link_use)
    if change.budget is not None:
        hold_buying(connection, alone=change.budget.currency is not None)
        require_room(connection, change.budget, now=change.at)
    if change.accesses:
        add_accesses(connection, change.accesses)
    return Committed(order=order, due=tuple(one.id for one in touched.values() if one.is_due))


def _settle(connection: Connection, change: Change) -> Iterator[StaffAct]:
    """Settle findings, and yield the acts of those that this write has settled."""
    for one in change.settled:
        why = storable(one.reason)
        is_new = resolve_finding(connection, one.id, at=change.at, by=storable(one.by), why=why)
        if is_new and one.act is not None:
            yield one.act


def _entry(entry: LedgerEntry) -> dict[str, object]:
    return {
        "order_id": entry.order_id,
        "kind": str(entry.kind),
        "external_id": entry.external_id,
        "amount": digits(entry.amount),
        "currency": entry.currency,
        "at": micros(entry.at),
    }


def _consume(connection: Connection, spent: ConsumedWebhook, *, at: int) -> None:
    values = {
        "id": spent.id,
        "status": str(spent.status),
        "result": storable(spent.result),
        "order_id": spent.order_id,
        "at": at,
    }
    if _CONSUME.change(connection, values) == 0:
        raise NotFound("webhook", str(spent.id))


def _view(connection: Connection, use: LinkUse) -> None:
    """Count a view, in one conditional write: two at the same time cannot both be the last."""
    at = micros(use.at)
    if _VIEW.change(connection, {"id": use.link_id, "at": at, "most": use.max_views}):
        return
    link = _LINK.first(connection, {"id": use.link_id})
    if link is None:
        raise NotFound("link", use.link_id)
    if link.revoked_at is not None:
        raise Refused("link-revoked", "a newer link has taken its place")
    if link.expires_at <= at:
        raise Refused("link-expired", "the link has expired")
    raise Refused("link-used-up", "the link was opened as often as it may be")


if TYPE_CHECKING:
    _: type[OrderStore] = SqlOrderStore
