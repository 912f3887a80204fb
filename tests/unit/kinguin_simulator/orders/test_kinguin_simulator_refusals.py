"""What the simulator refuses before it looks at stock or balance, and in which words."""

from datetime import date
from decimal import Decimal

import aiohttp
import pytest
from kinguin_orders_world import buy, line

from bitloot_adapters.kinguin_simulator import KinguinSimulator


async def test_a_wrong_or_missing_key_is_refused_in_the_documented_words(simulator: KinguinSimulator) -> None:
    """401 with exactly the documented body, and nothing is bought."""
    product = simulator.add_product()
    async with simulator.serve() as server, aiohttp.ClientSession(server.base_url + "/") as client:
        for headers in ({}, {"X-Api-Key": "wrong"}):
            async with client.post("v2/order", json={"products": [line(product)]}, headers=headers) as answer:
                assert answer.status == 401
                assert await answer.json() == {
                    "kind": "Authorization",
                    "status": 401,
                    "detail": "Invalid authentication data.",
                    "type": "Unauthorized",
                }

    assert simulator.purchases == ()


async def test_a_refusal_carries_the_whole_envelope(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """Kind, status, title, detail, path, method, trace, timestamp, and the property at fault."""
    status, error = await buy(client, line(simulator.add_product(), qty=0))

    assert status == 400
    assert len(error.pop("trace")) == 10
    assert error == {
        "kind": "ConstraintViolation",
        "status": 400,
        "title": "Bad Request",
        "detail": 'Invalid "products[0].qty" property. This value should be a positive integer.',
        "path": "/api/v2/order",
        "method": "POST",
        "timestamp": "2025-07-01T12:00:00+00:00",
        "propertyPath": "products[0].qty",
        "invalidValue": 0,
    }


@pytest.mark.parametrize(
    ("change", "property_path"),
    [
        ({"qty": 10}, "products[0].qty"),
        ({"qty": "1"}, "products[0].qty"),
        ({"qty": True}, "products[0].qty"),
        ({"qty": 1.0}, "products[0].qty"),
        ({"price": "5.79"}, "products[0].price"),
        ({"price": 0}, "products[0].price"),
        ({"price": None}, "products[0].price"),
        ({"productId": 1949}, "products[0].productId"),
        ({"productId": ""}, "products[0].productId"),
        ({"keyType": "image"}, "products[0].keyType"),
        ({"keyType": ["text"]}, "products[0].keyType"),
        ({"offerId": 7}, "products[0].offerId"),
        ({"offerId": "o", "qty": 1001}, "products[0].qty"),
    ],
)
async def test_a_bad_line_is_refused_by_name(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, change: dict[str, object], property_path: str
) -> None:
    """400 ConstraintViolation that names the property."""
    status, error = await buy(client, line(simulator.add_product()) | change)

    assert (status, error["kind"], error["propertyPath"]) == (400, "ConstraintViolation", property_path)
    assert simulator.purchases == ()


@pytest.mark.parametrize("external_id", ["", 7, ["x"]])
async def test_a_bad_external_id_is_refused(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, external_id: object
) -> None:
    """The reference is a string that is not blank."""
    status, error = await buy(client, line(simulator.add_product()), orderExternalId=external_id)

    assert (status, error["propertyPath"]) == (400, "orderExternalId")


@pytest.mark.parametrize("products", [[], None, "x", [None]])
async def test_an_order_of_nothing_is_refused(client: aiohttp.ClientSession, products: object) -> None:
    """`products` is a list of objects and not empty."""
    async with client.post("v2/order", json={"products": products}) as answer:
        assert answer.status == 400
        assert (await answer.json())["kind"] == "ConstraintViolation"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"products": NaN}', b"\xff"])
async def test_a_body_that_is_no_json_object_is_refused(client: aiohttp.ClientSession, body: bytes) -> None:
    """400 of kind Http."""
    async with client.post("v2/order", data=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["kind"] == "Http"


async def test_the_limits_of_an_order_hold(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """10 products and 90 keys pass, 11 products do not, and a sum above 90 needs wholesale."""
    simulator.balance = Decimal(10_000)
    products = [simulator.add_product() for _ in range(11)]

    assert (await buy(client, *[line(product, qty=9) for product in products[:10]]))[0] == 201
    status, error = await buy(client, *[line(product) for product in products])
    assert (status, error["propertyPath"], error["invalidValue"]) == (400, "products", 11)


async def test_a_sum_above_ninety_is_refused(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """An offer in the line lifts the limit of 9, not that of an order that is no wholesale order."""
    simulator.balance = Decimal(100_000)
    wholesale = simulator.add_product(offer_id="big", stock=2000, wholesale_tiers=(Decimal(5),))

    status, error = await buy(
        client,
        line(wholesale, qty=1000, offerId="big"),
        line(simulator.add_product()),
    )

    assert (status, error["propertyPath"], error["invalidValue"]) == (400, "products", 1001)


async def test_a_product_may_stand_only_once(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """The second line of the same product is a 400."""
    product = simulator.add_product()

    status, error = await buy(client, line(product), line(product))

    assert (status, error["kind"], error["propertyPath"]) == (400, "ConstraintViolation", "products[1].productId")


async def test_more_than_nine_of_an_ordinary_offer_are_refused(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """Without `wholesale.enabled` the limit of 9 holds though the offer is named."""
    product = simulator.add_product(offer_id="small")

    status, error = await buy(client, line(product, qty=10, offerId="small"))

    assert (status, error["kind"]) == (400, "ConstraintViolation")


async def test_a_preorder_is_alone_and_has_no_key_type(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """With another product, with another preorder, or with keyType it is refused as kind Preorder."""
    preorder, other = (simulator.add_product(preorder_until=date(2025, 9, 1)) for _ in range(2))
    ordinary = simulator.add_product()

    for lines in (
        [line(preorder), line(ordinary)],
        [line(preorder), line(other)],
        [line(preorder, keyType="text")],
    ):
        status, error = await buy(client, *lines)
        assert (status, error["kind"]) == (422, "Preorder")
    assert simulator.purchases == ()
