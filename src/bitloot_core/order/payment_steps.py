"""
How a payment goes on: which state follows on which, event by event. Called by `transitions.evolve` alone.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Expired, Order, StillOpen
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    Invoiced,
    OpenPayment,
    Payment,
    RefusedPayment,
    ReturnedPayment,
    ReturnedStray,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
)
from bitloot_core.values.reading import PaymentWord

PaymentStep: TypeAlias = (
    e.PaymentDoubted
    | e.PaymentRefused
    | e.PaymentOpened
    | e.PaymentProgressed
    | e.PaymentFellShort
    | e.PaymentHeldForReview
    | e.PaymentSettled
    | e.PaymentReturned
    | e.PaymentVoided
)


def apply_to_payments(order: Order, event: e.PaymentIntended | e.StrayPaymentSeen | PaymentStep) -> Order:
    """Add a payment, or move one on; money on its way, or here, opens an expired order again."""
    match event:
        case e.PaymentIntended():
            if event.attempt != len(order.payments) + 1:
                raise ImpossibleEvent(order.id, event, f"the next attempt is number {len(order.payments) + 1}")
            return _with(order, IntendedPayment(attempt=event.attempt, coin=event.coin, intended_at=event.at))
        case e.StrayPaymentSeen():
            _check_stray(order, event)
            return _with(order, event.stray)
        case _:
            payment = order.payment(event.attempt)
            if payment is None:
                raise ImpossibleEvent(order.id, event, f"there is no attempt {event.attempt}")
            closing = StillOpen() if _brings_money(event) and isinstance(order.closing, Expired) else order.closing
            return attrs.evolve(_with(order, _next(order, payment, event)), closing=closing)


def _check_stray(order: Order, event: e.StrayPaymentSeen) -> None:
    stray = event.stray
    known = order.payment(stray.attempt)
    fits = isinstance(known, StrayPayment) if known else stray.attempt == len(order.payments) + 1
    if not fits or order.payment_named(stray.gateway_id) is not known:
        raise ImpossibleEvent(order.id, event, f"attempt {stray.attempt} is another payment")


def _with(order: Order, new: Payment) -> Order:
    if order.payment(new.attempt) is None:
        return attrs.evolve(order, payments=(*order.payments, new))
    return attrs.evolve(order, payments=tuple(new if old.attempt == new.attempt else old for old in order.payments))


def _brings_money(event: PaymentStep) -> bool:
    if isinstance(event, e.PaymentProgressed):
        return event.word is not PaymentWord.WAITING
    return isinstance(event, e.PaymentSettled | e.PaymentFellShort | e.PaymentHeldForReview)


def _next(order: Order, payment: Payment, event: PaymentStep) -> Payment:
    attempt = payment.attempt
    match event, payment:
        case e.PaymentDoubted(), IntendedPayment():
            return DoubtfulPayment(attempt=attempt, coin=payment.coin, intended_at=payment.intended_at)
        case e.PaymentRefused(), IntendedPayment() | DoubtfulPayment():
            return RefusedPayment(
                attempt=attempt, coin=payment.coin, code=event.code, reason=event.reason, refused_at=event.at
            )
        case e.PaymentOpened(), IntendedPayment() | DoubtfulPayment() if (
            order.payment_named(event.invoice.gateway_id) is None
        ):
            return OpenPayment(attempt=attempt, invoice=event.invoice, progress=PaymentWord.WAITING, told_at=None)
        case e.PaymentSettled(), StrayPayment():
            return AcceptedStray(
                attempt=attempt, gateway_id=payment.gateway_id, parent_id=payment.parent_id, receipt=event.receipt
            )
        case e.PaymentReturned(), SettledPayment():
            return ReturnedPayment(
                attempt=attempt, invoice=payment.invoice, receipt=payment.receipt, returned_at=event.at
            )
        case e.PaymentReturned(), AcceptedStray():
            return ReturnedStray(
                attempt=attempt,
                gateway_id=payment.gateway_id,
                parent_id=payment.parent_id,
                receipt=payment.receipt,
                returned_at=event.at,
            )
        case (
            e.PaymentProgressed()
            | e.PaymentFellShort()
            | e.PaymentHeldForReview()
            | e.PaymentSettled()
            | e.PaymentVoided(),
            OpenPayment() | ShortPayment() | ReviewedPayment() | VoidPayment(),
        ):
            return _next_invoiced(payment, event)
        case _:
            raise ImpossibleEvent(order.id, event, f"the payment is a {type(payment).__name__}")


def _next_invoiced(
    payment: Invoiced,
    event: e.PaymentProgressed | e.PaymentFellShort | e.PaymentHeldForReview | e.PaymentSettled | e.PaymentVoided,
) -> Payment:
    attempt, invoice = payment.attempt, payment.invoice
    match event:
        case e.PaymentProgressed():
            return OpenPayment(attempt=attempt, invoice=invoice, progress=event.word, told_at=event.told_at)
        case e.PaymentFellShort():
            return ShortPayment(attempt=attempt, invoice=invoice, received=event.received)
        case e.PaymentHeldForReview():
            return ReviewedPayment(attempt=attempt, invoice=invoice, received=event.received, reasons=event.reasons)
        case e.PaymentSettled():
            return SettledPayment(attempt=attempt, invoice=invoice, receipt=event.receipt)
        case e.PaymentVoided():
            return VoidPayment(
                attempt=attempt, invoice=invoice, why=event.why, received=event.received, ended_at=event.at
            )
        case never:
            assert_never(never)
