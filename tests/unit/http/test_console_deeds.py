"""What a person decides at the console, and what is asked for before."""

from collections.abc import AsyncIterator
from html import escape

import pytest
from console_world import NAME, PASSWORD, Console, a_short_order, an_order, at_the_door, form_token, logged_in

from bitloot_core.testing.samples import a_product
from bitloot_core.values.ids import ProductId
from bitloot_core.values.money import Money
from bitloot_http.accounts.visits import PROOF
from bitloot_http.handlers.actions import ACTIONS
from bitloot_http.pages.console.words import DEEDS

XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
LISTS = [
    "/console",
    "/console?reach=fortnight",
    "/console/orders",
    "/console/reservations",
    "/console/webhooks",
    "/console/findings",
    "/console/findings?status=any",
    "/console/jobs",
    "/console/jobs?status=done",
    "/console/acts",
]


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody of the staff, in the console of a shop without orders."""
    async with logged_in() as one:
        yield one


async def test_a_decision_has_a_reason_and_a_name(console: Console) -> None:
    """It is on the timeline, and pressing again does no harm."""
    order_id = await a_short_order(console)
    path = f"/console/orders/{order_id}"

    first = await console.press(path, f"{path}/retry", reason="the buyer wrote")
    again = await console.press(path, f"{path}/retry", reason="the buyer wrote")

    assert (first.status, first.headers["Location"]) == (303, f"{path}?done=retry")
    assert again.status == 303
    text = await console.get(f"{path}?done=retry")
    assert DEEDS["retry"].done in text
    assert f"admin:{NAME}: the buyer wrote" in text


async def test_a_refused_decision_says_why(console: Console) -> None:
    """On the page of the order, with the status of the refusal; what the state forbids is not offered at first."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"
    page = await console.get(path)

    answer = await console.send(f"{path}/cancel", {"reason": "by mistake"}, token=form_token(page))

    assert f'action="{path}/cancel"' not in page
    assert "What cannot be done now" in page
    assert answer.status == 409
    assert "Money came for the order: refund it instead" in await answer.text()


async def test_a_deed_that_there_is_not_is_not_found(console: Console) -> None:
    """Whatever stands in the path."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"

    answer = await console.send(f"{path}/reveal-all", {"reason": "x"}, token=form_token(await console.get(path)))

    assert answer.status == 404


async def test_a_short_payment_is_accepted(console: Console) -> None:
    """The order goes on, and its finding is settled."""
    order_id = await a_short_order(console)
    path = f"/console/orders/{order_id}"
    (payment,) = console.world.fakes.gateway.payments_of(order_id)

    answer = await console.press(path, f"{path}/accept-payment", subject=payment, reason="a regular customer")
    await console.world.fakes.work()

    assert answer.status == 303
    text = await console.get(path)
    assert f"accepted by admin:{NAME}" in text
    assert "payment-short</span>" not in text
    assert "accept-payment" in await console.get("/console/acts")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_a_decision_without_a_reason_is_none(console: Console, reason: str) -> None:
    """Nothing is decided."""
    order_id = await a_short_order(console)
    path = f"/console/orders/{order_id}"

    answer = await console.press(path, f"{path}/retry", reason=reason)

    assert answer.status == 422
    assert "OrderRetried" not in await console.get(path)


async def test_money_is_decided_with_a_secret_once_more(console: Console) -> None:
    """Right after the login it is covered; later a code of the app or the password is asked for."""
    order_id = await a_short_order(console)
    path = f"/console/orders/{order_id}"
    assert 'name="proof"' not in await console.get(path)
    await console.pass_time(PROOF)
    assert 'name="proof"' in await console.get(path)

    without = await console.press(path, f"{path}/refund", reason="sent back")
    wrong = await console.press(path, f"{path}/refund", reason="sent back", proof="wrong horse battery")
    right = await console.press(path, f"{path}/refund", reason="sent back", proof=console.code())

    assert (without.status, wrong.status, right.status) == (403, 403, 303)
    assert "neither your password nor a fresh code" in await wrong.text()
    assert 'value="sent back"' in await wrong.text()
    assert "Refund recorded" in await console.get(path)


async def test_a_password_is_a_secret_too(console: Console) -> None:
    """And covers the next minutes."""
    first, second = await a_short_order(console), await a_short_order(console)
    await console.pass_time(PROOF)

    one = f"/console/orders/{first}"
    assert (await console.press(one, f"{one}/refund", reason="sent back", proof=PASSWORD)).status == 303
    other = f"/console/orders/{second}"
    assert (await console.press(other, f"{other}/refund", reason="sent back")).status == 303


async def test_secrets_are_not_guessed_within_a_session(console: Console) -> None:
    """Five tries, and then a pause, as at the door."""
    order_id = await a_short_order(console)
    path = f"/console/orders/{order_id}"
    await console.pass_time(PROOF)

    statuses = [
        (await console.press(path, f"{path}/refund", reason="x", proof=f"{number:06}")).status for number in range(6)
    ]

    assert statuses == [403] * 5 + [429]


async def test_a_reader_decides_nothing() -> None:
    """Neither shown a form, nor obeyed when one is sent all the same."""
    async with at_the_door() as console:
        await console.hire("bob", "read")
        order_id = await a_short_order(console)
        await console.log_in("bob")
        token = form_token(await console.get("/console/account"))

        text = await console.get(f"/console/orders/{order_id}")
        answers = [
            await console.send(path, {"reason": "because"}, token=token)
            for path in (f"/console/orders/{order_id}/retry", "/console/webhooks/1/replay", "/console/products/game")
        ]

        assert "Decide" not in text
        assert [answer.status for answer in answers] == [403] * 3
        assert "has no scope" in await answers[0].text() or "does not allow this" in await answers[0].text()


async def test_the_terms_of_a_product_are_changed(console: Console) -> None:
    """For orders to come; those that were placed keep theirs."""
    before = await an_order(console, delivered=False)

    answer = await console.press(
        "/console/products/game",
        "/console/products/game",
        title="Game of the Year",
        price="15.50",
        maxCost="11.25",
        reason="a better offer",
    )

    (product,) = await console.world.fakes.storage.catalogue.products([ProductId("game")])
    assert answer.status == 303
    assert (product.title, product.price, product.max_cost, product.available) == (
        "Game of the Year",
        Money.of("15.50", "EUR"),
        Money.of("11.25", "EUR"),
        False,
    )
    assert (await console.world.fakes.order(before)).total == Money.of("12.99", "EUR")
    assert "Game of the Year" in await console.get("/console/products")
    assert "a better offer" in await console.get("/console/acts?action=change-product")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("price", "free"),
        ("price", "-1"),
        ("maxCost", "1.999"),
        ("title", " "),
        ("title", "x" * 301),
        ("title", "two\nlines"),
        ("title", "a\x00b"),
        ("releaseDate", "soon"),
        ("reason", " "),
    ],
)
async def test_terms_without_sense_change_nothing(console: Console, field: str, text: str) -> None:
    """The form is shown again with what was typed."""
    fields = {"title": "Game", "price": "12.99", "maxCost": "10.00", "reason": "because", field: text}

    answer = await console.press("/console/products/game", "/console/products/game", **fields)

    (product,) = await console.world.fakes.storage.catalogue.products([ProductId("game")])
    assert answer.status == 422
    assert product == a_product()
    assert f'value="{escape(text)}"' in await answer.text()


async def test_terms_need_a_secret_once_more(console: Console) -> None:
    """A price is money."""
    await console.pass_time(PROOF)

    answer = await console.press(
        "/console/products/game", "/console/products/game", title="Game", price="0.01", maxCost="10.00"
    )

    assert answer.status == 403


def test_every_action_has_its_words() -> None:
    """What it does, in the operator's language."""
    assert set(ACTIONS) <= set(DEEDS)
