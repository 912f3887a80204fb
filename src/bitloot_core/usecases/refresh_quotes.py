"""
Following the supplier's prices and stock: what changed is marked, and one job looks at all that is marked.

A flood costs no more than a trickle: of a product that changed a thousand times one mark is left, and of a thousand
products one job, which asks for a batch of them in one call. What is told is a hint; what was looked at is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

import attrs

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.jobs import Done, Snooze
from bitloot_core.ports.quotes import Quote
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.work import Work
from bitloot_core.values.ids import ProductId, SupplierProductId

STALE = "stale"
"""The subject of the one job: whatever is marked."""
BATCH = 25
"""How many products are looked at in one call."""
BREATH = timedelta(seconds=1)
"""Between two batches: orders have the supplier's ear first."""


async def note_changes(shop: Shop, changed: Collection[SupplierProductId]) -> None:
    """
    Mark products of ours as changed, and have them looked at soon. Idempotent; what is not sold here is left out.

    Raises:
        Unavailable: it is not known to be written: whoever told must tell again.
    """
    ours = {product.supplier_product_id for product in await shop.catalogue.products()}
    known = ours.intersection(changed)
    if not known:
        return
    now = shop.clock.now()
    await shop.quotes.mark(known, at=now)
    due_at = now + shop.policy.price_pause
    await shop.jobs.ask(JobRequest(name=JobName.CHECK_PRICES, ref=STALE, order_id=None, due_at=due_at), now=now)


async def refresh_quotes(work: Work) -> None:
    """Look at a batch of the products that are marked; the job goes on until none is. Idempotent."""
    shop, at = work.shop, work.now
    marked = await shop.quotes.marked(BATCH + 1)
    batch = marked[:BATCH]
    if batch:
        shown = {one.id: one for one in await shop.supplier_catalogue.products(batch)}
        await shop.quotes.keep(
            [Quote.of(shown[one], at=at) if one in shown else Quote.gone(one, at=at) for one in batch]
        )
    await work.end(Snooze(until=work.now + BREATH) if len(marked) > BATCH else Done())


async def products_on_offer(shop: Shop, ids: Sequence[ProductId] | None = None) -> tuple[Product, ...]:
    """
    The catalogue as buyers are shown it: what could not be bought within its cap at the last look is not available.

    A look that is too old says nothing, and neither does a product that was never looked at.

    Args:
        ids: only those of these products that exist.
    """
    products = await shop.catalogue.products(ids)
    quotes = await shop.quotes.quotes(None if ids is None else {product.supplier_product_id for product in products})
    oldest = shop.clock.now() - shop.policy.quote_life

    def is_short(product: Product) -> bool:
        quote = quotes.get(product.supplier_product_id)
        return quote is not None and quote.at >= oldest and not quote.serves(product)

    return tuple(
        attrs.evolve(product, available=False) if product.available and is_short(product) else product
        for product in products
    )
