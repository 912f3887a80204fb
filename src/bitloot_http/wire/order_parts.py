"""What the operator sees of the keys of an order: one by one, and what goes back to the supplier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Self

import attrs

from bitloot_core.order.decide_keys import returnable_until
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, KeyReturn, RefusedReturn
from bitloot_core.order.units import HeldUnit, OwedUnit, ReplacedUnit, ReturnedUnit, Unit
from bitloot_core.values.ids import SupplierOrderId
from bitloot_http.shapes import shape


@attrs.frozen(kw_only=True)
class UnitView:
    """One key that is owed, or was; never the key."""

    unit_id: str
    item_id: str
    status: str = attrs.field(metadata=shape("`owed`, `held`, `returned`, or `replaced`: in quarantine."))
    at: datetime | None = attrs.field(metadata=shape("Since when; None for one that is owed."))
    external_ref: str | None = attrs.field(metadata=shape("The purchase that brought it."))
    replaced_by: str | None = attrs.field(metadata=shape("The unit in its place."))

    @classmethod
    def of(cls, order: Order, unit: Unit) -> Self:
        """Show a unit."""
        status, at, number = _told(unit)
        res = None if number is None else order.reservation(number)
        return cls(
            unit_id=unit.id,
            item_id=str(unit.line),
            status=status,
            at=at,
            external_ref=None if res is None else res.plan.ref,
            replaced_by=unit.replaced_by if isinstance(unit, ReplacedUnit) else None,
        )


def _told(unit: Unit) -> tuple[str, datetime | None, int | None]:
    match unit:
        case OwedUnit():
            return "owed", None, None
        case HeldUnit():
            return "held", unit.held_at, unit.reservation
        case ReturnedUnit():
            return "returned", unit.returned_at, unit.reservation
        case ReplacedUnit():
            return "replaced", unit.replaced_at, unit.reservation


@attrs.frozen(kw_only=True)
class ReturnView:
    """Whether the keys of a purchase can go back to the supplier, or did."""

    kinguin_reservation_id: str
    status: str = attrs.field(metadata=shape("`possible` (once refunded), `asked`, `accepted` or `refused`."))
    until: datetime | None = attrs.field(metadata=shape("Until when it can be asked for; None before a key came."))
    keys: int = attrs.field(metadata=shape("How many went back."))
    pending: int = attrs.field(metadata=shape("How many go back as soon as they come."))
    reason: str | None = attrs.field(metadata=shape("Why the supplier refused."))

    @classmethod
    def all_of(cls, order: Order) -> tuple[Self, ...]:
        """Show what went back and what could, of the order's own purchases and of surplus ones."""
        return (*cls._asked_for(order), *cls._possible(order))

    @classmethod
    def _asked_for(cls, order: Order) -> Iterator[Self]:
        for one in order.returns:
            yield cls._of(one)

    @classmethod
    def _of(cls, one: KeyReturn) -> Self:
        match one:
            case AskedReturn():
                return cls._made(one.supplier_order_id, "asked")
            case AcceptedReturn():
                return cls._made(one.supplier_order_id, "accepted", keys=len(one.keys), pending=one.pending)
            case RefusedReturn():
                return cls._made(one.supplier_order_id, "refused", reason=one.reason)

    @classmethod
    def _possible(cls, order: Order) -> Iterator[Self]:
        for res in order.reservations:
            if not isinstance(res, PlacedReservation | CompletedReservation) or res.plan.release_date is not None:
                continue
            if order.return_of(res.supplier_order_id) is None:
                yield cls._made(res.supplier_order_id, "possible", until=returnable_until(order, res))

    @classmethod
    def _made(
        cls,
        name: SupplierOrderId,
        status: str,
        *,
        until: datetime | None = None,
        keys: int = 0,
        pending: int = 0,
        reason: str | None = None,
    ) -> Self:
        return cls(kinguin_reservation_id=name, status=status, until=until, keys=keys, pending=pending, reason=reason)
