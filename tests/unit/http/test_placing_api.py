"""Placing an order: once, at our price, not too often, and each way in which it is refused."""

import json
from datetime import timedelta

import attrs
import pytest
from http_world import ORDER, World, bearer, problem, running

from bitloot_core.testing.samples import a_product
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money

KEY = "an-idempotency-key"


async def test_an_order_is_placed_and_priced_by_the_server(world: World) -> None:
    """201 with the shape of the design; the price is the catalogue's."""
    answer = await world.client.post("/orders", json=ORDER)

    placed = await answer.json()
    assert answer.status == 201
    assert set(placed) == {"orderId", "accessToken", "status", "total", "items", "payment"}
    assert placed["status"] == "waiting"
    assert placed["total"] == {"amount": "12.99", "currency": "EUR"}
    assert placed["items"] == [
        {
            "itemId": "1",
            "productId": "game",
            "title": placed["items"][0]["title"],
            "quantity": 1,
            "unitPrice": {"amount": "12.99", "currency": "EUR"},
            "delivered": 0,
            "owed": 1,
        }
    ]
    assert set(placed["payment"]) == {
        "paymentId",
        "status",
        "payCurrency",
        "payAmount",
        "payAddress",
        "payExtraId",
        "expiresAt",
    }
    assert placed["payment"]["status"] == "waiting"


async def test_an_order_without_a_coin_has_no_payment_yet(world: World) -> None:
    """The buyer chooses later."""
    placed = await world.placed(payCurrency=None)

    assert placed["payment"] is None
    assert placed["status"] == "created"


async def test_an_order_stands_when_the_gateway_is_away(world: World) -> None:
    """201 with `payment: null`; a payment is asked for later."""
    world.fakes.gateway.goes_away()

    placed = await world.placed()

    assert placed["payment"] is None
    later = await world.client.post(
        f"/orders/{placed['orderId']}/payments", json={"payCurrency": "ltc"}, headers=bearer(placed["accessToken"])
    )
    assert later.status == 201
    assert (await later.json())["payCurrency"] == "ltc"


BODIES = {
    "not JSON": (b"{", 400, "malformed-json"),
    "empty": (b"", 400, "malformed-json"),
    "NaN": (b'{"email":NaN}', 400, "malformed-json"),
    "not UTF-8": (b'{"email":"\xff"}', 400, "malformed-json"),
    "too deep": (b"[" * 50_000, 400, "malformed-json"),
    "too large": (b" " * (64 * 1024 + 1), 413, "body-too-large"),
    "a list": (b"[]", 422, "invalid-field"),
}


@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_is_no_order_is_refused(world: World, body: str) -> None:
    """Malformed is 400, too large 413, understood but something else 422."""
    raw, status, code = BODIES[body]

    answer = await world.client.post("/orders", data=raw, headers={"Content-Type": "application/json"})

    assert await problem(answer) == (status, code)


async def test_a_body_that_does_not_say_its_length_is_counted(world: World) -> None:
    """Chunked bodies end at the limit, too."""

    async def chunks() -> object:
        """More than is read."""
        for _ in range(70):
            yield b" " * 1024

    answer = await world.client.post("/orders", data=chunks(), headers={"Content-Type": "application/json"})

    assert await problem(answer) == (413, "body-too-large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_another_content_type_is_refused(world: World, content_type: str) -> None:
    """A form of another site cannot say application/json."""
    answer = await world.client.post("/orders", data=json.dumps(ORDER), headers={"Content-Type": content_type})

    assert await problem(answer) == (415, "unsupported-media-type")


async def test_a_packed_body_is_refused(world: World) -> None:
    """A kilobyte can unpack to a gigabyte, and no sender of ours packs."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "deflate"}

    answer = await world.client.post("/orders", data=b"x", headers=headers)

    assert answer.status in {400, 415}


REFUSED = {
    "unknown field": ({"coupon": "FREE"}, "unknown-field"),
    "a price of the buyer's": ({"items": [{"productId": "game", "quantity": 1, "price": "0.01"}]}, "unknown-field"),
    "bad e-mail": ({"email": "buyer"}, "invalid-email"),
    "two lines in the e-mail": ({"email": "a@b.example\nBcc: c@d.example"}, "invalid-email"),
    "quantity 0": ({"items": [{"productId": "game", "quantity": 0}]}, "invalid-quantity"),
    "quantity -1": ({"items": [{"productId": "game", "quantity": -1}]}, "invalid-quantity"),
    "quantity 91": ({"items": [{"productId": "game", "quantity": 91}]}, "invalid-quantity"),
    "91 in two lines": (
        {"items": [{"productId": "game", "quantity": 90}, {"productId": "game", "quantity": 1}]},
        "too-many-units",
    ),
    "no items": ({"items": []}, "invalid-items"),
    "unknown product": ({"items": [{"productId": "gone", "quantity": 1}]}, "unknown-product"),
    "unknown coin": ({"payCurrency": "doge"}, "unknown-coin"),
    "no coin at all": ({"payCurrency": "!"}, "unknown-coin"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_an_order_that_cannot_be_is_refused_by_name(world: World, case: str) -> None:
    """Each has its own code, and nothing is stored."""
    changes, code = REFUSED[case]

    answer = await world.client.post("/orders", json={**ORDER, **changes})

    assert await problem(answer) == (422, code)
    assert world.fakes.storage.database.orders == {}


async def test_an_amount_under_the_minimum_of_the_coin_is_refused() -> None:
    """Nothing is stored: the gateway would refuse it a moment later."""
    async with running(a_product(price="1.00")) as world:
        answer = await world.client.post("/orders", json=ORDER)

        assert await problem(answer) == (422, "below-minimum")
        assert world.fakes.storage.database.orders == {}


async def test_two_currencies_in_one_order_are_refused() -> None:
    """One order has one price."""
    in_dollars = attrs.evolve(a_product("other"), price=Money.of("9.99", "USD"))
    async with running(a_product(), in_dollars) as world:
        items = [{"productId": "game", "quantity": 1}, {"productId": "other", "quantity": 1}]

        answer = await world.client.post("/orders", json={**ORDER, "items": items})

        assert await problem(answer) == (422, "mixed-currencies")


async def test_all_wrong_fields_are_told_at_once(world: World) -> None:
    """A form can mark each of them."""
    answer = await world.client.post("/orders", json={"email": 7, "items": [{"productId": "game"}], "x": 1})

    told = await answer.json()
    assert {error["field"]: error["code"] for error in told["errors"]} == {
        "email": "invalid-email",
        "items[0].quantity": "missing-field",
        "x": "unknown-field",
    }


async def test_the_same_key_and_body_are_one_order(world: World) -> None:
    """201 again, with the same order and the same access token."""
    first = await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})
    again = await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})

    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    assert len(world.fakes.storage.database.orders) == 1


async def test_no_access_token_is_kept_with_the_answer(world: World) -> None:
    """What is remembered opens nothing."""
    placed = await (await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})).json()

    kept = repr(world.fakes.storage.database.requests)
    assert placed["orderId"] in kept
    assert placed["accessToken"] not in kept
    assert KEY not in kept


async def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    """A client that mixes up its keys is told, and gets no other order's answer."""
    await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})

    answer = await world.client.post(
        "/orders", json={**ORDER, "email": "other@example.com"}, headers={"Idempotency-Key": KEY}
    )

    assert await problem(answer) == (422, "idempotency-key-reused")


async def test_a_refusal_under_a_key_is_repeated(world: World) -> None:
    """The second try is not told that the first is still running."""
    wrong = {**ORDER, "items": [{"productId": "gone", "quantity": 1}]}
    first = await world.client.post("/orders", json=wrong, headers={"Idempotency-Key": KEY})
    again = await world.client.post("/orders", json=wrong, headers={"Idempotency-Key": KEY})

    assert await problem(first) == (422, "unknown-product")
    assert await problem(again) == (422, "unknown-product")


async def test_the_same_request_under_way_is_a_conflict(world: World) -> None:
    """It was begun and has no answer yet; after a minute its worker is given up for dead, and it goes on."""
    async with running() as other:
        await other.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})
        ((key_hash, kept),) = other.fakes.storage.database.requests.items()
    begun = await world.fakes.shop.requests.begin(
        key_hash, kept.body_hash, OrderId("begun"), now=world.fakes.clock.now()
    )

    answer = await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})

    assert begun is not None
    assert await problem(answer) == (409, "request-running")
    world.fakes.clock.advance(timedelta(seconds=61))
    later = await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": KEY})
    assert (await later.json())["orderId"] == "begun"


@pytest.mark.parametrize("key", ["short", "x" * 256, "with a space in it!", "schlüssel-mit-umlaut"])
async def test_a_key_that_cannot_be_used_is_refused(world: World, key: str) -> None:
    """16 to 255 visible characters."""
    answer = await world.client.post("/orders", json=ORDER, headers={"Idempotency-Key": key})

    assert await problem(answer) == (400, "invalid-idempotency-key")


async def test_one_address_may_place_so_many_orders_a_minute() -> None:
    """429 says when to come back; time fills the bucket."""
    async with running(ORDERS_PER_MINUTE_PER_ADDRESS="2") as world:
        statuses = [(await world.client.post("/orders", json=ORDER)).status for _ in range(3)]
        refused = await world.client.post("/orders", json=ORDER)

        assert statuses == [201, 201, 429]
        assert await problem(refused) == (429, "too-many-requests")
        world.fakes.clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
        assert (await world.client.post("/orders", json=ORDER)).status == 201


async def test_addresses_behind_a_trusted_proxy_are_told_apart() -> None:
    """Only what the proxy itself wrote counts: the client's own claim stands before it."""
    async with running(ORDERS_PER_MINUTE_PER_ADDRESS="1", TRUSTED_PROXIES="127.0.0.0/8") as world:
        statuses = [
            (await world.client.post("/orders", json=ORDER, headers={"X-Forwarded-For": hops})).status
            for hops in ("192.0.2.1", "192.0.2.2", "198.51.100.9, 192.0.2.1")
        ]

        assert statuses == [201, 201, 429]


async def test_an_untrusted_client_cannot_name_its_address() -> None:
    """Else everybody had a new bucket for each request."""
    async with running(ORDERS_PER_MINUTE_PER_ADDRESS="1") as world:
        statuses = [
            (await world.client.post("/orders", json=ORDER, headers={"X-Forwarded-For": hop})).status
            for hop in ("192.0.2.1", "192.0.2.2")
        ]

        assert statuses == [201, 429]
