"""
From a supplier's webhook to the order: the event says where to look, the supplier's API says what is there.
"""

from __future__ import annotations

from datetime import timedelta

from bitloot_core.order.commands import OrderCommand, RecordPurchase, RecordSupplierWord
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName, JobRequest, number_of
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    DEAD_WORDS,
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
    Reservation,
    supplier_order_of,
)
from bitloot_core.ports.inbox import ConsumedWebhook, StoredWebhook, WebhookStatus
from bitloot_core.ports.jobs import Done
from bitloot_core.ports.supplier import Purchase, SupplierEvent
from bitloot_core.usecases.finalize_delivery import finalize_delivery
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import OrderId, WebhookId, order_of

_QUICK = 5
"""The first pause before an early event is looked at again is this much shorter than after an error."""


async def receive_supplier_event(work: Work, webhook_id: WebhookId) -> None:
    """
    Follow a stored event. Idempotent; one that is early (before our own commit) waits and is tried again.
    """
    stored = await work.shop.inbox.get(webhook_id)
    event = work.shop.supplier.read_event(stored.webhook)
    if event is None:
        await work.end(Done(), consumed=_consumed(webhook_id, WebhookStatus.IGNORED, "it is about no purchase", None))
        return
    found = await _meant_by(work, event)
    if found is None:
        await _unknown(work, stored, event)
        return
    order, res = found
    done = _consumed(webhook_id, WebhookStatus.PROCESSED, f"the supplier says {event.word}", order.id)
    match res:
        case PlacedReservation() if event.supplier_order_id in (None, res.supplier_order_id):
            await finalize_delivery(work, order, res, event=event, consumed=done)
        case PlannedReservation() | ClaimedReservation() | DoubtfulReservation():
            await _too_early(work, stored, order, res)
        case _:
            await _look_afterwards(work, order, res, done)


async def _meant_by(work: Work, event: SupplierEvent) -> tuple[Order, Reservation] | None:
    """Find the reservation by the supplier's name of it, or by ours."""
    order_id: OrderId | None = None
    if event.supplier_order_id is not None:
        order_id = await work.shop.orders.find_by_reservation(event.supplier_order_id)
    if order_id is not None:
        order = await work.shop.orders.get(order_id)
        res = next(one for one in order.reservations if supplier_order_of(one) == event.supplier_order_id)
        return order, res
    if event.ref is None:
        return None
    try:
        order = await work.shop.orders.get(order_of(event.ref))
    except (InvalidInput, NotFound):
        return None
    named = order.reservation(number_of(event.ref))
    return None if named is None else (order, named)


async def _too_early(work: Work, stored: StoredWebhook, order: Order, res: Reservation) -> None:
    """The event overtook the answer to our own request: let that come in, then look again; not for ever."""
    now = work.now
    request = JobRequest(name=JobName.RESERVE, ref=res.plan.ref, order_id=order.id, due_at=now)
    job_id = await work.shop.jobs.ask(request, now=now)
    await work.shop.notifier.ring((job_id,))
    if _is_patient(work, stored):
        await work.snooze(_pause(work) / _QUICK)
        return
    text = "the supplier never showed the purchase; its own job looks on"
    await work.end(Done(), consumed=_consumed(stored.id, WebhookStatus.FAILED, text, order.id))


async def _look_afterwards(work: Work, order: Order, res: Reservation, done: ConsumedWebhook) -> None:
    """An event about a purchase that is over, or that we never had: whatever lives under our reference is shown."""
    found = await work.shop.supplier.find(res.plan.ref)
    told = [command for one in found for command in _what_to_tell(res, one)]
    await work.finish(order, *told, consumed=done)


def _what_to_tell(res: Reservation, found: Purchase) -> tuple[OrderCommand, ...]:
    number = res.plan.number
    if found.supplier_order_id == supplier_order_of(res):
        own = RecordSupplierWord(number=number, word=found.word)
        return (own,) if isinstance(res, CompletedReservation) else ()
    if found.word in DEAD_WORDS:
        return ()
    surplus = RecordPurchase(
        number=number, supplier_order_id=found.supplier_order_id, charged=found.charged, word=found.word
    )
    return (surplus,)


async def _unknown(work: Work, stored: StoredWebhook, event: SupplierEvent) -> None:
    """A purchase that we do not know (yet): wait for our own commit, then put it before a person."""
    if _is_patient(work, stored):
        await work.snooze(_pause(work))
        return
    name = event.supplier_order_id or event.ref or "without a name"
    finding = Finding(
        id=work.shop.ids.finding_id(),
        order_id=None,
        reason=FindingReason.RECONCILIATION,
        subject=str(name),
        text=f"The supplier speaks of a purchase ({name}) that is none of ours.",
        amount=None,
        blocking=False,
        opened_at=work.now,
    )
    done = _consumed(stored.id, WebhookStatus.FAILED, "no purchase of ours; a finding was opened", None)
    await work.end(Done(), consumed=done, findings=(finding,))


def _is_patient(work: Work, stored: StoredWebhook) -> bool:
    return work.now - stored.received_at < work.shop.policy.webhook_patience


def _pause(work: Work) -> timedelta:
    policy = work.shop.policy
    return min(policy.retry_base * (1 << min(work.job.snoozes, 20)), policy.retry_most)


def _consumed(webhook_id: WebhookId, status: WebhookStatus, result: str, order_id: OrderId | None) -> ConsumedWebhook:
    return ConsumedWebhook(id=webhook_id, status=status, result=result, order_id=order_id)
