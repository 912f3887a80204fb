"""
What must now be done outside: jobs, and entries in the ledger. Both are committed with the events behind them.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from bitloot_core.order import events as e
from bitloot_core.order.jobs import JobName, JobRequest, MailKind, mail_ref, payment_ref
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import LiveLink, Order
from bitloot_core.order.payments import (
    AcceptedStray,
    OpenPayment,
    Payment,
    ReturnedPayment,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    gateway_id_of,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import (
    ClaimedReservation,
    DoubtfulReservation,
    PlacedReservation,
    Plan,
    PlannedReservation,
)
from bitloot_core.values.money import CoinAmount, Money


def effects_of(event: e.OrderEvent, order: Order, policy: Policy) -> tuple[JobRequest, ...]:
    """
    The jobs that follow from an event.

    Args:
        order: the order with the event already applied.
    """
    match event:
        case e.OrderPlaced():
            return (_job(order, JobName.EXPIRE, order.id, event.expires_at),)
        case e.PaymentOpened():
            return (_check_payment(order, event.attempt, event.at + policy.payment_poll[0]),)
        case e.ReservationPlanned():
            return (_job(order, JobName.RESERVE, event.plan.ref, event.at),)
        case e.ReservationPlaced():
            plan = _plan(order, event.number)
            first = first_look(plan, event.at, policy)
            return (_job(order, JobName.CHECK_RESERVATION, plan.ref, first),)
        case e.KeyHeld() if len(order.held) == 1 and order.owed:
            ref = mail_ref(order.id, MailKind.PARTLY, "first")
            return (_job(order, JobName.SEND_MAIL, ref, event.at + policy.partly_ready),)
        case e.OrderFulfilled():
            return _delivery_mail(order, event.at)
        case e.LinkIssued() if event.by != "system":
            kind = MailKind.PARTLY if order.owed else MailKind.DELIVERY
            return (_job(order, JobName.SEND_MAIL, mail_ref(order.id, kind, event.link_id), event.at),)
        case e.OrderRetried():
            return _everything_stuck(order, event.at)
        case _:
            return ()


def first_look(plan: Plan, placed_at: datetime, policy: Policy) -> datetime:
    """When a placed purchase is looked at first: soon, or, for a preorder, when it is released."""
    soon = placed_at + policy.supplier_poll[0]
    if plan.release_date is None:
        return soon
    return max(soon, datetime.combine(plan.release_date, time.min, tzinfo=UTC))


def _plan(order: Order, number: int) -> Plan:
    return next(res.plan for res in order.reservations if res.plan.number == number)


def _job(order: Order, name: JobName, ref: str, due_at: datetime) -> JobRequest:
    return JobRequest(name=name, ref=ref, order_id=order.id, due_at=due_at)


def _check_payment(order: Order, attempt: int, due_at: datetime) -> JobRequest:
    return _job(order, JobName.CHECK_PAYMENT, payment_ref(order.id, attempt), due_at)


def _delivery_mail(order: Order, at: datetime) -> tuple[JobRequest, ...]:
    if not isinstance(order.link, LiveLink):
        return ()
    return (_job(order, JobName.SEND_MAIL, mail_ref(order.id, MailKind.DELIVERY, order.link.id), at),)


def _everything_stuck(order: Order, at: datetime) -> tuple[JobRequest, ...]:
    jobs: list[JobRequest] = [
        _check_payment(order, payment.attempt, at) for payment in order.payments if isinstance(payment, OpenPayment)
    ]
    for res in order.reservations:
        match res:
            case PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
                jobs.append(_job(order, JobName.RESERVE, res.plan.ref, at))
            case PlacedReservation():
                jobs.append(_job(order, JobName.CHECK_RESERVATION, res.plan.ref, at))
            case _:
                pass
    return tuple(jobs)


# ------------------------------------------------------------------------------------------------------------- ledger


def entries_of(event: e.OrderEvent, before: Order, after: Order) -> tuple[LedgerEntry, ...]:
    """
    The money that an event shows to have moved.

    Args:
        before: the order without the event; `after`: with it.
    """
    match event:
        case e.PaymentSettled() | e.PaymentFellShort() | e.PaymentHeldForReview():
            return _received(before.payment(event.attempt), after.payment(event.attempt), after, event.at)
        case e.StrayPaymentSeen():
            return _received(before.payment(event.stray.attempt), event.stray, after, event.at)
        case e.PaymentReturned():
            payment = after.payment(event.attempt)
            return _returned(payment, after, event.at) if isinstance(payment, ReturnedPayment) else ()
        case e.ReservationPlaced():
            return (_entry(after, LedgerKind.CHARGED, event.supplier_order_id, event.charged, event.at),)
        case e.OrderRefunded():
            return (_entry(after, LedgerKind.REFUNDED, after.id, after.total, event.at),)
        case _:
            return ()


def _received(before: Payment | None, after: Payment | None, order: Order, at: datetime) -> tuple[LedgerEntry, ...]:
    """What has come since the last look: a top-up of a short payment is an entry of its own."""
    if after is None or (gateway_id := gateway_id_of(after)) is None:
        return ()
    total = _received_by(after)
    news = total.amount - _received_by(before).amount
    if news <= 0:
        return ()
    name = gateway_id if news == total.amount else f"{gateway_id}+{total.text}"
    return (
        LedgerEntry(
            order_id=order.id, kind=LedgerKind.RECEIVED, external_id=name, amount=news, currency=total.coin, at=at
        ),
    )


def _received_by(payment: Payment | None) -> CoinAmount:
    match payment:
        case ShortPayment() | ReviewedPayment() | StrayPayment():
            return payment.received
        case SettledPayment() | AcceptedStray() | ReturnedPayment():
            return payment.receipt.received
        case _:
            return CoinAmount(amount=Decimal(0), coin="none")


def _returned(payment: ReturnedPayment, order: Order, at: datetime) -> tuple[LedgerEntry, ...]:
    received = payment.receipt.received
    return (
        LedgerEntry(
            order_id=order.id,
            kind=LedgerKind.REFUNDED,
            external_id=payment.invoice.gateway_id,
            amount=received.amount,
            currency=received.coin,
            at=at,
        ),
    )


def _entry(order: Order, kind: LedgerKind, external_id: str, money: Money, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        order_id=order.id, kind=kind, external_id=external_id, amount=money.amount, currency=money.currency, at=at
    )
