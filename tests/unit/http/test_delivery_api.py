"""The delivery link: looking consumes nothing, pressing the button reveals, and each way in which it says no."""

from datetime import timedelta

import attrs
import pytest
from http_world import BROWSER, STAFF, World, bearer, problem, running

from bitloot_core.order.reservations import KeyType
from bitloot_core.testing.samples import a_product

JSON = {"Accept": "application/json"}


async def test_looking_at_the_page_consumes_nothing(world: World) -> None:
    """Mail scanners open links, some of them ten times."""
    placed = await world.delivered()
    token = await world.link_of(placed)

    pages = [await world.client.get(f"/delivery/{token}", headers=BROWSER) for _ in range(60)]
    head = await world.client.head(f"/delivery/{token}")

    assert {answer.status for answer in [*pages, head]} == {200}
    audit = await (await world.client.get(f"/admin/key-audit/{placed['orderId']}", headers=STAFF)).json()
    assert audit["items"] == []
    serial = (await _keys(world, token))[0]["value"]
    assert serial not in await pages[0].text()


async def _keys(world: World, token: str) -> list[dict[str, str]]:
    """The keys that a link reveals."""
    answer = await world.client.post(f"/delivery/{token}/reveal", headers=JSON)
    assert answer.status == 200, await answer.text()
    found: list[dict[str, str]] = (await answer.json())["keys"]
    return found


async def test_the_button_reveals_and_leaves_a_row(world: World) -> None:
    """The audit names the link, the address and the client."""
    placed = await world.delivered()
    token = await world.link_of(placed)

    answer = await world.client.post(f"/delivery/{token}/reveal", headers={**JSON, "User-Agent": "Firefox 1"})

    (key,) = (await answer.json())["keys"]
    assert set(key) == {"unitId", "productId", "title", "type", "value"}
    assert (key["unitId"], key["productId"], key["type"]) == ("1.1", "game", "text/plain")
    audit = await (await world.client.get(f"/admin/key-audit/{placed['orderId']}", headers=STAFF)).json()
    (row,) = audit["items"]
    assert (row["actor"], row["unitId"], row["address"], row["agent"]) == ("link", "1.1", "127.0.0.1", "Firefox 1")


async def test_the_keys_can_be_seen_again(world: World) -> None:
    """Losing a key that was paid for is worse than seeing it twice; each time leaves its row."""
    placed = await world.delivered()
    token = await world.link_of(placed)

    assert await _keys(world, token) == await _keys(world, token)
    audit = await (await world.client.get(f"/admin/key-audit/{placed['orderId']}", headers=STAFF)).json()
    assert len(audit["items"]) == 2


async def test_a_browser_gets_a_page_with_the_keys(world: World) -> None:
    """Text keys to copy."""
    placed = await world.delivered(items=[{"productId": "game", "quantity": 2}])
    token = await world.link_of(placed)
    serials = [key["value"] for key in await _keys(world, token)]

    answer = await world.client.post(f"/delivery/{token}/reveal", headers=BROWSER)

    text = await answer.text()
    assert answer.content_type == "text/html"
    assert [serial for serial in serials if serial not in text] == []


async def test_a_picture_key_is_shown_as_a_picture() -> None:
    """Its media type is in `type`, its base64 in `value`; the page's policy admits no other source than `data:`."""
    product = attrs.evolve(a_product(), key_type=KeyType.ANY)
    async with running(product) as world:
        world.fakes.supplier.in_stock(product.supplier_product_id, 0)
        world.fakes.supplier.pictures_in_stock(product.supplier_product_id, 1)
        placed = await world.delivered()
        token = await world.link_of(placed)

        (key,) = await _keys(world, token)
        page = await (await world.client.post(f"/delivery/{token}/reveal", headers=BROWSER)).text()

        assert key["type"].startswith("image/")
        assert f'src="data:{key["type"]};base64,{key["value"]}"' in page


@pytest.mark.parametrize("token", ["forged", "link1-" + "0" * 32, "a%00b", "ü", "x" * 500, "%ff", "a" * 129])
async def test_a_wrong_token_is_not_found(world: World, token: str) -> None:
    """A forged one and an unknown one are told apart by nobody."""
    await world.delivered()

    for answer in (
        await world.client.get(f"/delivery/{token}"),
        await world.client.post(f"/delivery/{token}/reveal", headers=JSON),
    ):
        status, code = await problem(answer)
        assert status == 404
        assert code in {"link-not-found", "not-found"}


async def test_an_access_token_is_no_link(world: World) -> None:
    """It shows the status, never a key."""
    placed = await world.delivered()

    answer = await world.client.post(f"/delivery/{placed['accessToken']}/reveal", headers=JSON)

    assert await problem(answer) == (404, "link-not-found")


async def test_a_link_expires(world: World) -> None:
    """410, and a page that says what to do."""
    placed = await world.delivered()
    token = await world.link_of(placed)
    world.fakes.clock.advance(timedelta(days=15))

    program = await world.client.post(f"/delivery/{token}/reveal", headers=JSON)
    person = await world.client.get(f"/delivery/{token}", headers=BROWSER)

    assert await problem(program) == (410, "link-expired")
    assert person.status == 410
    assert "ask for a fresh link" in await person.text()


async def test_a_link_is_revoked_by_a_newer_one(world: World) -> None:
    """The newer one works."""
    placed = await world.delivered()
    before = await world.link_of(placed)
    await world.client.post(f"/orders/{placed['orderId']}/link", headers=bearer(placed["accessToken"]))

    assert await problem(await world.client.post(f"/delivery/{before}/reveal", headers=JSON)) == (410, "link-revoked")
    assert len(await _keys(world, await world.link_of(placed))) == 1


async def test_a_link_is_used_up() -> None:
    """After so many views it needs a fresh one: a link that got around is not open for ever."""
    async with running() as world:
        placed = await world.delivered()
        token = await world.link_of(placed)
        for _ in range(world.fakes.shop.policy.link_max_views):
            await _keys(world, token)

        answer = await world.client.post(f"/delivery/{token}/reveal", headers=JSON)

        assert await problem(answer) == (410, "link-used-up")


async def test_a_refunded_order_shows_nothing_any_more(world: World) -> None:
    """The money is back, so the keys stay."""
    placed = await world.delivered()
    token = await world.link_of(placed)
    refund = await world.client.post(
        f"/admin/orders/{placed['orderId']}/refund", json={"reason": "asked for"}, headers=STAFF
    )

    assert refund.status == 200
    assert await problem(await world.client.post(f"/delivery/{token}/reveal", headers=JSON)) == (409, "not-revealable")


async def test_a_key_that_does_not_open_is_no_500(world: World) -> None:
    """The audit row stands, the buyer is told that nothing is lost."""
    placed = await world.delivered()
    token = await world.link_of(placed)
    for unit in (await world.order(placed)).held:
        world.fakes.vault.damage(unit.storage_ref)

    answer = await world.client.post(f"/delivery/{token}/reveal", headers=JSON)

    assert await problem(answer) == (503, "key-unreadable")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
async def test_another_sites_form_reveals_nothing(world: World, headers: dict[str, str], status: int) -> None:
    """Our pages send no referrer, so browsers say `Origin: null` even of our own forms."""
    placed = await world.delivered()

    answer = await world.client.post(f"/delivery/{await world.link_of(placed)}/reveal", headers={**JSON, **headers})

    assert answer.status == status


async def test_what_shows_a_key_is_kept_by_nobody(world: World) -> None:
    """Neither by caches nor by search engines, and the link's address goes to no other site."""
    placed = await world.delivered()
    token = await world.link_of(placed)

    look = await world.client.get(f"/delivery/{token}", headers=BROWSER)
    page = await world.client.post(f"/delivery/{token}/reveal", headers=BROWSER)
    told = await world.client.post(f"/delivery/{token}/reveal", headers=JSON)

    for answer in (look, page, told):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for answer in (look, page):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
