"""
Decisions that close an order or start it again, and those of a person about findings.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.finding_steps import is_final, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order, Refunded
from bitloot_core.order.payments import (
    AcceptedStray,
    ReturnedPayment,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
)
from bitloot_core.order.purchase import plan_purchases
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, status_of
from bitloot_core.values.errors import NotFound

_STILL_UNPAID = frozenset({Status.CREATED, Status.WAITING})
_CANCELLABLE = frozenset({Status.CREATED, Status.WAITING, Status.EXPIRED, Status.FAILED})
_SAW_MONEY = (SettledPayment, AcceptedStray, ShortPayment, ReviewedPayment, StrayPayment, ReturnedPayment)
_RETRYABLE = (
    FindingReason.SUPPLIER_REFUSED,
    FindingReason.SUPPLIER_CANCELLED,
    FindingReason.SUPPLIER_DOUBT,
    FindingReason.DEAD_JOB,
    FindingReason.KEY_UNREADABLE,
    FindingReason.MAIL_REFUSED,
)


def expire(order: Order, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Only an order on which no money was seen, and only after its time."""
    if now < order.expires_at or status_of(order) not in _STILL_UNPAID:
        return ()
    return (e.OrderExpired(at=now),)


def cancel(order: Order, command: c.CancelOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Calling off is for orders without money; where there is any, a refund is what is meant."""
    status = status_of(order)
    if status is Status.CANCELLED:
        return ()
    if status not in _CANCELLABLE:
        raise TransitionRefused(order, command, f"the order is {status}: refund it instead", code="not-cancellable")
    return (e.OrderCancelled(at=now, by=command.by, reason=command.reason),)


def refund(order: Order, command: c.RecordRefund, now: datetime) -> tuple[e.OrderEvent, ...]:
    """The money went back; every finding that waited for this decision is settled with it."""
    if isinstance(order.closing, Refunded):
        return ()
    if not any(isinstance(payment, _SAW_MONEY) for payment in order.payments):
        raise TransitionRefused(order, command, "no money was ever seen on this order", code="nothing-to-refund")
    settled = tuple(
        e.FindingResolved(at=now, finding_id=one.id, by=command.by, reason="the order was refunded")
        for one in order.findings
        if one.blocking
    )
    return (*settled, e.OrderRefunded(at=now, by=command.by, reason=command.reason))


def retry(order: Order, command: c.RetryOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Whatever is stuck is tried again; what is known to be dead is bought under a new attempt."""
    if is_final(order):
        raise TransitionRefused(order, command, f"the order is {status_of(order)}", code="nothing-to-retry")
    plans = plan_purchases(order) if order.is_settled else ()
    return (
        *resolve(order, *_RETRYABLE, subject=None, by=command.by, why=command.reason, at=now),
        *(e.ReservationPlanned(at=now, plan=plan) for plan in plans),
        e.OrderRetried(at=now, by=command.by, reason=command.reason),
    )


def resolve_finding(order: Order, command: c.ResolveFinding, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A person says that it is settled; saying it twice is saying it once."""
    if any(one.id == command.finding_id for one in order.findings):
        return (e.FindingResolved(at=now, finding_id=command.finding_id, by=command.by, reason=command.reason),)
    if command.finding_id.startswith(f"{order.id}.f"):
        return ()
    raise NotFound("finding", command.finding_id)
