"""Forgetting a buyer over HTTP: what the staff asks for, and what is left for everybody to see."""

from http_world import STAFF, World, bearer, problem

REASON = {"reason": "asked for by mail"}


async def test_the_staff_forgets_a_buyer(world: World) -> None:
    """The answer shows the order without an address; so does every list from then on."""
    placed = await world.delivered()

    answer = await world.client.post(f"/admin/orders/{placed['orderId']}/forget", json=REASON, headers=STAFF)

    shown = await answer.json()
    orders = await (await world.client.get("/admin/orders", headers=STAFF)).json()
    bought = await (await world.client.get("/admin/reservations", headers=STAFF)).json()
    assert (answer.status, shown["email"], shown["status"]) == (200, None, "fulfilled")
    assert [row["email"] for row in orders["items"] + bought["items"]] == [None, None]
    assert (
        "buyer@example.com"
        not in await (await world.client.get(f"/admin/orders/{placed['orderId']}", headers=STAFF)).text()
    )
    found = await world.client.get("/admin/orders?email=buyer@example.com", headers=STAFF)
    assert (await found.json())["items"] == []


async def test_a_buyer_who_is_still_needed_is_not_forgotten(world: World) -> None:
    """409, and nothing is erased."""
    placed = await world.placed()

    refused = await world.client.post(f"/admin/orders/{placed['orderId']}/forget", json=REASON, headers=STAFF)

    assert await problem(refused) == (409, "buyer-needed")
    assert (await world.order(placed)).email == "buyer@example.com"


async def test_a_forgotten_buyer_still_sees_the_order(world: World) -> None:
    """With the access token: how it stands, and no button for what cannot be done any more."""
    placed = await world.delivered()
    await world.client.post(f"/admin/orders/{placed['orderId']}/forget", json=REASON, headers=STAFF)
    access = bearer(placed["accessToken"])

    seen = await world.client.get(f"/orders/{placed['orderId']}", headers=access)
    fresh = await world.client.post(f"/orders/{placed['orderId']}/link", headers=access)
    await world.client.post(f"/orders/{placed['orderId']}/page", data={"accessToken": placed["accessToken"]})
    page = await (await world.client.get(f"/orders/{placed['orderId']}/page")).text()

    assert (await seen.json())["status"] == "fulfilled"
    assert await problem(fresh) == (409, "buyer-forgotten")
    assert "Mail me a fresh link" not in page
