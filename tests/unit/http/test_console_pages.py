"""The pages of the console: what stands on them, what can be decided there, and what never runs there."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import escape

import attrs
import pytest
from console_world import NAME, PASSWORD, Console, at_the_door, form_token, logged_in

from bitloot_core.ports.catalogue import Product
from bitloot_core.testing.samples import a_product
from bitloot_core.values.ids import ProductId
from bitloot_core.values.money import Money
from bitloot_http.accounts.visits import PROOF
from bitloot_http.handlers.admin import ACTIONS
from bitloot_http.handlers.console.routes import CONSOLE
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


async def an_order(console: Console, *, delivered: bool = True) -> str:
    """Given an order; who was logged in before is so again."""
    placed = await (console.world.delivered() if delivered else console.world.placed())
    if delivered:
        await console.forget()
        await console.log_in()
    return str(placed["orderId"])


async def a_short_order(console: Console) -> str:
    """Given an order whose payment fell short."""
    placed = await console.world.placed()
    payment = placed["payment"]["paymentId"]
    console.world.fakes.gateway.pay_short(payment)
    await console.world.fakes.tell(payment)
    await console.world.fakes.work()
    return str(placed["orderId"])


async def test_an_empty_shop_has_its_pages(console: Console) -> None:
    """Each says that there is nothing, instead of showing an empty table."""
    for path in (*LISTS, "/console/key-audit", "/console/search", "/console/account"):
        text = await console.get(path)
        assert "</html>" in text
    assert "No order has been placed yet." in await console.get("/console/orders")


async def test_orders_are_listed_and_narrowed(console: Console) -> None:
    """By status, e-mail and id; what was asked for stands in the form again."""
    done = await an_order(console)
    waits = await an_order(console, delivered=False)

    all_of_them = await console.get("/console/orders")
    narrowed = await console.get("/console/orders?status=fulfilled&email=&orderId=")

    assert done in all_of_them
    assert waits in all_of_them
    assert done in narrowed
    assert waits not in narrowed
    assert "<option selected>fulfilled</option>" in narrowed


async def test_a_list_goes_on_where_the_page_before_ended(console: Console) -> None:
    """The filter is carried along."""
    placed = [await an_order(console, delivered=False) for _ in range(3)]

    first = await console.get("/console/orders?limit=2&status=waiting")
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older is not None
    second = await console.get(older[1].replace("&amp;", "&"))

    assert (placed[2] in first, placed[1] in first, placed[0] in first) == (True, True, False)
    assert placed[0] in second
    assert "limit=2" in older[1]


async def test_an_order_is_shown_with_everything(console: Console) -> None:
    """Units, payments, purchases, ledger, webhooks, jobs, timeline, and that all is well."""
    order_id = await an_order(console)
    purchase = console.world.fakes.supplier.purchases[0].supplier_order_id
    order = await console.world.fakes.order(order_id)

    text = await console.get(f"/console/orders/{order_id}")

    assert "It is done." in text
    for expected in (
        order.units[0].id,
        order.units[0].supplier_key_id,
        order.payments[0].invoice.gateway_id,
        purchase,
        f"{order_id}-1",
        "payment.finished",
        "check-payment",
        "OrderFulfilled",
        "charged",
    ):
        assert expected in text, expected


async def test_a_stuck_order_says_why_and_what_comes_next(console: Console) -> None:
    """The reason that waits for a person, and the job that is due."""
    order_id = await a_short_order(console)

    text = await console.get(f"/console/orders/{order_id}")

    assert "It is stuck, and waits for you." in text
    assert "payment-short" in text
    assert "asks NOWPayments how the payment stands" in text
    assert re.search(r"<time [^>]+>in \d+ (s|min)", text)


async def test_no_key_stands_on_any_page(console: Console) -> None:
    """Serials are shown by a reveal, and by nothing else."""
    order_id = await an_order(console)
    token = console.world.fakes.token()
    shown = await console.world.client.post(f"/delivery/{token}/reveal", headers={"Accept": "application/json"})
    serial = (await shown.json())["keys"][0]["value"]

    pages = [
        await console.get(path)
        for path in (f"/console/orders/{order_id}", "/console/webhooks/1", f"/console/key-audit?q={order_id}", *LISTS)
    ]

    assert [serial in page for page in pages] == [False] * len(pages)
    assert "link" in pages[2]
    assert "127.0.0.1" in pages[2]


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


async def test_a_refused_decision_says_why_and_keeps_what_was_typed(console: Console) -> None:
    """On the page of the order, with the status of the refusal."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"

    answer = await console.press(path, f"{path}/cancel", reason="by mistake")

    text = await answer.text()
    assert answer.status == 409
    assert "Money came for the order: refund it instead" in text
    assert 'value="by mistake"' in text


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


async def test_reservations_are_listed_with_their_next_step(console: Console) -> None:
    """Order, buyer, status, both names, what the supplier says, age, next step, and a retry."""
    order_id = await an_order(console)
    purchase = console.world.fakes.supplier.purchases[0].supplier_order_id
    await console.world.fakes.buy()

    text = await console.get("/console/reservations")
    narrowed = await console.get(f"/console/reservations?kinguinReservationId={purchase}")

    assert order_id in text
    assert "buyer@example.com" in text
    assert "nothing: all its keys are held" in text
    assert re.search(r'action="/console/orders/\w+/retry"', text)
    assert order_id in narrowed
    assert narrowed.count('data-label="Order"') == 1


async def test_the_supplier_is_asked_about_a_purchase(console: Console) -> None:
    """What it says now; when it is away the page says so."""
    await an_order(console)
    purchase = console.world.fakes.supplier.purchases[0].supplier_order_id

    text = await console.get(f"/console/reservations/{purchase}")
    console.world.fakes.supplier.is_down = True
    away = await console.get(f"/console/reservations/{purchase}")

    assert "completed" in text
    assert "Something that we need is away" in away
    assert (await console.ask("/console/reservations/nobody-knows")).status == 404


async def test_webhooks_are_listed_shown_and_run_again(console: Console) -> None:
    """With the body, its keys starred, and the result; a replay moves no money."""
    order_id = await an_order(console)
    ledger = len((await console.world.fakes.storage.queries.dossier(order_id)).ledger)

    listed = await console.get("/console/webhooks?source=nowpayments&status=processed")
    number = re.findall(r'href="/console/webhooks/(\d+)"', listed)[0]
    page = f"/console/webhooks/{number}"
    shown = await console.get(page)
    answer = await console.press(page, f"{page}/replay")
    await console.world.fakes.work()

    assert "payment.finished" in shown
    assert order_id in shown
    assert (answer.status, answer.headers["Location"]) == (303, f"{page}?done=1")
    assert "It runs again" in await console.get(f"{page}?done=1")
    assert len((await console.world.fakes.storage.queries.dossier(order_id)).ledger) == ledger


async def test_a_webhook_without_its_body_does_not_run_again(console: Console) -> None:
    """And says that the body is gone."""
    await an_order(console)
    console.world.fakes.storage.inbox.prune(1)

    answer = await console.press("/console/webhooks/1", "/console/webhooks/1/replay")

    text = await answer.text()
    assert answer.status == 409
    assert "no longer kept" in text
    assert "The body is older than bodies are kept." in text


@pytest.mark.parametrize("path", ["/console/webhooks/999", "/console/orders/nobody", "/console/products/nothing"])
async def test_what_is_not_there_is_not_found(console: Console, path: str) -> None:
    """A page of the console that says so."""
    answer = await console.ask(path)

    assert answer.status == 404
    assert "BitLoot console" in await answer.text()


async def test_everything_is_found_by_one_box(console: Console) -> None:
    """An order by its id, its purchase under both names, its payment; a buyer's orders are listed."""
    order_id = await an_order(console)
    order = await console.world.fakes.order(order_id)
    purchase = console.world.fakes.supplier.purchases[0].supplier_order_id
    for asked in (order_id, f" {order_id} ", f"{order_id}-1", purchase, order.payments[0].invoice.gateway_id):
        answer = await console.ask(f"/console/search?q={asked}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/console/orders/{order_id}"), asked

    second = await an_order(console, delivered=False)
    by_mail = await console.get("/console/search?q=buyer@example.com")
    nothing = await console.get("/console/search?q=nothing-like-it")

    assert order_id in by_mail
    assert second in by_mail
    assert "Nothing has that name." in nothing


async def test_the_terms_of_a_product_are_changed(console: Console) -> None:
    """For orders to come; those that were placed keep theirs."""
    before = await an_order(console, delivered=False)

    answer = await console.press(
        "/console/products/game", "/console/products/game", title="Game of the Year", price="15.50", maxCost="11.25"
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


@pytest.mark.parametrize(
    ("field", "text"),
    [("price", "free"), ("price", "-1"), ("maxCost", "1.999"), ("title", " "), ("releaseDate", "soon")],
)
async def test_terms_without_sense_change_nothing(console: Console, field: str, text: str) -> None:
    """The form is shown again with what was typed."""
    fields = {"title": "Game", "price": "12.99", "maxCost": "10.00", field: text}

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


def hostile() -> Product:
    """A product whose title would run, if anything did."""
    return attrs.evolve(a_product(), title=XSS)


async def test_text_of_others_is_never_obeyed() -> None:
    """A title, an address, a supplier's error, a browser's name, a webhook's body, a reason: all shown, none run."""
    async with logged_in(hostile()) as console:
        fakes = console.world.fakes
        placed = await console.world.placed()
        await fakes.pay(placed["orderId"])
        await fakes.deliver(placed["orderId"])
        await fakes.pass_time(fakes.shop.policy.supplier_poll[0])
        order_id = placed["orderId"]
        await console.world.client.post(f"/delivery/{fakes.token()}/reveal", headers={"User-Agent": XSS})
        path = f"/console/orders/{order_id}"
        await console.press(path, f"{path}/resend", reason=XSS)
        await console.send(f"{path}/cancel", {"reason": XSS}, token=form_token(await console.get(path)))

        shown = [
            await console.get(one)
            for one in (
                path,
                *LISTS,
                "/console/webhooks/1",
                "/console/products",
                "/console/products/game",
                f"/console/key-audit?q={order_id}",
                "/console/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
                "/console/orders?email=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
            )
        ]

        assert [page for page in shown if "<script>alert" in page or "<img" in page] == []
        assert "&lt;script&gt;" in shown[0]
        assert "&lt;script&gt;" in shown[-1]


@pytest.mark.parametrize(
    "query",
    [
        "status=%27%20OR%201=1%20--",
        "orderId=..%2F..%2Fetc%2Fpasswd",
        "email=%25",
        "kinguinReservationId=%00",
        "limit=10000",
        "cursor=nonsense",
        "nonsense=1",
        "status=paid&status=created",
        "from=yesterday",
    ],
)
async def test_a_filter_is_text_and_nothing_else(console: Console, query: str) -> None:
    """It finds nothing or is refused; it never breaks out, nor breaks the page."""
    order_id = await an_order(console, delivered=False)

    answer = await console.ask(f"/console/orders?{query}")

    assert answer.status in {200, 400, 422}
    assert order_id not in await answer.text()


@pytest.mark.parametrize(
    "path",
    [
        "/console/orders/..%2f..%2fadmin",
        "/console/orders/order1/destroy",
        "/console/webhooks/1%20OR%201=1",
        "/console/webhooks/-1",
        "/console/reservations/a%2Fb",
    ],
)
async def test_a_path_leads_nowhere_else(console: Console, path: str) -> None:
    """What does not have the form of a name is not looked up."""
    answer = await console.ask(path)

    assert answer.status in {404, 405}


def test_every_action_has_its_words() -> None:
    """What it does, in the operator's language."""
    assert set(ACTIONS) <= set(DEEDS)


def test_every_page_is_reached_by_one_handler() -> None:
    """No address twice, and each under the console's own."""
    addresses = [(method, path) for method, path, _ in CONSOLE]

    assert len(set(addresses)) == len(addresses)
    assert [path for _, path in addresses if path != "/console" and not path.startswith("/console/")] == []


async def test_ages_are_told_by_the_clock_of_the_server(console: Console) -> None:
    """A page says as of when it is, and an age grows with time."""
    await an_order(console, delivered=False)
    fresh = await console.get("/console/orders")

    await console.pass_time(timedelta(minutes=7))
    later = await console.get("/console/orders")

    assert "0 s ago" in fresh
    assert "7 min ago" in later
    now = console.world.fakes.clock.now()
    assert f"As of {now:%Y-%m-%d %H:%M:%S} UTC." in later
