"""The pages for people: they work without a script, show nobody else's order, and escape what is not ours."""

import re
from datetime import datetime, timedelta
from typing import get_args

import attrs
import pytest
from http_world import BROWSER, ORDER, World, running

from bitloot_core.order.buying import Buying
from bitloot_core.order.commands import IntendPayment
from bitloot_core.order.decide import decide
from bitloot_core.order.order import Order
from bitloot_core.order.payments import Payment
from bitloot_core.order.policy import Policy
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.samples import a_product
from bitloot_http.pages.order_page import WORDS, order_page
from bitloot_http.pages.payment_codes import qr_code

FORM = {"email": "buyer@example.com", "quantity.game": "1", "payCurrency": "btc", "requestKey": "k" * 32}


async def checked_out(world: World, **changes: str) -> str:
    """Order with the form of the front page; the page of the order."""
    answer = await world.client.post("/checkout", data={**FORM, **changes}, headers=BROWSER)
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def test_the_front_page_shows_what_can_be_bought(world: World) -> None:
    """With prices and coins."""
    answer = await world.client.get("/", headers=BROWSER)

    text = await answer.text()
    assert answer.status == 200
    assert "12.99 EUR" in text
    assert 'value="btc"' in text


async def test_the_front_page_stands_when_the_gateway_is_away(world: World) -> None:
    """The coin is chosen later."""
    world.fakes.gateway.goes_away("coins")

    answer = await world.client.get("/", headers=BROWSER)

    assert answer.status == 200
    assert "Choose later" in await answer.text()


async def test_an_order_is_placed_and_shown_without_a_script(world: World) -> None:
    """The form leads to the page of the order, whose address opens nothing by itself."""
    answer = await world.client.post("/checkout", data=FORM, headers=BROWSER, allow_redirects=False)

    assert answer.status == 303
    assert re.fullmatch(r"/orders/\w+/page", answer.headers["Location"])
    cookie = answer.cookies["bl-order"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == answer.headers["Location"].removesuffix("/page")
    page = await (await world.client.get(answer.headers["Location"], headers=BROWSER)).text()
    payment = (await world.fakes.order("order1")).payments[0]
    assert payment.invoice.address in page
    assert payment.invoice.due.text in page
    assert "<svg" in page
    assert 'http-equiv="refresh"' in page


async def test_the_cookie_is_for_tls_where_there_is_tls() -> None:
    """Its name says so, and browsers hold to the name."""
    async with running(PUBLIC_URL="https://shop.example") as world:
        answer = await world.client.post("/checkout", data=FORM, allow_redirects=False)

        assert answer.cookies["__Secure-bl-order"]["secure"]
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_second_press_of_the_button_is_the_same_order(world: World) -> None:
    """The form carries a key of its own."""
    await checked_out(world)
    await checked_out(world)

    assert len(world.fakes.storage.database.orders) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "nobody"}, "That is not an e-mail address"),
        ({"quantity.game": "0"}, "The items cannot be ordered"),
        ({"quantity.game": "91"}, "That many cannot be ordered"),
        ({"quantity.game": "many"}, "That many cannot be ordered"),
        ({"quantity.gone": "1"}, "There is no such product"),
        ({"payCurrency": "doge"}, "That coin cannot be paid with"),
    ],
)
async def test_a_form_that_cannot_be_is_told_in_words(world: World, changes: dict[str, str], words: str) -> None:
    """A page that says what to do, never a trace and never JSON."""
    answer = await world.client.post("/checkout", data={**FORM, **changes}, headers=BROWSER)

    text = await answer.text()
    assert (answer.status, answer.content_type) == (422, "text/html")
    assert words in text


async def test_a_page_without_its_cookie_asks_for_the_token(world: World) -> None:
    """And says nothing about the order."""
    order = await world.placed()

    answer = await world.client.get(f"/orders/{order['orderId']}/page", headers=BROWSER)

    text = await answer.text()
    assert answer.status == 200
    assert 'name="accessToken"' in text
    assert "12.99" not in text


async def test_the_token_opens_the_page(world: World) -> None:
    """It is sent in a body, and a cookie takes its place."""
    order = await world.placed()
    path = f"/orders/{order['orderId']}/page"

    answer = await world.client.post(path, data={"accessToken": f" {order['accessToken']} "}, headers=BROWSER)

    assert answer.status == 200
    assert str(answer.url).endswith(path)
    assert "Waiting for your payment" in await answer.text()


async def test_another_orders_token_opens_nothing(world: World) -> None:
    """Neither by the form nor by a cookie that was moved."""
    mine, other = await world.placed(), await world.placed()
    path = f"/orders/{mine['orderId']}/page"

    refused = await world.client.post(path, data={"accessToken": other["accessToken"]}, headers=BROWSER)
    world.client.session.cookie_jar.clear()
    moved = await world.client.get(path, headers={**BROWSER, "Cookie": f"bl-order={other['accessToken']}"})

    assert refused.status == 403
    assert "another order" in await refused.text()
    assert 'name="accessToken"' in await moved.text()


@pytest.mark.parametrize("path", ["payments", "link"])
async def test_a_button_of_the_page_needs_the_cookie(world: World, path: str) -> None:
    """And the page itself to have sent it."""
    order = await world.placed()
    url = f"/orders/{order['orderId']}/page/{path}"

    without = await world.client.post(url, data={"payCurrency": "ltc"}, headers=BROWSER)
    await world.client.post(f"/orders/{order['orderId']}/page", data={"accessToken": order["accessToken"]})
    foreign = await world.client.post(
        url, data={"payCurrency": "ltc"}, headers={**BROWSER, "Sec-Fetch-Site": "cross-site"}
    )

    assert without.status == 401
    assert foreign.status == 403
    assert len((await world.order(order)).payments) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "a word of tomorrow"}, 403),
    ],
)
async def test_a_form_that_names_no_origin_is_not_ours(world: World, headers: dict[str, str], status: int) -> None:
    """A frame of another site without an origin says `null`: where a cookie opens, that is no proof."""
    await checked_out(world)
    own = {**BROWSER, **headers}

    shop = await world.client.post("/checkout", data={**FORM, "requestKey": "z" * 32}, headers=own)
    coin = await world.client.post("/orders/order1/page/payments", data={"payCurrency": "ltc"}, headers=own)

    assert (shop.status, coin.status) == (status, status)


async def test_browsers_are_let_say_whose_form_it_is(world: World) -> None:
    """Without a referrer they would call our own page `null`; it goes to nobody but us."""
    await checked_out(world)

    for path in ("/", "/orders/order1/page", "/orders/order2/page"):
        answer = await world.client.get(path, headers=BROWSER)
        assert answer.headers["Referrer-Policy"] == "same-origin", path


async def test_the_coin_can_be_changed_on_the_page(world: World) -> None:
    """A coin with a memo warns of it."""
    await checked_out(world)

    answer = await world.client.post("/orders/order1/page/payments", data={"payCurrency": "xrp"}, headers=BROWSER)

    text = await answer.text()
    assert "Do not leave out the memo" in text
    assert (await world.fakes.order("order1")).payments[1].invoice.extra_id in text


async def test_a_fresh_link_can_be_asked_for_on_the_page(world: World) -> None:
    """The page shows the address only as its owner knows it."""
    order = await world.delivered()
    await world.client.post(f"/orders/{order['orderId']}/page", data={"accessToken": order["accessToken"]})

    answer = await world.client.post(f"/orders/{order['orderId']}/page/link", headers=BROWSER)

    text = await answer.text()
    assert "b•••r@example.com" in text
    assert "buyer@example.com" not in text


async def test_a_title_of_a_supplier_is_text(world: World) -> None:
    """It was written by somebody else."""
    evil = attrs.evolve(a_product(), title="<script>alert(1)</script>\"'")
    async with running(evil) as other:
        front = await (await other.client.get("/", headers=BROWSER)).text()
        page = await checked_out(other)
        delivery = await other.delivered()
        link = await (await other.client.get(f"/delivery/{await other.link_of(delivery)}", headers=BROWSER)).text()

        assert [text for text in (front, page, link) if "<script>alert" in text] == []
        assert [text for text in (front, page, link) if "&lt;script&gt;alert" not in text] == []


async def test_no_page_needs_another_host_or_an_inline_script(world: World) -> None:
    """What the policy forbids is not there to be forbidden."""
    order = await world.delivered()
    token = await world.link_of(order)
    pages = [
        await checked_out(world),
        await (await world.client.get("/", headers=BROWSER)).text(),
        await (await world.client.get("/docs", headers=BROWSER)).text(),
        await (await world.client.get(f"/delivery/{token}", headers=BROWSER)).text(),
        await (await world.client.post(f"/delivery/{token}/reveal", headers=BROWSER)).text(),
        await (await world.client.get("/nothing", headers=BROWSER)).text(),
    ]

    for text in pages:
        assert re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", text) == []
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)", text) == []


async def test_the_files_of_a_page_may_be_kept_for_ever(world: World) -> None:
    """Their names change with their content; another name is not found."""
    text = await (await world.client.get("/", headers=BROWSER)).text()

    for path in re.findall(r'"(/assets/[^"]+)"', text):
        answer = await world.client.get(path)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert (await world.client.get("/assets/style.css")).status == 404


async def test_what_goes_wrong_is_a_page_to_a_person(world: World) -> None:
    """With words that say what to do, and the request's id."""
    answer = await world.client.get("/delivery/forged", headers=BROWSER)

    text = await answer.text()
    assert (answer.status, answer.content_type) == (404, "text/html")
    assert "This link does not work" in text
    assert answer.headers["X-Request-Id"] in text


@pytest.mark.parametrize("name", every_state())
def test_every_state_of_an_order_has_its_page(name: str) -> None:
    """No state is without words, and none shows the payment box of a payment that is over."""
    order = every_state()[name]

    page = order_page(order, (), (), order.created_at, Buying())

    assert page.headline == WORDS[shown_status(order)].headline
    assert (page.pay is not None) <= (shown_status(order) is Status.WAITING)
    assert len(page.steps) == 4


@pytest.mark.parametrize("name", sorted(every_state()))
def test_a_coin_is_offered_exactly_where_one_is_taken(name: str) -> None:
    """Whoever presses the button is not refused, and whoever may pay has one to press, in time and late."""
    order = every_state()[name]

    for now in (order.expires_at - timedelta(seconds=1), order.expires_at):
        assert takes_a_coin(order, now) == order_page(order, (), (), now, Buying()).can_pay


def takes_a_coin(order: Order, now: datetime) -> bool:
    """Whether the order lets another payment be opened."""
    try:
        return bool(decide(order, IntendPayment(coin="eth"), now=now, policy=Policy()))
    except TransitionRefused:
        return False


def test_every_status_has_its_words() -> None:
    """A new one cannot be forgotten."""
    assert set(WORDS) == set(Status)
    assert len(get_args(Payment)) == 12


def test_a_qr_code_has_no_style_of_its_own() -> None:
    """The policy of the page would forbid it."""
    assert "style" not in qr_code("bitcoin:bc1q?amount=0.1")


async def test_the_api_places_what_the_form_places(world: World) -> None:
    """One path, two doors."""
    await checked_out(world)
    await world.client.post("/orders", json=ORDER)

    first, second = [await world.fakes.order(name) for name in sorted(world.fakes.storage.database.orders)]
    assert (first.buyer, first.lines) == (second.buyer, second.lines)
