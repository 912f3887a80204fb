"""
From a supplier's webhook to the order: the event says where to look, the supplier's API says what is there.
"""

from __future__ import annotations

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName, JobRequest, number_of
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    ClaimedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
    Reservation,
    supplier_order_of,
)
from bitloot_core.ports.inbox import ConsumedWebhook, StoredWebhook, WebhookStatus
from bitloot_core.ports.jobs import Done
from bitloot_core.ports.supplier import SupplierEvent
from bitloot_core.usecases.finalize_delivery import collect
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import OrderId, WebhookId, order_of


async def receive_supplier_event(work: Work, webhook_id: WebhookId) -> None:
    """
    Follow a stored event. Idempotent; one that is early (before our own commit) waits and is tried again.
    """
    stored = await work.shop.inbox.get(webhook_id)
    event = work.shop.supplier.read_event(stored.webhook)
    if event is None:
        await work.end(Done(), consumed=_consumed(webhook_id, WebhookStatus.IGNORED, "it is about no purchase", None))
        return
    order, res = await _meant_by(work, event)
    match res:
        case PlacedReservation() if order is not None:
            result = f"the supplier says {event.word}"
            done = _consumed(webhook_id, WebhookStatus.PROCESSED, result, order.id)
            await collect(work, order, res, event=event, consumed=done)
        case PlannedReservation() | ClaimedReservation() | DoubtfulReservation() if order is not None:
            await _too_early(work, order, res)
        case None:
            await _unknown(work, stored, event)
        case _:
            order_id = None if order is None else order.id
            done = _consumed(webhook_id, WebhookStatus.PROCESSED, "nothing is left to do for this purchase", order_id)
            await work.end(Done(), consumed=done)


async def _meant_by(work: Work, event: SupplierEvent) -> tuple[Order | None, Reservation | None]:
    """Find the reservation by the supplier's name of it, or by ours."""
    order_id: OrderId | None = None
    if event.supplier_order_id is not None:
        order_id = await work.shop.orders.find_by_reservation(event.supplier_order_id)
    if order_id is not None:
        order = await work.shop.orders.get(order_id)
        named = (res for res in order.reservations if supplier_order_of(res) == event.supplier_order_id)
        return order, next(named, None)
    if event.ref is None:
        return None, None
    try:
        order = await work.shop.orders.get(order_of(event.ref))
    except (InvalidInput, NotFound):
        return None, None
    return order, order.reservation(number_of(event.ref))


async def _too_early(work: Work, order: Order, res: Reservation) -> None:
    """The event overtook the answer to our own request: let that come in, then look again."""
    ref = res.plan.ref
    now = work.now
    job_id = await work.shop.jobs.ask(JobRequest(name=JobName.RESERVE, ref=ref, order_id=order.id, due_at=now), now=now)
    await work.shop.notifier.ring((job_id,))
    await work.snooze(work.shop.policy.retry_base / 5)


async def _unknown(work: Work, stored: StoredWebhook, event: SupplierEvent) -> None:
    """A purchase that we do not know (yet): wait for our own commit, then put it before a person."""
    if work.now - stored.received_at < work.shop.policy.webhook_patience:
        await work.snooze(
            min(work.shop.policy.retry_base * (1 << min(work.job.snoozes, 8)), work.shop.policy.retry_most)
        )
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


def _consumed(webhook_id: WebhookId, status: WebhookStatus, result: str, order_id: OrderId | None) -> ConsumedWebhook:
    return ConsumedWebhook(id=webhook_id, status=status, result=result, order_id=order_id)
