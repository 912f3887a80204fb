"""
Values that a test needs one of: a product, a webhook, a job to ask for, a write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from bitloot_core.order.events import (
    FindingOpened,
    FindingResolved,
    LinkIssued,
    OrderEvent,
    OrderPlaced,
    OrderRetried,
)
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import LiveLink, Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.ports.store import Change
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.ids import OrderId, ProductId, SupplierProductId
from bitloot_core.values.money import Money


def a_product(product_id: str = "game", *, price: str = "12.99", max_cost: str = "10.00") -> Product:
    """Something to buy; prices are in EUR."""
    return Product(
        id=ProductId(product_id),
        title=f"The {product_id} of the year",
        supplier_product_id=SupplierProductId(f"supplier-{product_id}"),
        price=Money.of(price, "EUR"),
        max_cost=Money.of(max_cost, "EUR"),
    )


def a_webhook(
    body: bytes = b'{"payment_id":1,"payment_status":"finished"}',
    *,
    source: Source = Source.NOWPAYMENTS,
    subject: str = "payment.finished",
    external_id: str | None = "1",
    worth_processing: bool = True,
) -> VerifiedWebhook:
    """An authentic webhook with this body; equal bodies are equal deliveries."""
    return VerifiedWebhook(
        source=source,
        dedupe_key=hashlib.sha256(body).hexdigest(),
        type=subject,
        external_id=external_id,
        scheme="hmac",
        body=body,
        headers={"content-type": "application/json"},
        worth_processing=worth_processing,
    )


def a_job(
    ref: str = "o1-1",
    *,
    name: JobName = JobName.RESERVE,
    order_id: OrderId | None = None,
    due_at: datetime = PLACED_AT,
) -> JobRequest:
    """A job to ask for."""
    return JobRequest(name=name, ref=ref, order_id=order_id, due_at=due_at)


def a_change(after: Order, *, before: Order | None = None, at: datetime = PLACED_AT) -> Change:
    """
    A write that turns one order into the other, or places a new one.

    It tells of a new order, of a new link, and of findings that came or went; a change of anything else, or of nothing,
    is told as `OrderRetried`. Give it more with `attrs.evolve(a_change(order), jobs=(a_job(),))`.
    """
    events = tuple(_events(before, after, at)) or (OrderRetried(at=at, by="admin:ann", reason="a test"),)
    return Change(at=at, before=before, after=after, events=events)


def _events(before: Order | None, after: Order, at: datetime) -> Iterator[OrderEvent]:
    if before is None:
        yield OrderPlaced(at=at, order_id=after.id, buyer=after.buyer, lines=after.lines, expires_at=after.expires_at)
    if isinstance(after.link, LiveLink) and (before is None or before.link != after.link):
        yield LinkIssued(at=at, link_id=after.link.id, expires_at=after.link.expires_at, by="order")
    known = before.findings if before else ()
    yield from (FindingOpened(at=at, finding=one) for one in after.findings if one not in known)
    yield from (
        FindingResolved(at=at, finding_id=one.id, by="admin:ann", reason="settled")
        for one in known
        if one not in after.findings
    )
