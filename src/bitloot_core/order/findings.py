"""
Findings: what a machine must not settle, put before a person with a reason.
"""

from __future__ import annotations

import enum
from datetime import datetime

import attrs

from bitloot_core.values.ids import FindingId, OrderId


class FindingReason(enum.StrEnum):
    """Why a person is needed. The operator's handbook has a page for each."""

    PAYMENT_SHORT = "payment-short"
    PAYMENT_SURPLUS = "payment-surplus"
    PAYMENT_SECOND = "payment-second"
    PAYMENT_LATE = "payment-late"
    PAYMENT_MISMATCH = "payment-mismatch"
    PAYMENT_STRAY = "payment-stray"
    PAYMENT_UNKNOWN = "payment-unknown"
    PAYMENT_STATUS = "payment-status"
    PAYMENT_RETURNED = "payment-returned"
    SUPPLIER_REFUSED = "supplier-refused"
    PRICE_ABOVE_CAP = "price-above-cap"
    SUPPLIER_DOUBT = "supplier-doubt"
    SUPPLIER_CANCELLED = "supplier-cancelled"
    SUPPLIER_MISMATCH = "supplier-mismatch"
    SUPPLIER_SLOW = "supplier-slow"
    SUPPLIER_STATUS = "supplier-status"
    SURPLUS_PURCHASE = "surplus-purchase"
    FORGOTTEN_PURCHASE = "forgotten-purchase"
    KEYS_MISSING = "keys-missing"
    KEYS_SURPLUS = "keys-surplus"
    KEY_TAKEN = "key-taken"
    KEY_UNCONFIRMED = "key-unconfirmed"
    KEY_UNREADABLE = "key-unreadable"
    RETURN_REFUSED = "return-refused"
    KEYS_AFTER_REFUND = "keys-after-refund"
    PARKED = "parked"
    MAIL_REFUSED = "mail-refused"
    DEAD_JOB = "dead-job"
    OUT_OF_REACH = "out-of-reach"
    RECONCILIATION = "reconciliation"
    BUYING_PAUSED = "buying-paused"


@attrs.frozen(kw_only=True)
class Finding:
    """
    One open finding.

    Attributes:
        id: `<orderId>.f<n>` on an order; random where there is no order.
        order_id: the order that it is about, if there is one.
        reason: what kind.
        subject: what exactly (a payment, a reservation): the same reason on the same subject is one finding.
        text: what was seen, in a sentence; no secrets.
        amount: the money at stake, as people write it, if any.
        blocking: whether the order waits for it (shown as `attention`).
    """

    id: FindingId
    order_id: OrderId | None
    reason: FindingReason
    subject: str
    text: str
    amount: str | None
    blocking: bool
    opened_at: datetime
