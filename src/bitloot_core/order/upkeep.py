"""
What an order needs done, read off its state alone.

Every job is committed together with the event that calls for it (`effects`). This is the same knowledge from the other
side: whoever has lost jobs (with a backup that was put back, say) asks the order, and asks for them again. Nothing here
decides about money: a job that is asked for once too often finds that there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from bitloot_core.order.effects import first_look
from bitloot_core.order.jobs import FIRST, JobName, JobRequest, MailKind, mail_ref, payment_ref, return_ref
from bitloot_core.order.order import Cancelled, Expired, Fulfilled, LiveLink, Order, Refunded
from bitloot_core.order.payments import OpenPayment, Payment, ReviewedPayment, ShortPayment, VoidPayment
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
)
from bitloot_core.order.returns import AskedReturn
from bitloot_core.order.status import Status, status_of

Watched: TypeAlias = OpenPayment | ShortPayment | ReviewedPayment | VoidPayment
WATCHED = (OpenPayment, ShortPayment, ReviewedPayment, VoidPayment)
"""The payments that can still bring money, or bring more."""
Waiting: TypeAlias = PlannedReservation | ClaimedReservation | DoubtfulReservation
WAITING = (PlannedReservation, ClaimedReservation, DoubtfulReservation)
"""The purchases that are to be made, or that nobody knows about yet."""
MEMORY = timedelta(days=3)
"""
How long a job that leaves no trace in its order (a mail) can be missed.

Shorter than jobs that are done are kept, so that one that was done is not asked for again.
"""
_HOPEFUL = frozenset({Status.CREATED, Status.WAITING, Status.CONFIRMING, Status.UNDERPAID})
_UNPAID = frozenset({Status.CREATED, Status.WAITING})


@attrs.frozen(kw_only=True)
class Need:
    """
    A job that an order's state calls for.

    Attributes:
        once: whether it is enough that it was asked for at some time, because its end changes nothing in the order;
            any other job must live as long as the state calls for it.
    """

    job: JobRequest
    once: bool = False


def needs_of(order: Order, *, now: datetime, policy: Policy) -> tuple[Need, ...]:
    """
    Every job that the order's state calls for, due when its first run makes sense.

    An order that waits for a person's answer, or for nothing, calls for none.
    """
    return (
        *_expiry(order, now),
        *_looks_at_payments(order, now, policy),
        *_purchases(order, now),
        *_looks_at_purchases(order, now, policy),
        *_mails(order, now, policy),
        *_returns(order, now),
    )


def may_expire(order: Order) -> bool:
    """Whether the order's time can run out: nobody has paid, nothing has closed it, and no money was seen on it."""
    return status_of(order) in _UNPAID and not order.holds_money


def is_over(payment: Payment, *, now: datetime, policy: Policy) -> bool:
    """Whether nobody asks the gateway about a payment any more."""
    return not isinstance(payment, WATCHED) or now > payment.invoice.void_at + policy.payment_afterlife


def is_left_hanging(order: Order, *, now: datetime, policy: Policy) -> bool:
    """Whether an order still hopes for money that nobody asks about any more, and nobody was told."""
    hopes = status_of(order) in _HOPEFUL and not order.findings
    return hopes and all(is_over(payment, now=now, policy=policy) for payment in order.payments)


def is_given_up(order: Order) -> bool:
    """
    Whether the buyer is probably gone: such an order is looked at seldom, so that many of them hold up nobody else.

    **Source:** NOWPayments' limits are for the whole shop; expired payments are worth a look an hour.
    """
    return isinstance(order.closing, Expired | Cancelled)


def _calls(order: Order, name: JobName, ref: str, due_at: datetime, *, once: bool = False) -> Iterator[Need]:
    """Call for a job, unless it was given up and a person's answer is waited for, which asks for it again."""
    if not any(one.subject == f"{name}:{ref}" for one in order.findings):
        yield Need(job=JobRequest(name=name, ref=ref, order_id=order.id, due_at=due_at), once=once)


def _expiry(order: Order, now: datetime) -> Iterator[Need]:
    if may_expire(order):
        yield from _calls(order, JobName.EXPIRE, order.id, max(now, order.expires_at))


def _looks_at_payments(order: Order, now: datetime, policy: Policy) -> Iterator[Need]:
    # Many were given up for each that was not, and the gateway answers two questions a second: they can wait.
    due_at = now + policy.payment_poll[-1] if is_given_up(order) else now
    hanging = is_left_hanging(order, now=now, policy=policy)
    for payment in order.payments:
        if isinstance(payment, WATCHED) and (hanging or not is_over(payment, now=now, policy=policy)):
            yield from _calls(order, JobName.CHECK_PAYMENT, payment_ref(order.id, payment.attempt), due_at)


def _purchases(order: Order, now: datetime) -> Iterator[Need]:
    for res in order.reservations:
        if isinstance(res, WAITING) and _is_wanted(order, res):
            yield from _calls(order, JobName.RESERVE, res.plan.ref, now)


def _is_wanted(order: Order, res: Waiting) -> bool:
    if isinstance(order.closing, Cancelled | Refunded):
        # It may have gone through all the same, and counts as money in doubt until it is given up; never sent again.
        return isinstance(res, ClaimedReservation | DoubtfulReservation)
    if any(one.subject == res.plan.ref for one in order.findings):
        return False  # whoever was told answers
    return order.is_settled or not any(one.blocking for one in order.findings)


def _looks_at_purchases(order: Order, now: datetime, policy: Policy) -> Iterator[Need]:
    name = JobName.CHECK_RESERVATION
    for res in order.reservations:
        ref = res.plan.ref
        match res:
            case PlacedReservation():
                yield from _calls(order, name, ref, max(now, first_look(res.plan, res.placed_at, policy)))
            case CompletedReservation() if order.unconfirmed(res.plan.number):
                if now - res.completed_at < min(policy.supplier_alarm, MEMORY):
                    yield from _calls(order, name, ref, now, once=True)
            case _:
                pass


def _returns(order: Order, now: datetime) -> Iterator[Need]:
    for one in order.returns:
        if isinstance(one, AskedReturn):
            yield from _calls(order, JobName.RETURN_KEYS, return_ref(order.id, one.supplier_order_id), now)


def _mails(order: Order, now: datetime, policy: Policy) -> Iterator[Need]:
    link = order.link
    if not isinstance(link, LiveLink) or not order.may_reveal or not order.held or order.email is None:
        return
    if isinstance(order.closing, Fulfilled):
        since = due_at = max(order.closing.at, link.issued_at)
        ref = mail_ref(order.id, MailKind.DELIVERY, link.id)
    else:
        since, due_at = link.issued_at, link.issued_at + policy.partly_ready
        ref = mail_ref(order.id, MailKind.PARTLY, FIRST)
    if now - since < MEMORY:
        yield from _calls(order, JobName.SEND_MAIL, ref, max(now, due_at), once=True)
