"""
From a payment gateway's notice to the order: a notice is a hint, the payment read back is what counts.
"""

from __future__ import annotations

import attrs

from bitloot_core.order.commands import OpenFinding, RecordReading
from bitloot_core.order.decide_payment import must_read_back
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Order
from bitloot_core.ports.inbox import ConsumedWebhook, WebhookStatus
from bitloot_core.ports.jobs import Done
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId, WebhookId
from bitloot_core.values.reading import PaymentReading


async def receive_payment_notice(work: Work, webhook_id: WebhookId) -> None:
    """
    Apply a stored notice. Idempotent: applied again, it changes nothing.
    """
    stored = await work.shop.inbox.get(webhook_id)
    reading = work.shop.gateway.read_notice(stored.webhook)
    if reading is None:
        await work.end(Done(), consumed=_ignored(webhook_id, "it describes no payment"))
        return
    order = await _order_of(work, reading)
    if order is None:
        await _tell_unknown(work, webhook_id, reading)
    else:
        await _apply(work, order, reading, webhook_id)


async def _order_of(work: Work, reading: PaymentReading) -> Order | None:
    """By the payment's own id, by its parent's, or by the order that it names."""
    store = work.shop.orders
    order_id = await store.find_by_payment(reading.gateway_id)
    if order_id is None and reading.parent_id is not None:
        order_id = await store.find_by_payment(reading.parent_id)
    if order_id is None and reading.order_ref:
        order_id = OrderId(reading.order_ref)
    if order_id is None:
        return None
    try:
        return await store.get(order_id)
    except NotFound:
        return None


async def _apply(work: Work, order: Order, reading: PaymentReading, webhook_id: WebhookId) -> None:
    read_back = must_read_back(order, reading)
    if read_back:
        told = reading
        try:
            reading = await work.shop.gateway.payment(told.gateway_id)
        except NotFound:
            await _tell_unread(work, order, told, webhook_id)
            return
        # A payment that is read back need not tell its parent, and a repeated deposit must not be taken for a first.
        reading = attrs.evolve(reading, parent_id=reading.parent_id or told.parent_id)
    consumed = ConsumedWebhook(
        id=webhook_id,
        status=WebhookStatus.PROCESSED,
        result=f"payment {reading.gateway_id} is {reading.word}",
        order_id=order.id,
    )
    await work.finish(order, RecordReading(reading=reading, read_back=read_back), consumed=consumed)


async def _tell_unread(work: Work, order: Order, reading: PaymentReading, webhook_id: WebhookId) -> None:
    """The gateway announces a payment and does not know it when asked: nothing is believed, a person looks."""
    text = f"A notice calls payment {reading.gateway_id} {reading.raw_word}, but the gateway knows no such payment."
    finding = OpenFinding(reason=FindingReason.PAYMENT_UNKNOWN, subject=reading.gateway_id, text=text, blocking=False)
    consumed = ConsumedWebhook(
        id=webhook_id, status=WebhookStatus.FAILED, result="the gateway does not know it", order_id=order.id
    )
    await work.finish(order, finding, consumed=consumed)


async def _tell_unknown(work: Work, webhook_id: WebhookId, reading: PaymentReading) -> None:
    """Money for no order of ours: shown, never dropped."""
    finding = Finding(
        id=work.shop.ids.finding_id(),
        order_id=None,
        reason=FindingReason.PAYMENT_UNKNOWN,
        subject=reading.gateway_id,
        text=f"A notice about payment {reading.gateway_id} ({reading.raw_word}) names no order of ours.",
        amount=f"{reading.actually_paid:f} {reading.coin}",
        blocking=False,
        opened_at=work.now,
    )
    consumed = ConsumedWebhook(
        id=webhook_id, status=WebhookStatus.PROCESSED, result="no order of ours; a finding was opened", order_id=None
    )
    await work.end(Done(), consumed=consumed, findings=(finding,))


def _ignored(webhook_id: WebhookId, why: str) -> ConsumedWebhook:
    return ConsumedWebhook(id=webhook_id, status=WebhookStatus.IGNORED, result=why, order_id=None)
