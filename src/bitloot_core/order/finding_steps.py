"""
Opening and resolving findings on an order.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Order
from bitloot_core.values.ids import finding_id


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
    if _open_one(order, reason, subject) is not None:
        return ()
    opened = Finding(
        id=finding_id(order.id, order.findings_opened + 1 + offset),
        order_id=order.id,
        reason=reason,
        subject=subject,
        text=text,
        amount=amount,
        blocking=blocking and not order.at_rest,
        opened_at=at,
    )
    return (e.FindingOpened(at=at, finding=opened),)


def fresh_finding(
    order: Order,
    reason: FindingReason,
    subject: str,
    text: str,
    *,
    at: datetime,
    blocking: bool,
    amount: str | None,
) -> tuple[e.OrderEvent, ...]:
    """Open a finding, or tell an open one anew if its figures have changed: money at stake is never shown as it was."""
    known = _open_one(order, reason, subject)
    if known is None:
        return finding(order, reason, subject, text, at=at, blocking=blocking, amount=amount)
    if known.text == text:
        return ()
    gone = e.FindingResolved(at=at, finding_id=known.id, by="system", reason="told anew: the figures have changed")
    without = attrs.evolve(order, findings=tuple(one for one in order.findings if one is not known))
    return (gone, *finding(without, reason, subject, text, at=at, blocking=blocking, amount=amount))


def _open_one(order: Order, reason: FindingReason, subject: str) -> Finding | None:
    return next((one for one in order.findings if one.reason is reason and one.subject == subject), None)


def resolve(
    order: Order, *reasons: FindingReason, subject: str | None, by: str, why: str, at: datetime
) -> tuple[e.OrderEvent, ...]:
    """Resolve the open findings of these reasons: all of them, or those on one subject."""
    return tuple(
        e.FindingResolved(at=at, finding_id=one.id, by=by, reason=why)
        for one in order.findings
        if one.reason in reasons and (subject is None or one.subject == subject)
    )
