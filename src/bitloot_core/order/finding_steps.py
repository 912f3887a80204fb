"""
Opening and resolving findings on an order.
"""

from __future__ import annotations

from datetime import datetime

from bitloot_core.order import events as e
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Cancelled, Fulfilled, Order, Refunded
from bitloot_core.values.ids import FindingId


def is_final(order: Order) -> bool:
    """Whether the order has come to rest: nothing on it waits for a person, so no finding may cover its status."""
    return isinstance(order.closing, Fulfilled | Refunded | Cancelled)


def finding(
    order: Order,
    reason: FindingReason,
    subject: str,
    text: str,
    *,
    at: datetime,
    blocking: bool,
    amount: str | None = None,
    offset: int = 0,
) -> tuple[e.OrderEvent, ...]:
    """
    Open a finding, unless the same reason on the same subject is open already.

    Args:
        subject: what exactly it is about.
        blocking: whether the order waits for it; an order that has come to rest never does.
        offset: how many findings the same decision has opened before this one.
    """
    if any(one.reason is reason and one.subject == subject for one in order.findings):
        return ()
    opened = Finding(
        id=FindingId(f"{order.id}.f{order.findings_opened + 1 + offset}"),
        order_id=order.id,
        reason=reason,
        subject=subject,
        text=text,
        amount=amount,
        blocking=blocking and not is_final(order),
        opened_at=at,
    )
    return (e.FindingOpened(at=at, finding=opened),)


def resolve(
    order: Order, *reasons: FindingReason, subject: str | None, by: str, why: str, at: datetime
) -> tuple[e.OrderEvent, ...]:
    """Resolve the open findings of these reasons: all of them, or those on one subject."""
    return tuple(
        e.FindingResolved(at=at, finding_id=one.id, by=by, reason=why)
        for one in order.findings
        if one.reason in reasons and (subject is None or one.subject == subject)
    )
