"""
The one question whether an order takes another payment: whoever offers a coin asks what whoever opens a payment asks.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.order.order import Order, StillOpen, UnnamedBuyer
from bitloot_core.order.payments import ReviewedPayment, StrayPayment, received_of
from bitloot_core.order.status import PAYABLE, Status, status_of

MOST_ATTEMPTS = 10


@attrs.frozen(kw_only=True)
class NotPayable:
    """
    Why an order takes no other payment.

    Attributes:
        code: a stable word for programs.
        reason: a clause for people.
    """

    code: str
    reason: str


def why_not_payable(order: Order, now: datetime) -> NotPayable | None:
    """
    Why the buyer may not try (another) coin now; None if they may.

    They may until money is on its way, and a payment that expired before the order did is no end. While a person
    decides about money that may have come, a second payment could be one too many.
    """
    status = status_of(order)
    another_try = status is Status.EXPIRED and isinstance(order.closing, StillOpen) and now < order.expires_at
    if status not in PAYABLE and not another_try:
        return _refused(f"the order is {status}; it takes no new payment")
    if isinstance(order.buyer, UnnamedBuyer):
        return _refused("there is nobody to deliver to any more", code="buyer-forgotten")
    if any(isinstance(one, ReviewedPayment | StrayPayment) and received_of(one) for one in order.payments):
        return _refused("money on it waits for a person's decision")
    if any(finding.blocking for finding in order.findings):
        return _refused("a person looks into it first")
    if len(order.payments) >= MOST_ATTEMPTS:
        return _refused("too many payments were opened for this order")
    return None


def _refused(reason: str, *, code: str = "not-payable") -> NotPayable:
    return NotPayable(code=code, reason=reason)
