"""
Payments that we have no name for: adopted where one of ours must be meant, put before a person everywhere else.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import events as e
from bitloot_core.order.assessment import contradictions
from bitloot_core.order.finding_steps import fresh_finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.payments import DoubtfulPayment, IntendedPayment, Invoice, Invoiced, StrayPayment
from bitloot_core.order.policy import Policy
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PROGRESS, PaymentReading, PaymentWord

_CAME_TO_NOTHING = frozenset({PaymentWord.EXPIRED, PaymentWord.FAILED, PaymentWord.CANCELLED, PaymentWord.REFUNDED})


def adopt(order: Order, reading: PaymentReading, now: datetime, policy: Policy) -> tuple[e.OrderEvent, ...]:
    """
    Take a payment for one that we asked for without hearing the answer; `()` if none of ours can be meant.

    Only for a reading that we asked the gateway for, with our order's id, price and currency, an amount due and an
    address of its own, in the coin of an attempt whose answer never came. What the reading says of money is decided
    next, as for any payment of ours.
    """
    attempt = next(
        (
            payment
            for payment in order.payments
            if isinstance(payment, IntendedPayment | DoubtfulPayment) and payment.coin == reading.coin
        ),
        None,
    )
    if attempt is None:
        return ()
    invoice = _invoice(order, reading, now, policy)
    if invoice is None or contradictions(reading, invoice, order.id):
        return ()
    if _deposited_on(order, reading) is not None:
        return ()
    return (e.PaymentOpened(at=now, attempt=attempt.attempt, invoice=invoice, adopted=True),)


def _invoice(order: Order, reading: PaymentReading, now: datetime, policy: Policy) -> Invoice | None:
    if not reading.pay_amount or reading.address is None:
        return None
    try:
        due = CoinAmount(amount=reading.pay_amount, coin=reading.coin)
    except InvalidInput:
        return None
    return Invoice(
        gateway_id=reading.gateway_id,
        price=order.total,
        due=due,
        address=reading.address,
        extra_id=reading.extra_id,
        expires_at=order.expires_at,
        void_at=now + policy.payment_lifetime,
    )


def _deposited_on(order: Order, reading: PaymentReading) -> GatewayPaymentId | None:
    """
    The payment of this order whose address a reading names: a repeated deposit, also where it does not say so.

    **Source:** NOWPayments, live answers: a payment that is read back need not tell its parent, as its notice does.
    """
    invoices = (one.invoice for one in order.payments if isinstance(one, Invoiced))
    place = (reading.address, reading.extra_id)
    return next((one.gateway_id for one in invoices if (one.address, one.extra_id) == place), None)


def record_stray(
    order: Order, reading: PaymentReading, known: StrayPayment | None, now: datetime
) -> tuple[e.OrderEvent, ...]:
    """
    Attach a payment that we did not open, and tell a person: a repeated deposit never pays an order by itself.

    **Source:** NOWPayments documentation, repeated deposits: never deliver automatically on any of them.
    """
    received = CoinAmount(amount=reading.actually_paid, coin=reading.coin)
    stray = StrayPayment(
        attempt=known.attempt if known else len(order.payments) + 1,
        gateway_id=reading.gateway_id,
        parent_id=reading.parent_id,
        received=received,
        word=reading.word,
        reasons=_reasons(order, reading),
    )
    if known is not None and _is_old(known, stray):
        return ()
    seen = e.StrayPaymentSeen(at=now, stray=stray)
    if not received.amount and stray.word in _CAME_TO_NOTHING:
        over = resolve(
            order, FindingReason.PAYMENT_STRAY, subject=stray.gateway_id, by="system", why="nothing came of it", at=now
        )
        return (seen, *over)
    return (
        seen,
        *fresh_finding(
            order,
            FindingReason.PAYMENT_STRAY,
            stray.gateway_id,
            f"{received} came with a payment that we did not open ({reading.raw_word}): {'; '.join(stray.reasons)}.",
            at=now,
            blocking=bool(received.amount) and not order.is_settled,
            amount=str(received),
        ),
    )


def _is_old(known: StrayPayment, told: StrayPayment) -> bool:
    """Whether a reading is no news: the same again, less money than was seen, or a step back."""
    if known == told or known.received.amount > told.received.amount:
        return True
    back = told.word in PROGRESS and PROGRESS.get(known.word, len(PROGRESS)) > PROGRESS[told.word]
    return back and known.received == told.received


def _reasons(order: Order, reading: PaymentReading) -> tuple[str, ...]:
    parent_id = reading.parent_id or _deposited_on(order, reading)
    if parent_id is not None:
        return (f"it is a repeated deposit of payment {parent_id}",)
    if reading.order_ref != order.id:
        return ("it names another order",)
    return ("no attempt of this order is without an answer",)
