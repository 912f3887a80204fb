"""Product keys at the console: with the scope, a reason and a secret, and written down before they are opened."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest
from console_world import NAME, Console, an_order, at_the_door, form_token, logged_in

from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import WebhookId
from bitloot_http.accounts.visits import PROOF


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    """Somebody of the staff, in the console of a shop without orders."""
    async with logged_in() as one:
        yield one


async def serial_of(console: Console) -> str:
    """The serial of the one key that was sold."""
    (purchase,) = console.world.fakes.supplier.purchases
    (serial,) = console.world.fakes.supplier.serials_of(purchase.supplier_order_id)
    return serial.decode()


async def test_a_key_is_shown_with_a_reason(console: Console) -> None:
    """And who looked, from where and why stands in both books before it is opened."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"
    console.world.fakes.vault.faults.before("open_keys", Unavailable("vault", "away"))

    away = await console.press(path, f"{path}/reveal", reason="the buyer cannot read it")
    audited = await console.get(f"/console/key-audit?orderId={order_id}")
    shown = await console.press(path, f"{path}/reveal", reason="the buyer cannot read it")

    assert away.status == 503
    assert f"admin:{NAME}" in audited
    assert "the buyer cannot read it" in audited
    assert shown.status == 200
    assert shown.headers["Cache-Control"] == "no-store"
    assert await serial_of(console) in await shown.text()
    assert "reveal" in await console.get("/console/acts")


async def test_the_key_audit_begins_with_the_newest_look_of_all_orders(console: Console) -> None:
    """Page by page, of everybody, of somebody, of one order; and says so where nobody looked."""
    empty = await console.get("/console/key-audit")
    orders = [await an_order(console) for _ in range(2)]
    for order_id in orders:
        console.world.fakes.clock.advance(timedelta(seconds=1))
        path = f"/console/orders/{order_id}"
        assert (await console.press(path, f"{path}/reveal", reason=f"about {order_id}")).status == 200

    first = await console.get("/console/key-audit?limit=1")
    older = re.search(r'href="(/console/key-audit\?[^"]*cursor=[^"]*)"', first)
    assert older is not None
    second = await console.get(unescape(older[1]))

    assert "Nobody has seen a key yet." in empty
    assert (f"about {orders[1]}" in first, f"about {orders[0]}" in first) == (True, False)
    assert (f"about {orders[1]}" in second, f"about {orders[0]}" in second) == (False, True)
    assert f"about {orders[0]}" not in await console.get(f"/console/key-audit?orderId={orders[1]}")
    assert f"about {orders[0]}" in await console.get(f"/console/key-audit?actor=admin:{NAME}")
    assert "Nobody has seen such a key." in await console.get("/console/key-audit?actor=link")


async def test_one_unit_is_shown_alone(console: Console) -> None:
    """An audit row for it, and for no other."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"
    unit = (await console.world.fakes.order(order_id)).units[0].id

    shown = await console.press(path, f"{path}/reveal", reason="a complaint", subject=unit)
    nothing = await console.press(path, f"{path}/reveal", reason="a complaint", subject="9.9")

    assert (shown.status, nothing.status) == (200, 404)
    accesses = await console.world.fakes.storage.queries.accesses(order_id)
    assert [(access.unit_id, access.actor) for _, access in accesses] == [(unit, f"admin:{NAME}")]


@pytest.mark.parametrize("reason", ["", "  "])
async def test_nobody_looks_without_a_reason(console: Console, reason: str) -> None:
    """Nothing is shown, and nothing is written."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"

    answer = await console.press(path, f"{path}/reveal", reason=reason)

    assert answer.status == 422
    assert await serial_of(console) not in await answer.text()
    assert await console.world.fakes.storage.queries.accesses(order_id) == ()


async def test_a_key_takes_a_secret_once_more(console: Console) -> None:
    """Five minutes after the last one."""
    order_id = await an_order(console)
    path = f"/console/orders/{order_id}"
    await console.pass_time(PROOF)

    without = await console.press(path, f"{path}/reveal", reason="a complaint")
    with_code = await console.press(path, f"{path}/reveal", reason="a complaint", proof=console.code())

    assert (without.status, with_code.status) == (403, 200)
    assert 'value="a complaint"' in await without.text()
    assert await serial_of(console) not in await without.text()


async def test_a_key_takes_its_scope() -> None:
    """Who may decide everything else may not see a key, and is not offered it."""
    async with at_the_door() as console:
        await console.hire("bob", "read", "operate")
        order_id = str((await console.world.delivered())["orderId"])
        await console.log_in("bob")
        path = f"/console/orders/{order_id}"
        text = await console.get(path)

        answer = await console.send(f"{path}/reveal", {"reason": "curious"}, token=form_token(text))

        assert "Show keys" not in text
        assert answer.status == 403
        assert await console.world.fakes.storage.queries.accesses(order_id) == ()


async def test_an_order_without_keys_shows_none(console: Console) -> None:
    """There is nothing to press; a form that is sent all the same is refused."""
    order_id = await an_order(console, delivered=False)
    path = f"/console/orders/{order_id}"
    text = await console.get(path)

    answer = await console.send(f"{path}/reveal", {"reason": "x"}, token=form_token(text))

    assert "Show keys" not in text
    assert answer.status == 409


async def test_a_damaged_webhook_holds_no_other_up(console: Console) -> None:
    """It is said of that one alone, in the plan, in what was done and on its own page; the others run."""
    await an_order(console)
    await an_order(console)
    console.world.fakes.storage.inbox.spoil(WebhookId(2))

    planned = await console.get("/console/webhooks/replay")
    done = await console.send("/console/webhooks/replay", {"reason": "x"}, token=form_token(planned))
    shown = await console.get("/console/webhooks/2")

    assert planned.count("its body does not open") == 1
    assert "is read back at the gateway" in planned
    assert "1 runs again" in await done.text()
    assert "The body does not open" in shown
    assert "payment.finished" in shown
    assert "Run it again" not in shown


async def test_many_webhooks_run_again_after_a_look(console: Console) -> None:
    """First what that would do; then, with a reason, it is done, each in the audit."""
    await an_order(console)
    query = "source=nowpayments&status=processed"

    planned = await console.get(f"/console/webhooks/replay?{query}")
    acts_before = await console.get("/console/acts")
    token = form_token(planned)
    empty = await console.send(f"/console/webhooks/replay?{query}", {"reason": " "}, token=token)
    done = await console.send(f"/console/webhooks/replay?{query}", {"reason": "after an outage"}, token=token)

    assert "is read back at the gateway" in planned
    assert "Nothing is done yet." in planned
    assert "replay-webhook" not in acts_before
    assert empty.status == 422
    assert done.status == 200
    assert "1 runs again" in await done.text()
    assert "after an outage" in await console.get("/console/acts?action=replay-webhook")
