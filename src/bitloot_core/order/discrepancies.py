"""
What our books and the world outside say differently: either we are behind, or somebody has to look.
"""

from __future__ import annotations

import enum
from typing import Self, TypeAlias

import attrs

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobRequest
from bitloot_core.values.ids import OrderId
from bitloot_core.values.reading import PaymentReading


class Side(enum.StrEnum):
    """Whom our books are compared with."""

    PAYMENTS = "payments"
    """The payment gateway, and our own ledger."""
    PURCHASES = "purchases"
    """The supplier."""
    KEYS = "keys"
    """The vault."""


@attrs.frozen(kw_only=True)
class Behind:
    """
    The world has gone on, and our books go after it by themselves.

    Attributes:
        subject: what exactly is behind (a payment, a purchase).
        text: what is known outside, in a sentence; no secrets.
        remedy: the job that looks again; or a reading, where no job looks any more, to be recorded as it is.
    """

    side: Side
    order_id: OrderId
    subject: str
    text: str
    remedy: JobRequest | PaymentReading


@attrs.frozen(kw_only=True)
class Amiss:
    """
    No machine can tell who is right: a finding for a person.

    Attributes:
        order_id: the order that it is about; None for one that we do not know.
        blocking: whether the order waits for the person.

    The rest is as in `Finding`.
    """

    side: Side
    order_id: OrderId | None
    reason: FindingReason
    subject: str
    text: str
    amount: str | None = None
    blocking: bool = False

    @classmethod
    def told(cls, finding: Finding, side: Side) -> Self:
        """What an order would tell by itself."""
        return cls(
            side=side,
            order_id=finding.order_id,
            reason=finding.reason,
            subject=finding.subject,
            text=finding.text,
            amount=finding.amount,
            blocking=finding.blocking,
        )


Discrepancy: TypeAlias = Behind | Amiss
