"""A whole catalogue of `product.update` webhooks over HTTP: answered, counted, and followed by one job for all."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence

from harness.buyer import Placed
from harness.posting import EVENTS, Posted, post_all
from harness.system import System
from harness.vendors import SUPPLIER_PRODUCTS
from harness.waiting import eventually

FLOOD = 10_000
AT_ONCE = 100
FOREIGN = 198
"""Products of the supplier that are not sold here: most of its catalogue is not."""


def flood(system: System) -> Sequence[Posted]:
    """Given so many changes, each another one, of two products that are sold here among many that are not."""
    secret = system.place.settings["KINGUIN_WEBHOOK_SECRET"]
    headers = {"Content-Type": "application/json", "X-Event-Name": "product.update", "X-Event-Secret": secret}
    products = [*SUPPLIER_PRODUCTS.values(), *(f"{n:024x}" for n in range(FOREIGN))]
    changes = ({"kinguinId": 1, "productId": products[n % len(products)], "qty": n} for n in range(FLOOD))
    return [Posted(path=EVENTS, body=json.dumps(change).encode(), headers=headers) for change in changes]


async def an_order(system: System) -> tuple[Placed, list[str]]:
    """All the way to its keys."""
    placed = await system.buyer.place()
    return placed, await system.deliver(placed)


async def test_ten_thousand_changes_of_prices_are_one_look(system: System) -> None:
    """
    Each is answered and counted, in one row for each product; none has a job of its own, and an order in the middle of
    them is delivered.

    **Source:** reference on Kinguin, "Webhooks": `product.update` comes for the whole catalogue, in floods.
    """
    changes = flood(system)
    answers = Counter(await post_all(system, changes[:AT_ONCE]))
    order = asyncio.create_task(an_order(system))
    for first in range(AT_ONCE, FLOOD, AT_ONCE):
        answers.update(await post_all(system, changes[first : first + AT_ONCE]))
    placed, keys = await order
    stored = system.books.rows(
        "SELECT status, COUNT(*) AS products, SUM(deliveries) AS told FROM webhook_logs "
        "WHERE type = 'product.update' GROUP BY status"
    )
    jobs = [row["name"] for row in system.books.rows("SELECT name FROM jobs")]

    # What changed within half a minute is looked at together; nobody here waits for the half to be over.
    for job in system.books.rows("SELECT id FROM jobs WHERE name = 'check-prices' AND status = 'ready'"):
        path = f"/admin/jobs/{job['id']}/retry"
        await system.buyer.ask("POST", path, {"reason": "now"}, token=system.admin_token)
    await eventually(lambda: not system.books.rows("SELECT since FROM stale_quotes"), "all that changed was looked at")

    assert answers == {200: FLOOD}
    assert stored == [{"status": "ignored", "products": len(SUPPLIER_PRODUCTS) + FOREIGN, "told": FLOOD}]
    assert jobs.count("check-prices") in {1, 2}, "two, where the flood took longer than half a minute"
    assert len(jobs) < 20, "the others are those of the one order"
    looked_at = {row["supplier_product_id"] for row in system.books.rows("SELECT supplier_product_id FROM quotes")}
    assert set(SUPPLIER_PRODUCTS.values()) == looked_at
    system.check([(placed, keys)])
