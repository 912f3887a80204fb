"""The pages of the console: what stands on them."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from console_world import Console, a_short_order, an_order, logged_in

from bitloot_http.handlers.console.routes import CONSOLE

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


async def test_the_undelivered_are_a_list(console: Console) -> None:
    """The summary's number leads to the orders that it counts; another word than true or false is refused."""
    short = await an_order(console, delivered=False)
    paid = await an_order(console, delivered=False)
    await console.world.fakes.pay(paid)

    summary = await console.get("/console")
    text = await console.get("/console/orders?undelivered=true")
    everything = await console.get("/console/orders?undelivered=false")
    nonsense = await console.ask("/console/orders?undelivered=maybe")

    assert 'href="/console/orders?undelivered=true">1</a>' in summary
    assert (f"/console/orders/{paid}" in text, f"/console/orders/{short}" in text) == (True, False)
    assert 'name="undelivered" type="checkbox" value="true" checked' in text
    assert f"/console/orders/{short}" in everything
    assert nonsense.status in {400, 422}


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
    assert narrowed.count('data-label="Order and buyer"') == 1


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
    """An order by its id, its purchase under both names, its key, payment, finding; a buyer's orders are listed."""
    order_id = await an_order(console)
    order = await console.world.fakes.order(order_id)
    purchase = console.world.fakes.supplier.purchases[0].supplier_order_id
    key, payment = order.units[0].supplier_key_id, order.payments[0].invoice.gateway_id
    for asked in (order_id, f" {order_id} ", f"{order_id}-1", f"{order_id}.f1", purchase, key, payment):
        answer = await console.ask(f"/console/search?q={asked}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/console/orders/{order_id}"), asked

    second = await an_order(console, delivered=False)
    by_mail = await console.get("/console/search?q=buyer@example.com")
    nothing = await console.get("/console/search?q=nothing-like-it")
    product = await console.ask("/console/search?q=game")
    number = await console.get("/console/search?q=%231")

    assert order_id in by_mail
    assert second in by_mail
    assert "Nothing has that name." in nothing
    assert product.headers["Location"] == "/console/products/game"
    assert 'href="/console/webhooks/1"' in number


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
