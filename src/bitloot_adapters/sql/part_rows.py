"""
The parts of an order as rows: what is written when they change, and which of them did.

A part's place among its kind is stored with it, so that an order is read in the order in which it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs
from sqlalchemy import Table, bindparam, delete
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.mapping import (
    PAYMENT_TAGS,
    RESERVATION_TAGS,
    UNIT_TAGS,
    dump_line,
    dump_payment,
    dump_reservation,
    dump_unit,
)
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import ORDER_LINES, PAYMENTS, RESERVATIONS, UNITS
from bitloot_core.order.order import Line, Order
from bitloot_core.order.payments import Payment, coin_of, gateway_id_of
from bitloot_core.order.reservations import (
    CompletedReservation,
    FallenReservation,
    PlacedReservation,
    Reservation,
    SupplierWord,
    supplier_order_of,
)
from bitloot_core.order.units import OwedUnit, Unit

Part = TypeVar("Part")
Values = dict[str, Any]


@attrs.frozen(kw_only=True)
class Kind(Generic[Part]):
    """
    One kind of part.

    Attributes:
        parts: those of an order, in their order.
        key: what names a part within its order; its column is `key_column`.
        values: its own columns; `order_id`, `position` and the time of the write are added.
    """

    parts: Callable[[Order], Sequence[Part]]
    key: Callable[[Part], object]
    key_column: str
    values: Callable[[Part], Values]
    upsert: Statement
    remove: Statement

    def write(self, connection: Connection, before: Order | None, after: Order, *, at: int) -> None:
        """Write the parts that are new or differ, and remove those that are gone."""
        known = self._placed(before) if before is not None else {}
        now = self._placed(after)
        changed = [
            {"order_id": after.id, self.key_column: key, "position": place, "at": at} | self.values(part)
            for key, (place, part) in now.items()
            if known.get(key) != (place, part)
        ]
        gone = [{"of": after.id, "which": key} for key in known.keys() - now.keys()]
        if gone:
            self.remove.change_each(connection, gone)
        if changed:
            self.upsert.change_each(connection, changed)

    def _placed(self, order: Order) -> Mapping[object, tuple[int, Part]]:
        return {self.key(part): (place, part) for place, part in enumerate(self.parts(order))}


def _upsert(table: Table, key: str, columns: Iterable[str], *, first: str | None = None) -> Statement:
    """Write a row, or write over the one of the same key; the column `first` keeps the time of the first write."""
    names = ["order_id", key, *columns]
    bound = {name: ":at" if name in {"updated_at", first} else f":{name}" for name in names}
    kept = {"order_id", key, first}
    over = ", ".join(f"{name} = excluded.{name}" for name in names if name not in kept)
    return Statement(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(bound.values())}) "  # noqa: S608 - our names
        f"ON CONFLICT (order_id, {key}) DO UPDATE SET {over}"
    )


def _remove(table: Table, key: str) -> Statement:
    return Statement(delete(table).where(table.c.order_id == bindparam("of"), table.c[key] == bindparam("which")))


def _line_values(line: Line) -> Values:
    return {"product_id": line.product_id, "quantity": line.quantity, "state": dump_line(line)}


def _unit_values(unit: Unit) -> Values:
    return {
        "line": unit.line,
        "status": UNIT_TAGS[type(unit)],
        "supplier_key_id": None if isinstance(unit, OwedUnit) else unit.supplier_key_id,
        "storage_ref": None if isinstance(unit, OwedUnit) else unit.storage_ref,
        "state": dump_unit(unit),
    }


def _payment_values(payment: Payment) -> Values:
    return {
        "status": PAYMENT_TAGS[type(payment)],
        "coin": coin_of(payment),
        "gateway_id": gateway_id_of(payment),
        "state": dump_payment(payment),
    }


def _reservation_values(res: Reservation) -> Values:
    charged = res.charged if isinstance(res, PlacedReservation | CompletedReservation | FallenReservation) else None
    return {
        "external_ref": res.plan.ref,
        "attempt": res.plan.attempt,
        "status": RESERVATION_TAGS[type(res)],
        "supplier_order_id": supplier_order_of(res),
        "supplier_status": _supplier_word(res),
        "cost_minor": None if charged is None else charged.minor,
        "cost_currency": None if charged is None else charged.currency,
        "state": dump_reservation(res),
    }


def _supplier_word(res: Reservation) -> str | None:
    match res:
        case PlacedReservation() | FallenReservation():
            return str(res.word)
        case CompletedReservation():
            return str(SupplierWord.COMPLETED)
        case _:
            return None


LINES: Kind[Line] = Kind(
    parts=lambda order: order.lines,
    key=lambda line: line.number,
    key_column="number",
    values=_line_values,
    upsert=_upsert(ORDER_LINES, "number", ("position", "product_id", "quantity", "state")),
    remove=_remove(ORDER_LINES, "number"),
)
UNITS_OF: Kind[Unit] = Kind(
    parts=lambda order: order.units,
    key=lambda unit: unit.id,
    key_column="unit_id",
    values=_unit_values,
    upsert=_upsert(UNITS, "unit_id", ("position", "line", "status", "supplier_key_id", "storage_ref", "state")),
    remove=_remove(UNITS, "unit_id"),
)
PAYMENTS_OF: Kind[Payment] = Kind(
    parts=lambda order: order.payments,
    key=lambda payment: payment.attempt,
    key_column="attempt",
    values=_payment_values,
    upsert=_upsert(PAYMENTS, "attempt", ("position", "status", "coin", "gateway_id", "updated_at", "state")),
    remove=_remove(PAYMENTS, "attempt"),
)
RESERVATIONS_OF: Kind[Reservation] = Kind(
    parts=lambda order: order.reservations,
    key=lambda res: res.plan.number,
    key_column="number",
    values=_reservation_values,
    upsert=_upsert(
        RESERVATIONS,
        "number",
        (
            "position",
            "external_ref",
            "attempt",
            "status",
            "supplier_order_id",
            "supplier_status",
            "cost_minor",
            "cost_currency",
            "created_at",
            "updated_at",
            "state",
        ),
        first="created_at",
    ),
    remove=_remove(RESERVATIONS, "number"),
)


def write_parts(connection: Connection, before: Order | None, after: Order, *, at: int) -> None:
    """Write every part that differs between two states of an order."""
    LINES.write(connection, before, after, at=at)
    UNITS_OF.write(connection, before, after, at=at)
    PAYMENTS_OF.write(connection, before, after, at=at)
    RESERVATIONS_OF.write(connection, before, after, at=at)
