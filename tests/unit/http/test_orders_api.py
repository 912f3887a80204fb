"""The buyer's API after the order: looking, paying in another coin, a fresh link, and to whom it says no."""

import pytest
from http_world import BROWSER, STAFF, World, bearer, problem


async def test_the_buyer_sees_the_order(world: World) -> None:
    """With the shapes of the design; never a key, a link or a name of the supplier's."""
    placed = await world.delivered()

    answer = await world.client.get(f"/orders/{placed['orderId']}", headers=bearer(placed["accessToken"]))

    shown = await answer.json()
    assert {"orderId", "status", "total", "createdAt", "items", "payments", "timeline"} <= set(shown)
    assert shown["status"] == "fulfilled"
    assert (shown["items"][0]["delivered"], shown["items"][0]["owed"]) == (1, 0)
    assert shown["payments"][0]["status"] == "finished"
    assert set(shown["timeline"][0]) == {"at", "event", "text"}
    text = await answer.text()
    order = await world.order(placed)
    secrets = [unit.supplier_key_id for unit in order.held] + [unit.storage_ref for unit in order.held]
    secrets += [purchase.supplier_order_id for purchase in world.fakes.supplier.purchases]
    secrets += [await world.link_of(placed)]
    assert [secret for secret in secrets if secret in text] == []


async def test_the_staff_sees_any_order(world: World) -> None:
    """The same view; the whole one is under /admin."""
    placed = await world.placed()

    answer = await world.client.get(f"/orders/{placed['orderId']}", headers=STAFF)

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/orders/{}", "/orders/{}/payments", "/orders/{}/link"])
async def test_an_order_is_nobody_elses(world: World, path: str) -> None:
    """No token, a wrong one, that of another order, and an order that is not there: each by its name."""
    mine = await world.placed()
    other = await world.placed()
    method = "GET" if path == "/orders/{}" else "POST"

    async def ask(order_id: str, headers: dict[str, str]) -> tuple[int, str]:
        """How it is refused."""
        body = {"payCurrency": "ltc"} if path.endswith("payments") else None
        return await problem(await world.client.request(method, path.format(order_id), json=body, headers=headers))

    assert await ask(mine["orderId"], {}) == (401, "token-missing")
    assert await ask(mine["orderId"], {"Authorization": "Basic YTpi"}) == (401, "token-invalid")
    assert await ask(mine["orderId"], bearer("forged")) == (401, "token-invalid")
    assert await ask(mine["orderId"], bearer(other["accessToken"])) == (403, "token-of-another-order")
    assert await ask("nowhere", bearer(other["accessToken"])) == (404, "order-not-found")


async def test_a_delivery_token_opens_no_order(world: World) -> None:
    """A mail that is passed on shows keys, not the order."""
    placed = await world.delivered()

    answer = await world.client.get(f"/orders/{placed['orderId']}", headers=bearer(await world.link_of(placed)))

    assert await problem(answer) == (401, "token-invalid")


async def test_another_coin_is_another_payment(world: World) -> None:
    """It is answered bare."""
    placed = await world.placed()

    answer = await world.client.post(
        f"/orders/{placed['orderId']}/payments", json={"payCurrency": "xrp"}, headers=bearer(placed["accessToken"])
    )

    payment = await answer.json()
    assert answer.status == 201
    assert payment["payCurrency"] == "xrp"
    assert payment["payExtraId"] is not None


async def test_a_paid_order_takes_no_new_payment(world: World) -> None:
    """The buyer cannot be made to pay twice."""
    placed = await world.delivered()

    answer = await world.client.post(
        f"/orders/{placed['orderId']}/payments", json={"payCurrency": "ltc"}, headers=bearer(placed["accessToken"])
    )

    assert await problem(answer) == (409, "not-payable")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("goes_away", (503, "unavailable")), ("loses_the_answer", (503, "unknown-outcome"))],
)
async def test_a_gateway_that_fails_is_told_apart_from_a_refusal(
    world: World, fault: str, expected: tuple[int, str]
) -> None:
    """503 with Retry-After: nothing is wrong with the request."""
    placed = await world.placed(payCurrency=None)
    getattr(world.fakes.gateway, fault)()

    answer = await world.client.post(
        f"/orders/{placed['orderId']}/payments", json={"payCurrency": "ltc"}, headers=bearer(placed["accessToken"])
    )

    assert await problem(answer) == expected
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_fresh_link_is_mailed_to_the_address_on_the_order(world: World) -> None:
    """202; the earlier link is dead, and nobody else gets the mail."""
    placed = await world.delivered()
    before = await world.link_of(placed)

    answer = await world.client.post(f"/orders/{placed['orderId']}/link", headers=bearer(placed["accessToken"]))
    await world.fakes.work()

    assert answer.status == 202
    assert len(world.fakes.mailer.to("buyer@example.com")) == 2
    assert await problem(await world.client.get(f"/delivery/{before}")) == (410, "link-revoked")


async def test_no_link_is_mailed_before_there_is_a_key(world: World) -> None:
    """There is nothing to open with it."""
    placed = await world.placed()

    answer = await world.client.post(f"/orders/{placed['orderId']}/link", headers=bearer(placed["accessToken"]))

    assert await problem(answer) == (409, "not-revealable")


async def test_a_mailbox_is_not_flooded(world: World) -> None:
    """A few fresh links a minute are enough for anybody."""
    placed = await world.delivered()
    path, headers = f"/orders/{placed['orderId']}/link", bearer(placed["accessToken"])

    statuses = [(await world.client.post(path, headers=headers)).status for _ in range(8)]

    assert statuses == [202] * 6 + [429] * 2


async def test_a_browser_is_led_to_the_page_of_the_order(world: World) -> None:
    """A person who opens the API's address sees a page, not JSON."""
    placed = await world.placed()

    answer = await world.client.get(f"/orders/{placed['orderId']}", headers=BROWSER, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, f"/orders/{placed['orderId']}/page")


@pytest.mark.parametrize("path", ["/nothing", "/orders/a%00b", "/orders/../x", "/orders/" + "x" * 65])
async def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    """An id that no order can have is never looked up."""
    assert await problem(await world.client.get(path)) == (404, "not-found")


async def test_another_method_is_refused_with_those_that_are_allowed(world: World) -> None:
    """405 says what is allowed."""
    answer = await world.client.delete("/orders")

    assert await problem(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"
