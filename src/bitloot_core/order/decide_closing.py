"""
Decisions that close an order or start it again, and those of a person about findings.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.decide_staff import refuse_parked, settle_parking, unpark
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order, Refunded
from bitloot_core.order.purchase import plan_purchases
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.staff_commands import UnparkOrder
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.upkeep import may_expire
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import finding_id

_CANCELLABLE = frozenset({Status.CREATED, Status.WAITING, Status.EXPIRED, Status.FAILED})
_RETRYABLE = frozenset(
    {
        FindingReason.SUPPLIER_REFUSED,
        FindingReason.PRICE_ABOVE_CAP,
        FindingReason.SUPPLIER_CANCELLED,
        FindingReason.SUPPLIER_DOUBT,
        FindingReason.KEY_UNREADABLE,
    }
)
_UNBOUGHT = frozenset({FindingReason.SUPPLIER_REFUSED, FindingReason.PRICE_ABOVE_CAP, FindingReason.SUPPLIER_CANCELLED})
_SENT_BACK = frozenset({FindingReason.PAYMENT_RETURNED})
"""What else shows that keys are owed once no payment counts any more."""
_ABOUT_MONEY = frozenset(reason for reason in FindingReason if reason.startswith("payment-"))


def expire(order: Order, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Only an order on which no money was seen, and only after its time."""
    return (e.OrderExpired(at=now),) if may_expire(order) and now >= order.expires_at else ()


def cancel(order: Order, command: c.CancelOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Calling off is for orders without money; where there is any, a refund is what is meant."""
    status = status_of(order)
    if status is Status.CANCELLED:
        return ()
    if status not in _CANCELLABLE:
        raise TransitionRefused(order, command, f"the order is {status}: refund it instead", code="not-cancellable")
    if order.holds_money:
        raise TransitionRefused(order, command, "money came for it: refund it instead", code="not-cancellable")
    settled = settle_parking(order, by=command.by, why="the order was cancelled", at=now)
    return (*settled, e.OrderCancelled(at=now, by=command.by, reason=command.reason))


def refund(order: Order, command: c.RecordRefund, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    The money went back, all of it; every finding that waited for this decision is settled with it.

    Recording it twice is recording it once, save where money came after the first: that went back, too.
    """
    if isinstance(order.closing, Refunded) and not any(one.reason in _ABOUT_MONEY for one in order.findings):
        return ()
    if not order.saw_money:
        raise TransitionRefused(order, command, "no money was ever seen on this order", code="nothing-to-refund")
    settled = tuple(
        e.FindingResolved(at=now, finding_id=one.id, by=command.by, reason="the order was refunded")
        for one in order.findings
        if one.blocking or one.reason in _ABOUT_MONEY or one.reason is FindingReason.PARKED
    )
    return (*settled, e.OrderRefunded(at=now, by=command.by, reason=command.reason))


def retry(order: Order, command: c.RetryOrder, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Whatever is stuck is tried again; what is known to be dead is bought under a new attempt."""
    if order.is_over:
        raise TransitionRefused(order, command, f"the order is {status_of(order)}", code="nothing-to-retry")
    refuse_parked(order, command)
    plans = plan_purchases(order) if order.is_settled else ()
    answered = tuple(one for one in order.findings if _is_tried_again(order, one))
    return (
        *(e.FindingResolved(at=now, finding_id=one.id, by=command.by, reason=command.reason) for one in answered),
        *(e.ReservationPlanned(at=now, plan=plan) for plan in plans),
        e.OrderRetried(at=now, by=command.by, reason=command.reason),
    )


def _is_tried_again(order: Order, finding: Finding) -> bool:
    """
    Whether a retry answers a finding.

    A mail that never went is not sent by it: a fresh link is what sends it. Nor is anything bought without money: that
    keys are owed which nothing brings is then still to be seen.
    """
    if finding.reason in _UNBOUGHT and not order.is_settled and order.unbought:
        return False
    if finding.reason is FindingReason.DEAD_JOB:
        return not finding.subject.startswith(f"{JobName.SEND_MAIL}:")
    return finding.reason in _RETRYABLE


def resolve_finding(order: Order, command: c.ResolveFinding, now: datetime) -> tuple[e.OrderEvent, ...]:
    """
    A person says that it is settled; saying it twice is saying it once.

    Not while it is what shows that keys which were paid for are owed and nothing is going to bring them, or that money
    waits for a decision: settling those is to retry, to accept or to refund.
    """
    found = next((one for one in order.findings if one.id == command.finding_id), None)
    if found is None:
        if command.finding_id in _ever_opened(order):
            return ()
        raise NotFound("finding", command.finding_id)
    if found.reason is FindingReason.PARKED:
        return unpark(order, UnparkOrder(by=command.by, reason=command.reason), now)
    shows_owed = _UNBOUGHT if order.is_settled else _UNBOUGHT | _SENT_BACK
    if order.unbought and not order.is_over and found.reason in shows_owed:
        raise TransitionRefused(order, command, "paid keys are still owed: retry or refund", code="still-owed")
    if _is_all_that_shows_money(order, found):
        raise TransitionRefused(order, command, "its money waits: accept it or record a refund", code="money-waits")
    return (e.FindingResolved(at=now, finding_id=command.finding_id, by=command.by, reason=command.reason),)


def _is_all_that_shows_money(order: Order, found: Finding) -> bool:
    waits = order.holds_money and not order.is_settled and not order.at_rest
    others = any(one.reason in _ABOUT_MONEY for one in order.findings if one.id != found.id)
    return waits and found.reason in _ABOUT_MONEY and not others


def _ever_opened(order: Order) -> set[str]:
    return {finding_id(order.id, number) for number in range(1, order.findings_opened + 1)}
