"""
Who holds a name that is unique across the shop.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from sqlalchemy import Column, select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.tables import PAYMENTS, RESERVATIONS, UNITS
from bitloot_core.order.order import Order
from bitloot_core.order.payments import gateway_id_of
from bitloot_core.order.reservations import supplier_order_of
from bitloot_core.order.units import OwedUnit
from bitloot_core.values.errors import AlreadyTaken


@attrs.frozen(kw_only=True)
class _Name:
    """
    A name that a part of an order has.

    Attributes:
        part: what names the part within its order.
    """

    what: str
    name: str
    part: object


_COLUMNS: dict[str, tuple[Column[str], Column[str], Column[int] | Column[str]]] = {
    "gateway payment id": (PAYMENTS.c.gateway_id, PAYMENTS.c.order_id, PAYMENTS.c.attempt),
    "supplier order id": (RESERVATIONS.c.supplier_order_id, RESERVATIONS.c.order_id, RESERVATIONS.c.number),
    "external reference": (RESERVATIONS.c.external_ref, RESERVATIONS.c.order_id, RESERVATIONS.c.number),
    "supplier key id": (UNITS.c.supplier_key_id, UNITS.c.order_id, UNITS.c.unit_id),
}
"""What kind of name -> where it stands, its order, its part."""


def find_taken(connection: Connection, order: Order) -> AlreadyTaken | None:
    """The name that keeps an order from being written, with who holds it; None if there is none."""
    seen: dict[tuple[str, str], object] = {}
    for one in _names(order):
        if (one.what, one.name) in seen:
            return AlreadyTaken(one.what, one.name, order.id)
        seen[one.what, one.name] = one.part
        column, order_id, part = _COLUMNS[one.what]
        holder = connection.execute(select(order_id, part).where(column == one.name)).first()
        if holder is not None and tuple(holder) != (order.id, one.part):
            return AlreadyTaken(one.what, one.name, holder[0])
    return None


def _names(order: Order) -> Iterator[_Name]:
    for payment in order.payments:
        if (gateway_id := gateway_id_of(payment)) is not None:
            yield _Name(what="gateway payment id", name=gateway_id, part=payment.attempt)
    for res in order.reservations:
        yield _Name(what="external reference", name=res.plan.ref, part=res.plan.number)
        if (supplier_order_id := supplier_order_of(res)) is not None:
            yield _Name(what="supplier order id", name=supplier_order_id, part=res.plan.number)
    for unit in order.units:
        if not isinstance(unit, OwedUnit):
            yield _Name(what="supplier key id", name=unit.supplier_key_id, part=unit.id)
