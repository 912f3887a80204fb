"""
What follows once a payment counts: the purchase is planned in the same breath, or a person is told why not.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import events as e
from bitloot_core.order.finding_steps import finding, resolve
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Cancelled, Order, Refunded
from bitloot_core.order.payments import (
    OpenPayment,
    Receipt,
    ReviewedPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    name_of,
)
from bitloot_core.order.purchase import plan_purchases
from bitloot_core.values.money import CoinAmount


def settle(
    order: Order,
    payment: OpenPayment | ShortPayment | ReviewedPayment | VoidPayment | StrayPayment,
    received: CoinAmount,
    *,
    by: str,
    surplus: CoinAmount | None,
    now: datetime,
) -> tuple[e.OrderEvent, ...]:
    """
    Let a payment count.

    Args:
        by: "gateway", or the person who accepted it.
        surplus: what came beyond the price, if anything.
    """
    gateway_id = name_of(payment)
    receipt = Receipt(received=received, settled_at=now, accepted_by=by)
    settled = (
        e.PaymentSettled(at=now, attempt=payment.attempt, receipt=receipt),
        *resolve(
            order,
            FindingReason.PAYMENT_SHORT,
            FindingReason.PAYMENT_MISMATCH,
            FindingReason.PAYMENT_STRAY,
            FindingReason.PAYMENT_STATUS,
            FindingReason.PAYMENT_UNKNOWN,
            subject=gateway_id,
            by=by,
            why="the payment counts",
            at=now,
        ),
        *resolve(
            order, FindingReason.PAYMENT_RETURNED, subject=None, by=by, why="another payment counts instead", at=now
        ),
    )
    told = _what_to_tell(order, gateway_id, received, now)
    if not order.is_settled and not isinstance(order.closing, Cancelled | Refunded):
        settled += _planned(order, by, now)
    if surplus is not None:
        told += finding(
            order,
            FindingReason.PAYMENT_SURPLUS,
            gateway_id,
            f"{received} arrived, {surplus} more than was due.",
            at=now,
            blocking=False,
            amount=str(surplus),
            after=told,
        )
    return (*settled, *told)


def _planned(order: Order, by: str, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Buy whatever is owed; that an earlier purchase brought nothing is answered with it."""
    plans = plan_purchases(order)
    answered = resolve(
        order,
        FindingReason.SUPPLIER_REFUSED,
        FindingReason.PRICE_ABOVE_CAP,
        FindingReason.SUPPLIER_CANCELLED,
        subject=None,
        by=by,
        why="bought anew: another payment counts",
        at=now,
    )
    return (*(e.ReservationPlanned(at=now, plan=plan) for plan in plans), *(answered if plans else ()))


def _what_to_tell(order: Order, gateway_id: str, received: CoinAmount, now: datetime) -> tuple[e.OrderEvent, ...]:
    """Tell a person where the money cannot lead to a purchase."""
    if isinstance(order.closing, Cancelled | Refunded):
        word = "cancelled" if isinstance(order.closing, Cancelled) else "refunded"
        reason, text = (
            FindingReason.PAYMENT_LATE,
            f"A payment settled after the order was {word}; it is to be refunded.",
        )
    elif order.is_settled:
        reason, text = FindingReason.PAYMENT_SECOND, "A second payment settled for an order that was paid already."
    else:
        return ()
    return finding(order, reason, gateway_id, text, at=now, blocking=False, amount=str(received))
