"""
The statements of an order: read whole in one, written as the difference between two states of it.
"""

from __future__ import annotations

import attrs
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import mapping
from bitloot_adapters.sql.audit_rows import erase_origins
from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.finding_rows import place_finding, resolve_finding
from bitloot_adapters.sql.part_rows import write_parts
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import LINKS, ORDERS, PAYMENTS, RESERVATIONS
from bitloot_core.order.events import (
    BuyerForgotten,
    FindingOpened,
    FindingResolved,
    LinkIssued,
    OrderEvent,
    without_buyer,
)
from bitloot_core.order.order import Order
from bitloot_core.order.status import shown_status
from bitloot_core.ports.store import Change
from bitloot_core.values.email import folded
from bitloot_core.values.errors import NotFound, StaleOrder
from bitloot_core.values.ids import GatewayPaymentId, LinkId, OrderId, SupplierOrderId

# One round trip for the whole aggregate; `kind` says what a row is.
_HEAD, _LINE, _UNIT, _PAYMENT, _RESERVATION, _FINDING = range(6)
_GET = Statement(
    f"SELECT {_HEAD} AS kind, version AS position, state FROM orders WHERE id = :id "  # noqa: S608 - our numbers
    f"UNION ALL SELECT {_LINE}, position, state FROM order_lines WHERE order_id = :id "
    f"UNION ALL SELECT {_UNIT}, position, state FROM units WHERE order_id = :id "
    f"UNION ALL SELECT {_PAYMENT}, position, state FROM payments WHERE order_id = :id "
    f"UNION ALL SELECT {_RESERVATION}, position, state FROM reservations WHERE order_id = :id "
    f"UNION ALL SELECT {_FINDING}, position, state FROM findings "
    "WHERE order_id = :id AND resolved_at IS NULL AND position IS NOT NULL"
)
_PLACE = Statement(
    "INSERT INTO orders "
    "(id, status, email, total_minor, currency, units, owed, version, event_count, created_at, updated_at, state) "
    "VALUES (:which, :status, :email, :total_minor, :currency, :units, :owed, 1, :events, :created_at, :at, :state) "
    "ON CONFLICT (id) DO NOTHING RETURNING event_count"
)
_REWRITE = Statement(
    "UPDATE orders SET status = :status, email = :email, total_minor = :total_minor, currency = :currency, "
    "units = :units, owed = :owed, version = version + 1, event_count = event_count + :events, updated_at = :at, "
    "created_at = :created_at, state = :state WHERE id = :which AND version = :version RETURNING event_count"
)
# Most changes leave these alone, and a column that is set is taken out of its indexes and put into them again.
_MOVE = Statement(
    "UPDATE orders SET status = :status, owed = :owed, version = version + 1, event_count = event_count + :events, "
    "updated_at = :at, state = :state WHERE id = :which AND version = :version RETURNING event_count"
)
_VERSION = Statement(select(ORDERS.c.version).where(ORDERS.c.id == bindparam("which")).with_for_update())
_EVENT = Statement(
    "INSERT INTO order_events (order_id, number, at, event, data) VALUES (:order_id, :number, :at, :event, :data)"
)
_EVENTS = text("SELECT number, data FROM order_events WHERE order_id = :of ORDER BY number")
_BY_PAYMENT = Statement(select(PAYMENTS.c.order_id).where(PAYMENTS.c.gateway_id == bindparam("name")))
_BY_PURCHASE = Statement(select(RESERVATIONS.c.order_id).where(RESERVATIONS.c.supplier_order_id == bindparam("name")))
_BY_LINK = Statement(select(LINKS.c.order_id).where(LINKS.c.id == bindparam("name")))
_REVOKE = Statement(
    update(LINKS)
    .where(LINKS.c.order_id == bindparam("of"), LINKS.c.revoked_at.is_(None), LINKS.c.id != bindparam("but"))
    .values(revoked_at=bindparam("at"))
)
_ISSUE = Statement(
    "INSERT INTO links (id, order_id, issued_by, issued_at, expires_at, views) "
    "VALUES (:id, :order_id, :issued_by, :issued_at, :expires_at, 0) ON CONFLICT (id) DO NOTHING"
)


def get_order(connection: Connection, order_id: OrderId) -> Order:
    """
    Read an order with all its parts.

    Raises:
        NotFound: there is none.
    """
    rows = sorted(_GET.all(connection, {"id": order_id}))
    if not rows or rows[0][0] != _HEAD:
        raise NotFound("order", order_id)
    parts: dict[int, list[str]] = {}
    for kind, _, state in rows:
        parts.setdefault(kind, []).append(state)
    head = mapping.load_head(rows[0][2])
    return Order(
        id=order_id,
        buyer=head.buyer,
        lines=tuple(map(mapping.load_line, parts.get(_LINE, ()))),
        units=tuple(map(mapping.load_unit, parts.get(_UNIT, ()))),
        created_at=head.created_at,
        expires_at=head.expires_at,
        payments=tuple(map(mapping.load_payment, parts.get(_PAYMENT, ()))),
        reservations=tuple(map(mapping.load_reservation, parts.get(_RESERVATION, ()))),
        closing=head.closing,
        link=head.link,
        returns=head.returns,
        findings=tuple(map(mapping.load_finding, parts.get(_FINDING, ()))),
        findings_opened=head.findings_opened,
        version=rows[0][1],
    )


def write_order(connection: Connection, change: Change) -> Order | None:
    """
    Write what a change makes of its order, events included; None if it changes none.

    Raises:
        StaleOrder: the order's version is not that of `before`, or a new order's id exists.
    """
    before, after = change.before, change.after
    if after is None or not change.events:
        _assert_version(connection, change)
        return None
    row = _statement_for(before, after).first(connection, _order_values(change, before, after))
    if row is None:
        raise StaleOrder(after.id)
    write_parts(connection, before, after, at=micros(change.at))
    first = row.event_count - len(change.events) + 1
    _EVENT.change_each(
        connection,
        [
            {
                "order_id": after.id,
                "number": number,
                "at": micros(event.at),
                "event": type(event).__name__,
                "data": mapping.dump_event(without_buyer(event)),
            }
            for number, event in enumerate(change.events, start=first)
        ],
    )
    _write_findings(connection, before, after, change)
    for event in change.events:
        if isinstance(event, LinkIssued):
            _issue(connection, after.id, event)
        elif isinstance(event, BuyerForgotten):
            erase_origins(connection, after.id)
    return attrs.evolve(after, version=1 if before is None else before.version + 1)


def order_by_payment(connection: Connection, gateway_id: GatewayPaymentId) -> OrderId | None:
    """The order that a payment belongs to."""
    return _order_by(_BY_PAYMENT, connection, gateway_id)


def order_by_purchase(connection: Connection, supplier_order_id: SupplierOrderId) -> OrderId | None:
    """The order that made a purchase."""
    return _order_by(_BY_PURCHASE, connection, supplier_order_id)


def order_by_link(connection: Connection, link_id: LinkId) -> OrderId | None:
    """The order that a link was made for."""
    return _order_by(_BY_LINK, connection, link_id)


def _order_by(statement: Statement, connection: Connection, name: str) -> OrderId | None:
    found = statement.first(connection, {"name": name})
    return None if found is None else OrderId(found.order_id)


def _assert_version(connection: Connection, change: Change) -> None:
    """Check a version that is not moved; on PostgreSQL this holds the row until the commit."""
    order = change.before or change.after
    if order is None:
        return
    row = _VERSION.first(connection, {"which": order.id})
    if (None if row is None else row.version) != (None if change.before is None else change.before.version):
        raise StaleOrder(order.id)


def _statement_for(before: Order | None, after: Order) -> Statement:
    if before is None:
        return _PLACE
    is_same_deal = (before.buyer, before.lines, before.created_at) == (after.buyer, after.lines, after.created_at)
    return _MOVE if is_same_deal else _REWRITE


def _order_values(change: Change, before: Order | None, after: Order) -> dict[str, object]:
    values: dict[str, object] = {
        "which": after.id,
        "status": str(shown_status(after)),
        # As it is looked for; empty once the buyer was forgotten.
        "email": folded(after.email or ""),
        "total_minor": after.total.minor,
        "currency": after.total.currency,
        "units": sum(line.quantity for line in after.lines),
        "owed": len(after.owed),
        "events": len(change.events),
        "created_at": micros(after.created_at),
        "at": micros(change.at),
        "state": mapping.dump_head(
            mapping.Head(
                buyer=after.buyer,
                created_at=after.created_at,
                expires_at=after.expires_at,
                closing=after.closing,
                link=after.link,
                findings_opened=after.findings_opened,
                returns=after.returns,
            )
        ),
    }
    return values if before is None else values | {"version": before.version}


def _write_findings(connection: Connection, before: Order | None, after: Order, change: Change) -> None:
    """The open ones as they stand in the order; of the others, who settled them, if an event says so."""
    known = {one.id: (place, one) for place, one in enumerate(before.findings)} if before is not None else {}
    now = {one.id: (place, one) for place, one in enumerate(after.findings)}
    for event in change.events:
        # Opened and settled in one breath: it never stands among the open ones, and yet people shall find it.
        if isinstance(event, FindingOpened) and event.finding.id not in now:
            place_finding(connection, event.finding, None)
    for finding_id, (place, one) in now.items():
        if known.get(finding_id) != (place, one):
            place_finding(connection, one, place)
    told = {event.finding_id: event for event in change.events if isinstance(event, FindingResolved)}
    for finding_id, event in told.items():
        resolve_finding(connection, finding_id, at=event.at, by=event.by, why=event.reason)
    for finding_id in known.keys() - now.keys() - told.keys():
        resolve_finding(connection, finding_id, at=change.at, by=None, why=None)


def _issue(connection: Connection, order_id: OrderId, event: LinkIssued) -> None:
    _REVOKE.change(connection, {"of": order_id, "but": event.link_id, "at": micros(event.at)})
    _ISSUE.change(
        connection,
        {
            "id": event.link_id,
            "order_id": order_id,
            "issued_by": event.by,
            "issued_at": micros(event.at),
            "expires_at": micros(event.expires_at),
        },
    )


def events_of(connection: Connection, order_id: OrderId) -> list[tuple[int, OrderEvent]]:
    """The order's events with their numbers, oldest first."""
    rows = connection.execute(_EVENTS, {"of": order_id})
    return [(row.number, mapping.load_event(row.data)) for row in rows]
