"""
How a reservation goes on: which state follows on which, event by event. Called by `transitions.evolve` alone.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
    Reservation,
)
from bitloot_core.order.units import HeldUnit, OwedUnit

ReservationStep: TypeAlias = (
    e.ReservationClaimed
    | e.ReservationReleased
    | e.ReservationDoubted
    | e.ReservationPlaced
    | e.ReservationRefused
    | e.SupplierProgressed
    | e.ReservationFell
    | e.ReservationCompleted
)


def apply_to_reservations(order: Order, event: e.ReservationPlanned | ReservationStep) -> Order:
    """Add a reservation, or move one on."""
    if isinstance(event, e.ReservationPlanned):
        _check_plan(order, event)
        new = PlannedReservation(plan=event.plan, planned_at=event.at)
        return attrs.evolve(order, reservations=(*order.reservations, new))
    old = order.reservation(event.number)
    if old is None:
        raise ImpossibleEvent(order.id, event, f"there is no reservation {event.number}")
    after = _next(order, old, event)
    return attrs.evolve(order, reservations=tuple(after if one is old else one for one in order.reservations))


def _check_plan(order: Order, event: e.ReservationPlanned) -> None:
    if event.plan.number != len(order.reservations) + 1:
        raise ImpossibleEvent(order.id, event, f"the next reservation is number {len(order.reservations) + 1}")
    if not {unit.id for unit in order.unbought}.issuperset(event.plan.units):
        raise ImpossibleEvent(order.id, event, "one of its units is held, or is coming already")


def approve(order: Order) -> Order:
    """Let every purchase in doubt be asked for again, once its quiet window has passed: a person said so."""
    return attrs.evolve(
        order,
        reservations=tuple(
            attrs.evolve(one, approved=True) if isinstance(one, DoubtfulReservation) else one
            for one in order.reservations
        ),
    )


def _next(order: Order, res: Reservation, event: ReservationStep) -> Reservation:
    plan = res.plan
    match event, res:
        case e.ReservationClaimed(), PlannedReservation():
            return ClaimedReservation(plan=plan, claimed_at=event.at, asked=1)
        case e.ReservationClaimed(), DoubtfulReservation():
            return ClaimedReservation(plan=plan, claimed_at=event.at, asked=res.asked + 1)
        case e.ReservationReleased(), ClaimedReservation(asked=1):
            return PlannedReservation(plan=plan, planned_at=event.at)
        case e.ReservationReleased(), ClaimedReservation():
            # Nothing was sent, so the permission for this try is not used up.
            return DoubtfulReservation(plan=plan, claimed_at=res.claimed_at, asked=res.asked - 1, approved=True)
        case e.ReservationDoubted(), ClaimedReservation():
            return DoubtfulReservation(plan=plan, claimed_at=res.claimed_at, asked=res.asked)
        case e.ReservationRefused(), PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
            return RefusedReservation(plan=plan, code=event.code, reason=event.reason, refused_at=event.at)
        case e.ReservationPlaced(), PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
            return PlacedReservation(
                plan=plan,
                supplier_order_id=event.supplier_order_id,
                charged=event.charged,
                placed_at=event.at,
                word=event.word,
            )
        case _, PlacedReservation():
            return _next_placed(order, res, event)
        case _:
            raise ImpossibleEvent(order.id, event, f"the reservation is a {type(res).__name__}")


def _next_placed(order: Order, res: PlacedReservation, event: ReservationStep) -> Reservation:
    match event:
        case e.SupplierProgressed():
            return attrs.evolve(res, word=event.word)
        case e.ReservationFell():
            return FallenReservation(
                plan=res.plan,
                supplier_order_id=res.supplier_order_id,
                charged=res.charged,
                word=event.word,
                fell_at=event.at,
            )
        case e.ReservationCompleted() if not {unit.id for unit in order.owed}.intersection(res.plan.units):
            return CompletedReservation(
                plan=res.plan,
                supplier_order_id=res.supplier_order_id,
                charged=res.charged,
                placed_at=res.placed_at,
                completed_at=event.at,
            )
        case _:
            raise ImpossibleEvent(order.id, event, "the reservation is placed, and not complete")


def hold(order: Order, event: e.KeyHeld) -> Order:
    """Turn an owed unit into a held one: with a key that this order never had, of a purchase that was for it."""
    unit, res = order.unit(event.unit_id), order.reservation(event.number)
    if not isinstance(unit, OwedUnit):
        raise ImpossibleEvent(order.id, event, f"unit {event.unit_id} is not owed")
    if not isinstance(res, PlacedReservation) or unit.id not in res.plan.units:
        raise ImpossibleEvent(order.id, event, f"purchase {event.number} brings no key for unit {event.unit_id}")
    if any(not isinstance(one, OwedUnit) and one.supplier_key_id == event.supplier_key_id for one in order.units):
        raise ImpossibleEvent(order.id, event, "another unit has had this key")
    held = HeldUnit(
        id=unit.id,
        line=unit.line,
        storage_ref=event.storage_ref,
        supplier_key_id=event.supplier_key_id,
        reservation=event.number,
        held_at=event.at,
    )
    return attrs.evolve(order, units=tuple(held if one is unit else one for one in order.units))
