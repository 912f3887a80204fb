"""
Decisions about payments. What reports money is never refused: it leads to a state, or to a finding that shows it.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.decide_reading import follow
from bitloot_core.order.finding_steps import finding
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.forgetting import is_for_nobody
from bitloot_core.order.order import Cancelled, Order, Refunded
from bitloot_core.order.payable import why_not_payable
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    is_returned,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.settlement import settle
from bitloot_core.order.strays import adopt, record_stray
from bitloot_core.order.transitions import evolve_all
from bitloot_core.values.reading import PROGRESS, PaymentReading, PaymentWord


def must_read_back(order: Order, reading: PaymentReading) -> bool:
    """
    Whether a notice's claim has to be checked with the gateway before it counts.

    Only "on its way" about a payment that we opened is taken at its word: it moves nothing but a progress bar.
    """
    payment = order.payment_named(reading.gateway_id)
    return reading.word not in PROGRESS or payment is None or isinstance(payment, StrayPayment)


def intend(order: Order, command: c.IntendPayment, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A buyer may try another coin, unless something speaks against it: see `why_not_payable`."""
    refusal = why_not_payable(order, now)
    if refusal is not None:
        raise TransitionRefused(order, command, refusal.reason, code=refusal.code)
    return (e.PaymentIntended(at=now, attempt=len(order.payments) + 1, coin=command.coin),)


def record_invoice(order: Order, command: c.RecordInvoice, now: datetime) -> tuple[e.OrderEvent, ...]:
    """The gateway's answer; the same answer twice is one, and a second one for the attempt is a stray payment."""
    if order.payment_named(command.invoice.gateway_id) is not None:
        return ()
    if isinstance(order.payment(command.attempt), IntendedPayment | DoubtfulPayment):
        return (e.PaymentOpened(at=now, attempt=command.attempt, invoice=command.invoice),)
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
        return follow(order, payment, reading, now, policy)
    adopted = adopt(order, reading, now, policy)
    if not adopted:
        return record_stray(order, reading, None, now)
    return (*adopted, *record_reading(evolve_all(order, adopted), command, now, policy))


def accept(order: Order, command: c.AcceptPayment, now: datetime) -> tuple[e.OrderEvent, ...]:
    """A person lets a short, strange or stray payment count: money that is here, on an order that can still use it."""
    payment = order.payment_named(command.gateway_id)
    if is_for_nobody(order):
        raise TransitionRefused(order, command, "there is nobody to deliver to any more", code="buyer-forgotten")
    match payment:
        case SettledPayment() | AcceptedStray():
            return ()
        case ShortPayment() | ReviewedPayment() | StrayPayment() | VoidPayment() if _can_count(order, payment):
            return settle(order, payment, payment.received, by=command.by, surplus=None, now=now)
        case _:
            raise TransitionRefused(order, command, "no such payment waits for a decision", code="nothing-to-accept")


def _can_count(order: Order, payment: ShortPayment | ReviewedPayment | StrayPayment | VoidPayment) -> bool:
    """Nothing counts on a closed order; what never came or went back counts nowhere, save that a person saw it come."""
    if isinstance(order.closing, Cancelled | Refunded):
        return False
    match payment:
        case ReviewedPayment():
            return True  # "finished" with nothing paid is what the sandbox says of a good payment
        case StrayPayment():
            return bool(payment.received.amount) and payment.word is not PaymentWord.REFUNDED
        case _:
            return bool(payment.received.amount) and not is_returned(payment)
