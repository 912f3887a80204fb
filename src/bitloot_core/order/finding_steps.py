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
    after: tuple[e.OrderEvent, ...] = (),
) -> tuple[e.OrderEvent, ...]:
    """
    Open a finding, unless the same reason on the same subject is open already.

    One that blocks replaces one that does not.

    Args:
        subject: what exactly it is about.
        blocking: whether the order waits for it; an order that has come to rest never does.
        after: what the same decision has led to before: its findings are numbered first.
    """
    blocks = blocking and not order.at_rest
    known = _open_one(order, reason, subject)
    if known is not None and known.blocking >= blocks:
        return ()
    number = order.findings_opened + 1 + sum(isinstance(event, e.FindingOpened) for event in after)
    opened = Finding(
        id=finding_id(order.id, number),
        order_id=order.id,
        reason=reason,
        subject=subject,
        text=text,
        amount=amount,
        blocking=blocks,
        opened_at=at,
    )
    return (*_replaced(known, at), e.FindingOpened(at=at, finding=opened))


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
    if known is not None and known.text == text:
        return ()
    without = attrs.evolve(order, findings=tuple(one for one in order.findings if one is not known))
    opened = finding(without, reason, subject, text, at=at, blocking=blocking, amount=amount)
    return (*_replaced(known, at), *opened)


def _open_one(order: Order, reason: FindingReason, subject: str) -> Finding | None:
    return next((one for one in order.findings if one.reason is reason and one.subject == subject), None)


def _replaced(known: Finding | None, at: datetime) -> tuple[e.OrderEvent, ...]:
    if known is None:
        return ()
    return (e.FindingResolved(at=at, finding_id=known.id, by="system", reason="told anew, as it stands now"),)


def resolve(
    order: Order, *reasons: FindingReason, subject: str | None, by: str, why: str, at: datetime
) -> tuple[e.OrderEvent, ...]:
    """Resolve the open findings of these reasons: all of them, or those on one subject."""
    return tuple(
        e.FindingResolved(at=at, finding_id=one.id, by=by, reason=why)
        for one in order.findings
        if one.reason in reasons and (subject is None or one.subject == subject)
    )
