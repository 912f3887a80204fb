"""How often the staff may ask, and whoever tries tokens; when they are told to come back, and that it is true."""

from datetime import timedelta

import pytest
from http_world import STAFF, World, bearer, problem, running


async def test_a_token_may_ask_so_often_and_no_more(world: World) -> None:
    """Each token for itself, 600 times a minute unless it is set otherwise; it is told when to come back."""
    world.tokens.give("busy", "read")
    world.tokens.give("calm", "read")
    statuses = [(await world.client.get("/admin/jobs", headers=bearer("busy"))).status for _ in range(600)]

    late = await world.client.get("/admin/jobs", headers=bearer("busy"))
    other = await world.client.get("/admin/jobs", headers=bearer("calm"))

    assert set(statuses) == {200}
    assert late.headers["Retry-After"] == "1"
    assert await problem(late) == (429, "too-many-requests")
    assert other.status == 200


async def test_how_often_is_a_setting_and_the_pause_is_long_enough() -> None:
    """Three a minute: the fourth waits twenty seconds, and no less; reading and acting count alike."""
    async with running(ADMIN_REQUESTS_PER_MINUTE="3") as world:
        placed = await world.placed()
        before = await world.order(placed)
        paths = ("/admin/jobs", "/admin/summary", f"/admin/orders/{placed['orderId']}")
        looks = [(await world.client.get(path, headers=STAFF)).status for path in paths]
        press = await world.client.post(
            f"/admin/orders/{placed['orderId']}/cancel", json={"reason": "too quick"}, headers=STAFF
        )
        wait = int(press.headers["Retry-After"])
        world.fakes.clock.advance(timedelta(seconds=wait - 2))
        early = await world.client.get("/admin/jobs", headers=STAFF)
        world.fakes.clock.advance(timedelta(seconds=2))
        due = await world.client.get("/admin/jobs", headers=STAFF)

        assert looks == [200, 200, 200]
        assert (press.status, wait) == (429, 21)
        assert (early.status, due.status) == (429, 200)
        assert before == await world.order(placed)


async def test_there_need_be_no_limit() -> None:
    """0 is none."""
    async with running(ADMIN_REQUESTS_PER_MINUTE="0") as world:
        statuses = {(await world.client.get("/admin/jobs", headers=STAFF)).status for _ in range(700)}

    assert statuses == {200}


@pytest.mark.parametrize("path", ["/admin/jobs", "/admin/orders/nowhere/refund", "/orders/nowhere"])
async def test_whoever_tries_tokens_is_slowed_down(world: World, path: str) -> None:
    """By the address; one with a good token is let in all the same."""
    ask = world.client.post if path.endswith("refund") else world.client.get
    for number in range(60):
        answer = await ask(path, headers=bearer(f"guess-{number}-of-many"))
        assert answer.status == 401

    late = await ask(path, headers=bearer("one-guess-more-than-that"))
    good = await world.client.get("/admin/jobs", headers=STAFF)

    assert (late.status, good.status) == (429, 200)
