"""What the supplier says about its products: heard cheaply, in floods, too, and shown to buyers."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import attrs
import pytest
from http_world import running

from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.ports.quotes import Quotes
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.values.errors import Unknown
from bitloot_core.values.ids import SupplierProductId
from bitloot_http.price_watch import PriceWatch

GAME = SupplierProductId("supplier-game")
FLOOD = 10_000
OURS = 40


async def test_a_change_reaches_the_list_of_products() -> None:
    """From the webhook over a look at the API to what buyers are shown."""
    async with running(a_product()) as world:
        fakes = world.fakes
        fakes.supplier.in_stock(GAME, 0)
        headers, body = fakes.supplier.change_of(GAME)

        answer = await world.client.post("/kinguin/webhooks", data=body, headers=headers)
        before = await (await world.client.get("/products")).json()
        await fakes.pass_time(timedelta(seconds=30))
        after = await (await world.client.get("/products")).json()
        front = await (await world.client.get("/")).text()

        assert answer.status == 200
        assert [before["items"][0]["available"], after["items"][0]["available"]] == [True, False]
        assert "Sold out" in front


async def test_a_change_that_is_not_written_is_not_acknowledged() -> None:
    """The sender tells again, and is heard then."""
    async with running(a_product()) as world:
        fakes = world.fakes
        headers, body = fakes.supplier.change_of(GAME)
        fakes.storage.database.fail_next_commit(before=True, of="quotes.mark")

        statuses = [(await world.client.post("/kinguin/webhooks", data=body, headers=headers)).status for _ in range(2)]

        assert statuses[0] >= 500
        assert statuses[1] == 200
        assert await fakes.storage.quotes.marked(9) == (GAME,)


async def test_a_flood_is_one_job_and_a_row_for_each_product() -> None:
    """**Source:** kinguin.md, "Webhooks": it comes for the whole catalogue, in floods. No order waits for it."""
    shop, watch, writes = await a_shop_in_a_flood()
    order = await shop.settle((await shop.place(product="g00")).id)

    async def tell(number: int) -> None:
        """Tell of a change."""
        product_id = SupplierProductId(f"supplier-g{number % (2 * OURS):02}")
        webhook = shop.supplier.verify_event(*shop.supplier.change_of(product_id))
        await receive_webhook(shop.shop, webhook)
        await watch.hear(webhook)

    await asyncio.gather(*(tell(number) for number in range(FLOOD)))
    await shop.work()

    updates = [one for one in shop.storage.database.webhooks.values() if one.webhook.type == "product.update"]
    assert len(updates) == 2 * OURS
    assert sum(one.deliveries for one in updates) == FLOOD
    assert {one.status for one in updates} == {WebhookStatus.IGNORED}
    assert [one for one in shop.living() if "price" in one] == ["check-prices:stale"]
    assert set(await shop.storage.quotes.marked(FLOOD)) == {SupplierProductId(f"supplier-g{n:02}") for n in range(OURS)}
    assert writes["mark"] < FLOOD / 10
    assert len(shop.supplier.purchases_of(order.reservations[0].plan.ref)) == 1


async def test_the_flood_is_followed_by_few_looks() -> None:
    """Two batches for forty products."""
    shop, watch, _ = await a_shop_in_a_flood()
    for number in range(OURS):
        product_id = SupplierProductId(f"supplier-g{number:02}")
        await watch.hear(shop.supplier.verify_event(*shop.supplier.change_of(product_id)))

    await shop.pass_time(timedelta(seconds=32))

    assert len(await shop.storage.quotes.quotes()) == OURS
    assert shop.living() == []


async def test_of_many_at_once_none_is_lost_to_a_failure() -> None:
    """Whoever waited behind a write that failed tries for himself."""
    shop, watch, _ = await a_shop_in_a_flood()
    shop.storage.database.fail_next_commit(before=True, of="quotes.mark")
    webhooks = [
        shop.supplier.verify_event(*shop.supplier.change_of(SupplierProductId(f"supplier-g{number:02}")))
        for number in range(5)
    ]

    told = await asyncio.gather(*(watch.hear(one) for one in webhooks), return_exceptions=True)

    assert len([one for one in told if isinstance(one, Unknown)]) == 1
    assert len(await shop.storage.quotes.marked(9)) == 5


async def test_other_events_are_not_listened_to() -> None:
    """An order's event is none of its business."""
    shop, watch, writes = await a_shop_in_a_flood()
    order = await shop.buy(product="g00")
    (name,) = await shop.bought(order.id)

    await watch.hear(shop.supplier.verify_event(*shop.supplier.event_of(name)))

    assert writes == Counter()


async def a_shop_in_a_flood() -> tuple[FakeShop, PriceWatch, Counter[str]]:
    """Forty products of eighty that the supplier sells, and a count of the writes of marks."""
    shop = FakeShop()
    await shop.offer(*(a_product(f"g{number:02}") for number in range(OURS)))
    for number in range(OURS, 2 * OURS):
        shop.supplier.in_stock(SupplierProductId(f"supplier-g{number:02}"), 5)
    writes: Counter[str] = Counter()
    quotes: Quotes = shop.storage.quotes

    async def mark(*args: Any, **kwargs: Any) -> None:
        """Note that a price may have changed."""
        writes["mark"] += 1
        # A write takes a turn of the loop at least, in which others can come.
        await asyncio.create_task(_breath())
        await quotes.mark(*args, **kwargs)

    shop.shop = attrs.evolve(shop.shop, quotes=Overridden(quotes, mark=mark))
    return shop, PriceWatch(shop.shop), writes


async def _breath() -> None:
    """Let others come by."""


@pytest.mark.parametrize("body", [b"", b"[]", b'{"product": 7}'])
async def test_garbage_is_not_heard(body: bytes) -> None:
    """It names no product."""
    shop, watch, writes = await a_shop_in_a_flood()
    webhook = attrs.evolve(shop.supplier.verify_event(*shop.supplier.change_of(GAME)), body=body)

    await watch.hear(webhook)

    assert writes == Counter()
