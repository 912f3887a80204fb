"""
Decisions about payments. What reports money is never refused: it leads to a state, or to a finding that shows it.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.assessment import (
    Contradicts,
    Ended,
    FallsShort,
    OnItsWay,
    Settles,
    Strange,
    Verdict,
    assess,
)
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    OpenPayment,
    Payment,
    RefusedPayment,
    ReturnedPayment,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.settlement import settle
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.strays import adopt, record_stray
from bitloot_core.order.transitions import evolve_all
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PROGRESS, PaymentReading, PaymentWord

MOST_ATTEMPTS = 10
_PAYABLE = frozenset({Status.CREATED, Status.WAITING, Status.FAILED})


def must_read_back(order: Order, reading: PaymentReading) -> bool:
    """
    Whether a notice's claim has to be checked with the gateway before it counts.

    Only "on its way" about a payment that we know is taken at its word: it moves nothing but a progress bar.
    """
    return reading.word not in PROGRESS or order.payment_named(reading.gateway_id) is None


def intend(order: Order, command: c.IntendPayment, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A buyer may try another coin until money is on its way."""
    status = status_of(order)
    if status not in _PAYABLE:
        raise TransitionRefused(order, command, f"the order is {status}; it takes no new payment", code="not-payable")
    if len(order.payments) >= MOST_ATTEMPTS:
        raise TransitionRefused(order, command, "too many payments were opened for this order", code="not-payable")
    return (e.PaymentIntended(at=now, attempt=len(order.payments) + 1, coin=command.coin),)


def record_invoice(order: Order, command: c.RecordInvoice, now: datetime) -> tuple[e.OrderEvent, ...]:
    """The gateway's answer; the same answer twice is one, and a second one for the attempt is a stray payment."""
    payment = order.payment(command.attempt)
    match payment:
        case IntendedPayment() | DoubtfulPayment():
            return (e.PaymentOpened(at=now, attempt=command.attempt, invoice=command.invoice),)
        case _:
            pass
    if order.payment_named(command.invoice.gateway_id) is not None:
        return ()
    return finding(
        order,
        FindingReason.PAYMENT_UNKNOWN,
        command.invoice.gateway_id,
        "The gateway opened a second payment for one attempt; money may arrive on either.",
        at=now,
        blocking=False,
        amount=str(command.invoice.price),
    )


def record_no_invoice(
    order: Order, command: c.RecordPaymentDoubt | c.RecordPaymentRefusal, now: datetime
) -> tuple[e.OrderEvent, ...]:
    """No answer, or a no; harmless once the attempt has gone on (an IPN was quicker)."""
    match order.payment(command.attempt), command:
        case IntendedPayment(), c.RecordPaymentDoubt():
            return (e.PaymentDoubted(at=now, attempt=command.attempt),)
        case IntendedPayment() | DoubtfulPayment(), c.RecordPaymentRefusal():
            return (e.PaymentRefused(at=now, attempt=command.attempt, code=command.code, reason=command.reason),)
        case _:
            return ()


def record_reading(order: Order, command: c.RecordReading, now: datetime, policy: Policy) -> tuple[e.OrderEvent, ...]:
    """What the gateway says of one payment, whatever it is and however late."""
    reading = command.reading
    payment = order.payment_named(reading.gateway_id)
    if not command.read_back and must_read_back(order, reading):
        return ()
    if payment is not None:
        return _follow(order, payment, reading, now, policy)
    adopted = adopt(order, reading, now, policy)
    if not adopted:
        return record_stray(order, reading, None, now)
    return (*adopted, *record_reading(evolve_all(order, adopted), command, now, policy))


def _follow(
    order: Order, payment: Payment, reading: PaymentReading, now: datetime, policy: Policy
) -> tuple[e.OrderEvent, ...]:
    """Apply a reading to the payment that it names."""
    match payment:
        case StrayPayment():
            return record_stray(order, reading, payment, now)
        case SettledPayment():
            return _after_settlement(order, payment, reading, now)
        case OpenPayment() | ShortPayment() | ReviewedPayment() | VoidPayment():
            verdict = assess(reading, payment.invoice, order.id, tolerance_percent=policy.tolerance_percent)
            return _judge(order, payment, reading, verdict, now)
        case IntendedPayment() | DoubtfulPayment() | RefusedPayment() | AcceptedStray() | ReturnedPayment():
            return ()
        case never:
            assert_never(never)


def _judge(
    order: Order,
    payment: OpenPayment | ShortPayment | ReviewedPayment | VoidPayment,
    reading: PaymentReading,
    verdict: Verdict,
    now: datetime,
) -> tuple[e.OrderEvent, ...]:
    match verdict:
        case OnItsWay():
            return _progress(payment, verdict, reading, now)
        case Settles():
            return settle(order, payment, verdict.received, by="gateway", surplus=verdict.surplus, now=now)
        case FallsShort():
            return _fall_short(order, payment, verdict.received, now)
        case Contradicts():
            return _hold_for_review(order, payment, verdict, now)
        case Ended():
            return _end(order, payment, verdict, now)
        case Strange():
            return finding(
                order,
                FindingReason.PAYMENT_STATUS,
                f"{reading.gateway_id}:{verdict.raw_word}",
                f"The gateway calls the payment {verdict.raw_word!r}, which this program does not know.",
                at=now,
                blocking=True,
                amount=str(verdict.received) if verdict.received.amount else None,
            )
        case never:
            assert_never(never)


def _progress(payment: Payment, verdict: OnItsWay, reading: PaymentReading, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Move along, never back: a lower word that comes later is an old message."""
    match payment:
        case OpenPayment() if PROGRESS[verdict.word] > PROGRESS[payment.progress]:
            pass
        case VoidPayment(why=VoidReason.EXPIRED) if verdict.word is not PaymentWord.WAITING:
            pass
        case _:
            return ()
    return (e.PaymentProgressed(at=now, attempt=payment.attempt, word=verdict.word, told_at=reading.updated_at),)


def _fall_short(
    order: Order,
    payment: OpenPayment | ShortPayment | ReviewedPayment | VoidPayment,
    received: CoinAmount,
    now: datetime,
) -> tuple[e.OrderEvent, ...]:
    if isinstance(payment, ShortPayment) and payment.received == received:
        return ()
    due = payment.invoice.due
    return (
        e.PaymentFellShort(at=now, attempt=payment.attempt, received=received),
        *finding(
            order,
            FindingReason.PAYMENT_SHORT,
            payment.invoice.gateway_id,
            f"{received} arrived, {due} was due.",
            at=now,
            blocking=False,
            amount=str(received),
        ),
    )


def _hold_for_review(
    order: Order,
    payment: OpenPayment | ShortPayment | ReviewedPayment | VoidPayment,
    verdict: Contradicts,
    now: datetime,
) -> tuple[e.OrderEvent, ...]:
    same = (
        isinstance(payment, ReviewedPayment)
        and payment.received == verdict.received
        and payment.reasons == verdict.reasons
    )
    if same:
        return ()
    return (
        e.PaymentHeldForReview(at=now, attempt=payment.attempt, received=verdict.received, reasons=verdict.reasons),
        *finding(
            order,
            FindingReason.PAYMENT_MISMATCH,
            payment.invoice.gateway_id,
            f"A payment is not as we asked: {'; '.join(verdict.reasons)}.",
            at=now,
            blocking=not order.is_settled,
            amount=str(verdict.received),
        ),
    )


def _end(
    order: Order, payment: OpenPayment | ShortPayment | ReviewedPayment | VoidPayment, verdict: Ended, now: datetime
) -> tuple[e.OrderEvent, ...]:
    if isinstance(payment, VoidPayment) and payment.why is verdict.why:
        return ()
    if isinstance(payment, ShortPayment | ReviewedPayment) and verdict.why in {VoidReason.EXPIRED, VoidReason.FAILED}:
        return ()  # money was seen on it: a late "expired" is an old message
    voided = e.PaymentVoided(at=now, attempt=payment.attempt, why=verdict.why)
    if not verdict.received.amount or verdict.why is VoidReason.REFUNDED:
        gateway_id = payment.invoice.gateway_id
        settled = (FindingReason.PAYMENT_SHORT, FindingReason.PAYMENT_MISMATCH)
        return (
            voided,
            *resolve(order, *settled, subject=gateway_id, by="system", why=f"the gateway {verdict.why} it", at=now),
        )
    return (
        voided,
        *finding(
            order,
            FindingReason.PAYMENT_STATUS,
            f"{payment.invoice.gateway_id}:{verdict.why}",
            f"The payment is {verdict.why}, and yet {verdict.received} arrived.",
            at=now,
            blocking=False,
            amount=str(verdict.received),
        ),
    )


def _after_settlement(
    order: Order, payment: SettledPayment, reading: PaymentReading, now: datetime
) -> tuple[e.OrderEvent, ...]:
    """Settled stays settled, whatever old messages say; only a refund takes the money away again."""
    if reading.word is not PaymentWord.REFUNDED:
        return ()
    return (
        e.PaymentReturned(at=now, attempt=payment.attempt),
        *finding(
            order,
            FindingReason.PAYMENT_RETURNED,
            payment.invoice.gateway_id,
            "A payment that had settled was sent back to the payer by the gateway.",
            at=now,
            blocking=True,
            amount=str(payment.receipt.received),
        ),
    )


def accept(order: Order, command: c.AcceptPayment, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A person lets a short, strange or stray payment count."""
    payment = order.payment_named(command.gateway_id)
    match payment:
        case ShortPayment() | ReviewedPayment() | StrayPayment():
            return settle(order, payment, payment.received, by=command.by, surplus=None, now=now)
        case SettledPayment() | AcceptedStray():
            return ()
        case _:
            raise TransitionRefused(order, command, "no such payment waits for a decision", code="nothing-to-accept")
