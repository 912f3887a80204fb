"""
The status words, and the one function that tells which of them an order has.
"""

from __future__ import annotations

import enum

from bitloot_core.order.order import Cancelled, Expired, Fulfilled, Order, Refunded
from bitloot_core.order.payments import (
    AcceptedStray,
    OpenPayment,
    RefusedPayment,
    ReturnedPayment,
    ReturnedStray,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.reservations import BOUGHT
from bitloot_core.values.reading import PaymentWord


class Status(enum.StrEnum):
    """The words that the outside sees."""

    CREATED = "created"
    WAITING = "waiting"
    CONFIRMING = "confirming"
    UNDERPAID = "underpaid"
    EXPIRED = "expired"
    FAILED = "failed"
    PAID = "paid"
    FULFILLING = "fulfilling"
    FULFILLED = "fulfilled"
    ATTENTION = "attention"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


PAYABLE = frozenset({Status.CREATED, Status.WAITING, Status.FAILED})
"""The words under which a buyer may try another coin, or another time."""
SETTLED = frozenset({Status.PAID, Status.FULFILLING, Status.FULFILLED})
"""The words that a payment which counted has led to."""


def status_of(order: Order) -> Status:
    """
    Derive the order's status from its parts: never `attention`, which lies over it (see `shown_status`).

    The closing decision speaks first, then money that counted, then the payment that is furthest along.
    """
    match order.closing:
        case Refunded():
            return Status.REFUNDED
        case Fulfilled():
            return Status.FULFILLED
        case Cancelled():
            return Status.CANCELLED
        case _:
            pass
    counted = SettledPayment | AcceptedStray | ReturnedPayment | ReturnedStray
    if any(isinstance(payment, counted) for payment in order.payments):
        bought = any(isinstance(res, BOUGHT) for res in order.reservations)
        return Status.FULFILLING if bought else Status.PAID
    return _before_payment(order)


def _before_payment(order: Order) -> Status:
    open_ones = [payment for payment in order.payments if isinstance(payment, OpenPayment)]
    if any(payment.progress is not PaymentWord.WAITING for payment in open_ones):
        return Status.CONFIRMING
    if any(isinstance(payment, ShortPayment) for payment in order.payments):
        return Status.UNDERPAID
    if isinstance(order.closing, Expired):
        return Status.EXPIRED
    if open_ones:
        return Status.WAITING
    return _after_all_ended(order)


def _after_all_ended(order: Order) -> Status:
    ours = [payment for payment in order.payments if not isinstance(payment, RefusedPayment | StrayPayment)]
    reasons = {payment.why for payment in ours if isinstance(payment, VoidPayment)}
    if not reasons or any(not isinstance(payment, VoidPayment) for payment in ours):
        return Status.CREATED
    return Status.EXPIRED if reasons == {VoidReason.EXPIRED} else Status.FAILED


def shown_status(order: Order) -> Status:
    """
    The status as people see it: `attention` while a blocking finding is open, else the one underneath.

    An order that has come to rest waits for nobody: a finding that was open before stays in the operator's list, and
    covers nothing.
    """
    waits = not order.at_rest and any(finding.blocking for finding in order.findings)
    return Status.ATTENTION if waits else status_of(order)
