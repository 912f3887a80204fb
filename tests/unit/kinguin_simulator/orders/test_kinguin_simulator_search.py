"""How the simulator shows and finds orders and products."""

from datetime import date, timedelta
from decimal import Decimal

import aiohttp
import pytest
from kinguin_orders_world import buy, get, line
from kinguin_world import Clock

from bitloot_adapters.kinguin_simulator import KinguinSimulator, Offer


async def test_an_unknown_order_is_not_found(client: aiohttp.ClientSession) -> None:
    """404 of kind OrderNotFound, for the order and for its keys."""
    for path in ("v1/order/NOPE", "v2/order/NOPE/keys"):
        status, error = await get(client, path)
        assert (status, error["kind"]) == (404, "OrderNotFound")


@pytest.mark.parametrize("path", ["v2/v1/balance", "v3/order", "v1/order/a/b"])
async def test_an_unknown_path_is_an_http_error(client: aiohttp.ClientSession, path: str) -> None:
    """A base URL that already ends in a version meets a JSON 404 of kind Http."""
    status, error = await get(client, path)

    assert (status, error["kind"]) == (404, "Http")


async def test_orders_are_found_by_each_filter(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """Each documented filter finds the one order that it fits."""
    start = clock.at
    game, preorder = simulator.add_product(), simulator.add_product(preorder_until=date(2025, 9, 1))
    _, first = await buy(client, line(game), orderExternalId="a-1")
    clock.at = start + timedelta(hours=1)
    _, second = await buy(client, line(preorder), orderExternalId="b-1")
    simulator.deliver(first["orderId"])

    async def found(**query: str | int) -> list[str]:
        """The ids that a search finds."""
        status, body = await get(client, "v1/order", **query)
        assert status == 200
        assert body["item_count"] == len(body["results"])
        return [order["orderId"] for order in body["results"]]

    assert await found() == [second["orderId"], first["orderId"]]
    assert await found(orderExternalId="a-1") == [first["orderId"]]
    assert await found(orderExternalId="a-2") == []
    assert await found(orderId=second["orderId"]) == [second["orderId"]]
    assert await found(orderId=second["orderId"], orderExternalId="a-1") == []
    assert await found(status="completed") == [first["orderId"]]
    assert await found(createdAtFrom="2025-07-01T12:30:00+00:00") == [second["orderId"]]
    assert await found(createdAtTo="2025-07-01 12:30:00") == [first["orderId"]]
    assert await found(kinguinId=game.kinguin_id) == [first["orderId"]]
    assert await found(productId=preorder.product_id) == [second["orderId"]]
    assert await found(isPreorder="yes") == [second["orderId"]]
    assert await found(isPreorder="no") == [first["orderId"]]


async def test_orders_are_paged(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """25 a page unless asked otherwise, newest first, and the count is that of all."""
    simulator.balance = Decimal(1000)
    product = simulator.add_product()
    ids = [(await buy(client, line(product)))[1]["orderId"] for _ in range(30)][::-1]

    pages = [await get(client, "v1/order", page=page) for page in (1, 2, 3)]

    assert [order["orderId"] for _, body in pages for order in body["results"]] == ids
    assert [len(body["results"]) for _, body in pages] == [25, 5, 0]
    assert {body["item_count"] for _, body in pages} == {30}
    assert [order["orderId"] for order in (await get(client, "v1/order", page=3, limit=7))[1]["results"]] == ids[14:21]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 101},
        {"limit": 0},
        {"page": "x"},
        {"status": "done"},
        {"isPreorder": "true"},
        {"createdAtFrom": "today"},
        {"kinguinId": "abc"},
    ],
)
async def test_a_bad_query_is_refused_by_name(client: aiohttp.ClientSession, query: dict[str, str | int]) -> None:
    """400 ConstraintViolation on the parameter."""
    status, error = await get(client, "v1/order", **query)

    assert (status, error["kind"]) == (400, "ConstraintViolation")
    assert error["propertyPath"] in query


async def test_the_search_can_trail_behind(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """With `search_lag` a new order is missing from the search, though it can be read by its id."""
    simulator.knobs.search_lag = timedelta(seconds=60)
    _, order = await buy(client, line(simulator.add_product()), orderExternalId="a-1")

    assert (await get(client, "v1/order", orderExternalId="a-1"))[1]["results"] == []
    assert (await get(client, f"v1/order/{order['orderId']}"))[0] == 200
    clock.at += timedelta(seconds=60)
    assert (await get(client, "v1/order", orderExternalId="a-1"))[1]["item_count"] == 1


async def test_a_product_shows_its_offers(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Price, quantities and cheapest offers follow the offers in stock."""
    product = simulator.add_product("p-1", price=Decimal(6), stock=4, offer_id="dear", wholesale_tiers=(Decimal(5),))
    simulator.add_offer("p-1", Offer(offer_id="cheap", price=Decimal("5.5"), stock=3, media_type="image/png"))

    status, shown = await get(client, "v2/products/p-1")

    assert (status, shown["kinguinId"], shown["price"]) == (200, product.kinguin_id, 5.5)
    assert (shown["qty"], shown["textQty"], shown["totalQty"], shown["offersCount"]) == (3, 0, 7, 2)
    assert shown["cheapestOfferId"] == ["cheap"]
    assert shown["offers"][0]["wholesale"] == {"enabled": True, "tiers": [{"level": 1, "price": 5.0}]}


async def test_a_sold_out_product_can_be_hidden(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Shown with qty 0 by default; with `hide_sold_out` it is a 404 and missing from the search."""
    product = simulator.add_product(stock=0)
    status, shown = await get(client, f"v2/products/{product.product_id}")
    assert (status, shown["qty"]) == (200, 0)

    simulator.knobs.hide_sold_out = True

    assert (await get(client, f"v2/products/{product.product_id}"))[0] == 404
    assert (await get(client, "v1/products"))[1] == {"results": [], "item_count": 0}


async def test_products_are_found_by_each_filter(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """By ids (several, with commas), name, preorder, and change since a time; in pages."""
    first, second = simulator.add_product(name="Alpha"), simulator.add_product(name="Beta")
    clock.at += timedelta(hours=1)
    third = simulator.add_product(name="Gamma", preorder_until=date(2025, 9, 1))

    async def found(**query: str | int) -> list[str]:
        """The ids that a search finds."""
        return [product["productId"] for product in (await get(client, "v1/products", **query))[1]["results"]]

    assert await found(productId=f"{first.product_id},{second.product_id}") == [first.product_id, second.product_id]
    assert await found(kinguinId=str(second.kinguin_id)) == [second.product_id]
    assert await found(name="alph") == [first.product_id]
    assert await found(isPreorder="yes") == [third.product_id]
    assert await found(updatedSince="2025-07-01T12:30:00") == [third.product_id]
    assert await found(page=2, limit=2) == [third.product_id]
