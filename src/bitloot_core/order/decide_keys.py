"""
Decisions about keys that went wrong: a bad one is replaced, those of a purchase go back to the supplier.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import events as e
from bitloot_core.order import staff_commands as sc
from bitloot_core.order import staff_events as s
from bitloot_core.order.decide_staff import refuse_parked
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Cancelled, Order, Refunded, UnnamedBuyer
from bitloot_core.order.purchase import plan_purchases
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import (
    CompletedReservation,
    PlacedReservation,
    Reservation,
    supplier_order_of,
)
from bitloot_core.order.returns import WINDOW, AskedReturn, RefusedReturn
from bitloot_core.order.transitions import evolve
from bitloot_core.order.units import HeldUnit, ReplacedUnit
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierOrderId, UnitId, unit_id


def replace_key(order: Order, command: sc.ReplaceKey, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    Quarantine a key, and owe another in its place. Replacing it twice is replacing it once.

    The order's status stays as it is: one that was fulfilled is not un-fulfilled by it.
    """
    unit = order.unit(command.unit_id)
    match unit:
        case None:
            raise NotFound("unit", command.unit_id)
        case ReplacedUnit():
            return ()
        case HeldUnit() if order.may_reveal:
            pass
        case _:
            raise TransitionRefused(
                order, command, "no key is held for it that the buyer may see", code="not-replaceable"
            )
    if isinstance(order.buyer, UnnamedBuyer):
        raise TransitionRefused(order, command, "the buyer was forgotten", code="not-replaceable")
    refuse_parked(order, command)
    replaced = s.UnitReplaced(
        at=now,
        unit_id=unit.id,
        replaced_by=_next_unit(order, unit),
        in_purchase=_same_purchase(order, unit, command) if command.from_supplier else None,
        by=command.by,
        reason=command.reason,
    )
    after = evolve(order, replaced)
    return (
        replaced,
        *(e.ReservationPlanned(at=now, plan=plan) for plan in plan_purchases(after, only=replaced.replaced_by)),
        *resolve(
            order,
            FindingReason.KEY_UNREADABLE,
            subject=unit.id,
            by=command.by,
            why=f"replaced by unit {replaced.replaced_by}",
            at=now,
        ),
    )


def _next_unit(order: Order, unit: HeldUnit) -> UnitId:
    numbers = (int(one.id.rpartition(".")[2]) for one in order.units if one.line == unit.line)
    return unit_id(unit.line, max(numbers) + 1)


def _same_purchase(order: Order, unit: HeldUnit, command: sc.ReplaceKey) -> int:
    """The purchase that the supplier puts another key into."""
    if not isinstance(order.reservation(unit.reservation), PlacedReservation | CompletedReservation):
        raise TransitionRefused(
            order, command, "the purchase is over: nothing more comes in it; buy another key", code="not-replaceable"
        )
    return unit.reservation


def return_keys(order: Order, command: sc.ReturnKeys, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    Give the keys of a purchase back, where nobody may see them (any more). Asking twice is asking once.

    One that the supplier refused may be asked for again.
    """
    if not isinstance(order.return_of(command.supplier_order_id), RefusedReturn | None):
        return ()
    res = _purchase(order, command.supplier_order_id)
    if res is not None:
        _check_returnable(order, res, command, now)
    elif not _is_surplus(order, command.supplier_order_id):
        raise NotFound("purchase", command.supplier_order_id)
    return (s.ReturnAsked(at=now, supplier_order_id=command.supplier_order_id, by=command.by, reason=command.reason),)


def returnable_until(order: Order, res: Reservation) -> datetime | None:
    """
    Until when the supplier takes all the keys of a purchase back; None if it has not delivered one yet.

    A day from the first of them: what came later could go back longer, but there is only one return.
    """
    came = (unit.held_at for unit in order.held if unit.reservation == res.plan.number)
    first = min(came, default=None)
    return None if first is None else first + WINDOW


def _check_returnable(order: Order, res: Reservation, command: sc.ReturnKeys, now: datetime) -> None:
    if not isinstance(res, PlacedReservation | CompletedReservation):
        raise TransitionRefused(order, command, "the supplier has ended the purchase", code="not-returnable")
    if res.plan.release_date is not None:
        raise TransitionRefused(order, command, "a preorder cannot go back", code="not-returnable")
    if not isinstance(order.closing, Refunded | Cancelled):
        raise TransitionRefused(
            order, command, "the buyer is owed its keys, or may see them: record the refund first", code="keys-in-use"
        )
    until = returnable_until(order, res)
    if until is not None and now >= until:
        raise TransitionRefused(order, command, "its first key came more than a day ago", code="too-late")


def _purchase(order: Order, name: SupplierOrderId) -> Reservation | None:
    return next((res for res in order.reservations if supplier_order_of(res) == name), None)


def _is_surplus(order: Order, name: SupplierOrderId) -> bool:
    return any(one.reason is FindingReason.SURPLUS_PURCHASE and one.subject == name for one in order.findings)


def record_return(order: Order, command: sc.RecordReturn, now: datetime) -> tuple[e.OrderEvent, ...]:
    """What went back; what waited for it is settled with it."""
    name = command.supplier_order_id
    if not isinstance(order.return_of(name), AskedReturn):
        return ()
    res = _purchase(order, name)
    return (
        s.KeysReturned(at=now, supplier_order_id=name, keys=command.keys, pending=command.pending),
        *_answered(order, FindingReason.SURPLUS_PURCHASE, name, now),
        *_answered(order, FindingReason.RETURN_REFUSED, name, now),
        *(() if res is None else _answered(order, FindingReason.KEYS_AFTER_REFUND, res.plan.ref, now)),
    )


def _answered(order: Order, reason: FindingReason, subject: str, now: datetime) -> tuple[e.OrderEvent, ...]:
    return resolve(order, reason, subject=subject, by="system", why="the supplier took the keys back", at=now)


def record_return_refusal(order: Order, command: sc.RecordReturnRefusal, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Nothing went back: a person must write to the supplier."""
    name = command.supplier_order_id
    if not isinstance(order.return_of(name), AskedReturn):
        return ()
    return (
        s.ReturnRefused(at=now, supplier_order_id=name, code=command.code, reason=command.reason),
        *finding(
            order,
            FindingReason.RETURN_REFUSED,
            name,
            f"The supplier takes no key of {name} back ({command.code}): {command.reason}.",
            at=now,
            blocking=False,
        ),
    )
