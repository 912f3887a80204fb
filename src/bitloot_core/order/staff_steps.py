"""
How an order goes on when a person has decided about its keys. Called by `transitions.evolve` alone.
"""

from __future__ import annotations

from typing import assert_never

import attrs

from bitloot_core.order import staff_events as s
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import CompletedReservation, PlacedReservation, Plan, SupplierWord
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, KeyReturn, RefusedReturn
from bitloot_core.order.units import HeldUnit, OwedUnit, ReplacedUnit, ReturnedUnit, Unit
from bitloot_core.values.ids import UnitId


def apply_staff_step(order: Order, event: s.StaffStep) -> Order:
    """Apply what a person decided, or what came of it."""
    match event:
        case s.UnitReplaced():
            return _replace(order, event)
        case s.ReturnAsked():
            asked = AskedReturn(supplier_order_id=event.supplier_order_id, asked_at=event.at)
            return _with_return(order, asked)
        case s.KeysReturned():
            return _take_back(order, event)
        case s.ReturnRefused():
            _asked(order, event)
            refused = RefusedReturn(
                supplier_order_id=event.supplier_order_id, code=event.code, reason=event.reason, refused_at=event.at
            )
            return _with_return(order, refused)
        case s.RebuyAsked() | s.OrderParked() | s.OrderUnparked() | s.JobAskedAgain():
            return order  # the plans and findings beside them say what changes
        case never:
            assert_never(never)


def _replace(order: Order, event: s.UnitReplaced) -> Order:
    """Turn a held unit into a replaced one, and owe a fresh one after all others."""
    bad = order.unit(event.unit_id)
    if not isinstance(bad, HeldUnit) or order.unit(event.replaced_by) is not None:
        raise ImpossibleEvent(order.id, event, "its key is not held, or the unit in its place is there already")
    quarantined = ReplacedUnit(
        id=bad.id,
        line=bad.line,
        storage_ref=bad.storage_ref,
        supplier_key_id=bad.supplier_key_id,
        reservation=bad.reservation,
        replaced_by=event.replaced_by,
        replaced_at=event.at,
    )
    units = (*(quarantined if unit is bad else unit for unit in order.units), _owed(bad, event))
    if event.in_purchase is None:
        return attrs.evolve(order, units=units)
    res = order.reservation(event.in_purchase)
    if not isinstance(res, PlacedReservation | CompletedReservation) or bad.id not in res.plan.units:
        raise ImpossibleEvent(order.id, event, f"purchase {event.in_purchase} brings no other key for it")
    reopened = _reopened(res, event)
    reservations = tuple(reopened if one is res else one for one in order.reservations)
    return attrs.evolve(order, units=units, reservations=reservations)


def _owed(bad: HeldUnit, event: s.UnitReplaced) -> OwedUnit:
    return OwedUnit(id=event.replaced_by, line=bad.line)


def _reopened(res: PlacedReservation | CompletedReservation, event: s.UnitReplaced) -> PlacedReservation:
    """A purchase that is to bring one more key: looked at again, as if it had been made now."""
    return PlacedReservation(
        plan=_swapped(res.plan, event.unit_id, event.replaced_by),
        supplier_order_id=res.supplier_order_id,
        charged=res.charged,
        placed_at=event.at,
        word=res.word if isinstance(res, PlacedReservation) else SupplierWord.COMPLETED,
    )


def _swapped(plan: Plan, old: UnitId, new: UnitId) -> Plan:
    items = (attrs.evolve(item, units=tuple(new if one == old else one for one in item.units)) for item in plan.items)
    return attrs.evolve(plan, items=tuple(items))


def _take_back(order: Order, event: s.KeysReturned) -> Order:
    asked = _asked(order, event)
    accepted = AcceptedReturn(
        supplier_order_id=event.supplier_order_id,
        asked_at=asked.asked_at,
        accepted_at=event.at,
        keys=event.keys,
        pending=event.pending,
    )
    return attrs.evolve(_with_return(order, accepted), units=tuple(_after_return(unit, event) for unit in order.units))


def _after_return(unit: Unit, event: s.KeysReturned) -> Unit:
    """A held key that went back is gone; one in quarantine stays there."""
    if not isinstance(unit, HeldUnit) or unit.supplier_key_id not in event.keys:
        return unit
    return ReturnedUnit(
        id=unit.id,
        line=unit.line,
        storage_ref=unit.storage_ref,
        supplier_key_id=unit.supplier_key_id,
        reservation=unit.reservation,
        returned_at=event.at,
    )


def _asked(order: Order, event: s.KeysReturned | s.ReturnRefused) -> AskedReturn:
    asked = order.return_of(event.supplier_order_id)
    if not isinstance(asked, AskedReturn):
        raise ImpossibleEvent(order.id, event, "nobody asked for this return")
    return asked


def _with_return(order: Order, one: KeyReturn) -> Order:
    others = tuple(each for each in order.returns if each.supplier_order_id != one.supplier_order_id)
    return attrs.evolve(order, returns=(*others, one))
