"""How the simulator sells: which offer, which price, which charge, and once for each reference."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import aiohttp
import pytest
from kinguin_orders_world import buy, get, line
from kinguin_world import Clock

from bitloot_adapters.kinguin_simulator import KinguinSimulator, Offer


async def test_an_order_object_has_the_documented_shape(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """Each documented field is there, the answer is 201, and the order is still processing."""
    product = simulator.add_product("5c9b68662539a4e8f17ae2fe", name="Game", price=Decimal("5.29"), offer_id="offer-1")

    status, order = await buy(client, line(product, qty=2, keyType="text"), orderExternalId="AL2FEEHOO2OHF")

    assert status == 201
    order_id = order.pop("orderId")
    assert order_id == simulator.orders()[0].order_id
    assert order == {
        "totalPrice": 10.58,
        "requestTotalPrice": 11.58,
        "status": "processing",
        "userEmail": "shop@example.com",
        "storeId": 1,
        "createdAt": "2025-07-01T12:00:00+00:00",
        "kinguinOrderId": 14_000_001,
        "orderExternalId": "AL2FEEHOO2OHF",
        "paymentPrice": 10.58,
        "products": [
            {
                "kinguinId": product.kinguin_id,
                "offerId": "offer-1",
                "productId": "5c9b68662539a4e8f17ae2fe",
                "qty": 2,
                "name": "Game",
                "price": 5.29,
                "totalPrice": 10.58,
                "requestPrice": 5.79,
                "isPreorder": False,
                "releaseDate": "2004-11-01",
                "keyType": "text",
            }
        ],
        "totalQty": 2,
        "isPreorder": False,
    }


async def test_wholesale_sells_many_at_the_tiers_price(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """With the offer named, 50 keys cost the second tier."""
    simulator.balance = Decimal(1000)
    tiers = (Decimal("5.5"), Decimal("5.4"), Decimal("5.3"), Decimal("5.2"))
    product = simulator.add_product(offer_id="big", wholesale_tiers=tiers)

    status, order = await buy(client, line(product, qty=50, price=5.4, offerId="big"))

    assert (status, order["paymentPrice"], order["totalQty"]) == (201, 270.0, 50)
    assert (await buy(client, line(product, qty=10, price=5.4, offerId="big")))[1]["kind"] == "ProductUnavailable"
    assert (await buy(client, line(product, qty=10, price=9, offerId="other")))[1]["kind"] == "ProductUnavailable"


async def test_the_cheapest_offer_within_the_cap_is_charged(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """The price in the request is a cap, not the price."""
    product = simulator.add_product(price=Decimal("5.79"), offer_id="dear")
    simulator.add_offer(product.product_id, Offer(offer_id="cheap", price=Decimal("4.99"), stock=5))

    _, order = await buy(client, line(product, qty=3, price=6))

    assert (order["products"][0]["offerId"], order["paymentPrice"]) == ("cheap", 14.97)
    assert simulator.balance == Decimal("85.03")


async def test_a_line_can_be_served_by_several_offers(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """When no offer holds all, the order object shows one entry for each offer used."""
    product = simulator.add_product(price=Decimal(5), stock=2, offer_id="a")
    simulator.add_offer(product.product_id, Offer(offer_id="b", price=Decimal(4), stock=2))

    _, order = await buy(client, line(product, qty=3))

    assert [(entry["offerId"], entry["qty"]) for entry in order["products"]] == [("b", 2), ("a", 1)]
    assert order["totalQty"] == 3
    assert order["paymentPrice"] == 13.0


@pytest.mark.parametrize("change", [{"price": 5.78}, {"qty": 4}, {"offerId": "other"}, {"productId": "unknown"}])
async def test_an_unserved_line_is_unavailable(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, change: dict[str, object]
) -> None:
    """Too low a cap, too little stock, another offer, an unknown product: ProductUnavailable, nothing charged."""
    product = simulator.add_product(stock=3)

    status, error = await buy(client, line(product) | change)

    assert (status, error["kind"]) == (422, "ProductUnavailable")
    assert simulator.balance == Decimal(100)


async def test_moved_prices_and_stock_count_at_once(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """A price above the cap, then an empty shelf, both end in ProductUnavailable."""
    product = simulator.add_product()
    simulator.move_price(product.product_id, Decimal("5.80"))
    assert (await buy(client, line(product)))[1]["kind"] == "ProductUnavailable"

    simulator.move_price(product.product_id, Decimal("5.79"))
    simulator.set_stock(product.product_id, 0)

    assert (await buy(client, line(product)))[1]["kind"] == "ProductUnavailable"


async def test_an_empty_balance_is_refused_and_not_charged(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """InsufficientBalance leaves balance and stock as they were."""
    product = simulator.add_product()
    simulator.balance = Decimal("5.78")

    status, error = await buy(client, line(product), orderExternalId="a-1")

    assert (status, error["kind"]) == (422, "InsufficientBalance")
    assert await get(client, "v1/balance") == (200, {"balance": 5.78})
    assert simulator.product(product.product_id).offers[0].stock == 100
    simulator.balance = Decimal(6)
    assert (await buy(client, line(product), orderExternalId="a-1"))[0] == 201


async def test_a_repeated_reference_is_refused(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """422 ConstraintViolation on `orderExternalId`; the balance is charged once, whatever the second order says."""
    product = simulator.add_product()
    await buy(client, line(product), orderExternalId="o-1")

    status, error = await buy(client, line(product, qty=2), orderExternalId="o-1")

    assert (status, error["kind"], error["propertyPath"]) == (422, "ConstraintViolation", "orderExternalId")
    assert error["invalidValue"] == "o-1"
    assert len(simulator.purchases_of("o-1")) == 1
    assert simulator.balance == Decimal("94.21")


async def test_a_cancelled_order_keeps_its_reference(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """A spent reference stays spent: a new attempt needs a new one."""
    product = simulator.add_product()
    _, order = await buy(client, line(product), orderExternalId="o-1")
    simulator.cancel(order["orderId"])

    assert (await buy(client, line(product), orderExternalId="o-1"))[0] == 422


async def test_the_negative_control_sells_twice(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """With `accept_repeats` the same reference buys again, and both purchases show."""
    simulator.knobs.accept_repeats = True
    product = simulator.add_product()
    for _ in range(2):
        assert (await buy(client, line(product), orderExternalId="o-1"))[0] == 201

    assert len(simulator.purchases_of("o-1")) == 2
    assert (await get(client, "v1/order", orderExternalId="o-1"))[1]["item_count"] == 2


async def test_orders_without_a_reference_never_clash(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """`orderExternalId` is optional."""
    product = simulator.add_product()
    for _ in range(2):
        status, order = await buy(client, line(product))
        assert status == 201
        assert "orderExternalId" not in order


async def test_the_payment_price_can_be_text_and_differ(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """`paymentPrice` is what the balance was charged, which a discount makes less than `totalPrice`."""
    simulator.knobs.payment_price_as_text = True
    simulator.knobs.discount = Decimal("0.1")

    _, order = await buy(client, line(simulator.add_product(), qty=2))

    assert (order["totalPrice"], order["paymentPrice"]) == (11.58, "10.42")
    assert simulator.balance == Decimal("89.58")


async def test_a_preorder_shows_its_release_and_waits(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, clock: Clock
) -> None:
    """Its keys come when the simulator's clock reaches the release date, not before."""
    simulator.knobs.delivery_delay = timedelta(0)
    product = simulator.add_product(preorder_until=date(2025, 9, 1))
    _, order = await buy(client, line(product))
    assert (order["isPreorder"], order["preorderReleaseDate"]) == (True, "2025-09-01")

    assert simulator.release_preorders() == ()
    clock.at = datetime(2025, 9, 1, tzinfo=UTC)
    simulator.release_preorders()

    assert (await get(client, f"v1/order/{order['orderId']}"))[1]["status"] == "completed"
