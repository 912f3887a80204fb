"""
Decisions of a person about an order that is stuck: buy anew, put aside and take up again, do a job once more.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import events as e
from bitloot_core.order import staff_commands as sc
from bitloot_core.order import staff_events as s
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Cancelled, Order, Refunded
from bitloot_core.order.purchase import plan_purchases
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import is_dead
from bitloot_core.order.status import status_of

PARKED = "order"
"""The subject of the finding that shows an order which was put aside."""


def rebuy(order: Order, command: sc.Rebuy, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Plan what no living purchase is going to bring; asking again while that is under way is asking once."""
    if isinstance(order.closing, Refunded | Cancelled) or not order.is_settled:
        raise TransitionRefused(order, command, f"the order is {status_of(order)}", code="nothing-to-rebuy")
    refuse_parked(order, command)
    plans = plan_purchases(order)
    if not plans:
        if _is_under_way(order):
            return ()
        raise TransitionRefused(order, command, "no purchase of it was refused or cancelled", code="nothing-to-rebuy")
    dead = tuple(res.plan.ref for res in order.reservations if is_dead(res))
    reasons = FindingReason.SUPPLIER_REFUSED, FindingReason.PRICE_ABOVE_CAP, FindingReason.SUPPLIER_CANCELLED
    return (
        *(
            one
            for ref in dead
            for one in resolve(order, *reasons, subject=ref, by=command.by, why=command.reason, at=now)
        ),
        *(e.ReservationPlanned(at=now, plan=plan) for plan in plans),
        s.RebuyAsked(at=now, by=command.by, reason=command.reason),
    )


def _is_under_way(order: Order) -> bool:
    """Whether a purchase that is to bring an owed key was planned in place of a dead one."""
    owed = {unit.id for unit in order.owed}
    return any(
        not is_dead(res) and res.plan.attempt > 1 and owed.intersection(res.plan.units) for res in order.reservations
    )


def park(order: Order, command: sc.ParkOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Put it aside; the finding shows it, and since when."""
    if isinstance(order.closing, Refunded | Cancelled):
        raise TransitionRefused(order, command, f"the order is {status_of(order)}", code="nothing-to-park")
    if order.is_parked:
        return ()
    text = f"Put aside by {command.by}: {command.reason}"
    told = finding(order, FindingReason.PARKED, PARKED, text, at=now, blocking=True)
    return (*told, s.OrderParked(at=now, by=command.by, reason=command.reason))


def unpark(order: Order, command: sc.UnparkOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Take it up again; what waits is done at once."""
    settled = settle_parking(order, by=command.by, why=command.reason, at=now)
    return (*settled, s.OrderUnparked(at=now, by=command.by, reason=command.reason)) if settled else ()


def settle_parking(order: Order, *, by: str, why: str, at: datetime) -> tuple[e.OrderEvent, ...]:
    """Settle the finding that shows an order which was put aside, if it was."""
    return resolve(order, FindingReason.PARKED, subject=None, by=by, why=why, at=at)


def refuse_parked(order: Order, command: object) -> None:
    """
    Let nothing be bought or mailed for an order that was put aside.

    Raises:
        TransitionRefused: it was.
    """
    if order.is_parked:
        raise TransitionRefused(order, command, "the order was put aside: take it up again first", code="parked")


def retry_job(order: Order, command: sc.RetryJob, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Ask for one job now; that it was given up is settled with it."""
    subject = f"{command.name}:{command.ref}"
    return (
        *resolve(
            order,
            FindingReason.DEAD_JOB,
            FindingReason.OUT_OF_REACH,
            subject=subject,
            by=command.by,
            why=command.reason,
            at=now,
        ),
        s.JobAskedAgain(at=now, name=command.name, ref=command.ref, by=command.by, reason=command.reason),
    )
