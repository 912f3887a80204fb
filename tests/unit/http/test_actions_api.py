"""What the staff decides over the API: on orders, on keys, on webhooks."""

from datetime import timedelta
from typing import Any

import pytest
from http_world import STAFF, World, bearer, problem

from bitloot_core.order.actions import ON_AN_ORDER
from bitloot_core.testing import supplier_events
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.values.ids import GatewayPaymentId, OrderId, SupplierProductId, WebhookId
from bitloot_http.handlers.actions import ACTIONS

WHY = {"reason": "the buyer wrote"}
GAME = SupplierProductId("supplier-game")


async def press(world: World, order: dict[str, Any], action: str, **more: Any) -> Any:
    """Press a button."""
    path = f"/admin/orders/{order['orderId']}/{action}"
    return await world.client.post(path, json={**WHY, **more}, headers=STAFF)


async def pressed(world: World, order: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
    """Press one that works, and see the order as it is then."""
    answer = await press(world, order, action, **more)
    assert answer.status == 200, await answer.text()
    shown: dict[str, Any] = await answer.json()
    return shown


async def paid_short(world: World) -> dict[str, Any]:
    """An order on which half has come."""
    placed = await world.placed()
    name = GatewayPaymentId(placed["payment"]["paymentId"])
    world.fakes.gateway.pay_short(name)
    await world.fakes.tell(name)
    await world.fakes.work()
    return placed


async def refused(world: World) -> dict[str, Any]:
    """An order that the supplier has nothing for."""
    world.fakes.supplier.in_stock(GAME, 0)
    placed = await world.placed()
    name = GatewayPaymentId(placed["payment"]["paymentId"])
    world.fakes.gateway.pay(name)
    await world.fakes.tell(name)
    await world.fakes.work()
    world.fakes.supplier.in_stock(GAME, 9)
    return placed


def test_there_is_a_button_for_each_action() -> None:
    """What moves an order can be asked for over the API."""
    assert {*ON_AN_ORDER} <= set(ACTIONS)


@pytest.mark.parametrize("named", [True, False])
async def test_a_short_payment_is_accepted(world: World, *, named: bool) -> None:
    """By its name, or because no other waits."""
    placed = await paid_short(world)
    more = {"paymentId": placed["payment"]["paymentId"]} if named else {}

    shown = await pressed(world, placed, "accept-payment", **more)

    assert shown["status"] == "paid"
    assert (await press(world, placed, "accept-payment", paymentId="nobody")).status == 409


async def test_which_payment_must_be_said_where_there_are_several(world: World) -> None:
    """Half of the price came twice, on two addresses: which of them counts is not ours to guess."""
    placed = await world.placed()
    path = f"/orders/{placed['orderId']}/payments"
    answer = await world.client.post(path, json={"payCurrency": "ltc"}, headers=bearer(placed["accessToken"]))
    names = [GatewayPaymentId(one["paymentId"]) for one in (placed["payment"], await answer.json())]
    for name in names:
        world.fakes.gateway.pay_short(name)
        await world.fakes.tell(name)
    await world.fakes.work()

    assert await problem(await press(world, placed, "accept-payment")) == (422, "missing-field")
    assert (await pressed(world, placed, "accept-payment", paymentId=names[1]))["status"] == "paid"


async def test_accepting_again_without_a_name_is_the_same(world: World) -> None:
    """Whoever pressed twice meant the payment that the first press accepted."""
    placed = await paid_short(world)
    first = await pressed(world, placed, "accept-payment")

    again = await pressed(world, placed, "accept-payment")

    assert (first["version"], first["timeline"]) == (again["version"], again["timeline"])


async def test_a_bad_key_is_replaced(world: World) -> None:
    """The old one is shown in quarantine, and linked to the one that is owed."""
    placed = await world.delivered()

    shown = await pressed(world, placed, "replace-key", unitId="1.1")

    old, new = shown["units"]
    assert (
        shown["status"],
        old["status"],
        old["replacedBy"],
        new["status"],
    ) == ("fulfilled", "replaced", "1.2", "owed")
    assert (shown["items"][0]["owed"], shown["reservations"][0]["status"]) == (1, "planned")


async def test_a_key_can_come_from_the_supplier(world: World) -> None:
    """Nothing is bought then."""
    placed = await world.delivered()

    shown = await pressed(world, placed, "replace-key", unitId="1.1", fromSupplier=True)

    assert [one["status"] for one in shown["reservations"]] == ["placed"]


async def test_whose_key_is_bad_must_be_said(world: World) -> None:
    """And it must be there."""
    placed = await world.delivered()

    assert await problem(await press(world, placed, "replace-key")) == (422, "missing-field")
    assert await problem(await press(world, placed, "replace-key", unitId="9.9")) == (404, "unit-not-found")


@pytest.mark.parametrize("named", [True, False])
async def test_keys_go_back(world: World, *, named: bool) -> None:
    """After the refund, with the countdown shown before."""
    placed = await world.delivered()
    early = await press(world, placed, "return-keys")
    before = await pressed(world, placed, "refund")
    purchase = before["reservations"][0]["kinguinReservationId"]

    asked = await pressed(world, placed, "return-keys", **({"kinguinReservationId": purchase} if named else {}))
    await world.fakes.work()
    after = await (await world.client.get(f"/admin/orders/{placed['orderId']}", headers=STAFF)).json()

    assert await problem(early) == (409, "keys-in-use")
    assert before["returns"][0]["status"] == "possible"
    assert before["returns"][0]["until"].startswith("2026-01-06T12:")
    assert [one["returns"][0]["status"] for one in (asked, after)] == ["asked", "accepted"]
    assert [unit["status"] for unit in after["units"]] == ["returned"]


async def test_a_refused_return_is_shown(world: World) -> None:
    """With the supplier's reason."""
    placed = await world.delivered()
    await pressed(world, placed, "refund")
    await pressed(world, placed, "return-keys")
    world.fakes.clock.advance(timedelta(days=2))
    await world.fakes.work()

    after = await (await world.client.get(f"/admin/orders/{placed['orderId']}", headers=STAFF)).json()

    assert after["returns"][0]["status"] == "refused"
    assert after["returns"][0]["reason"]


async def test_what_was_refused_is_bought_anew(world: World) -> None:
    """Under the next attempt."""
    placed = await refused(world)

    shown = await pressed(world, placed, "rebuy")

    assert [one["attempt"] for one in shown["reservations"]] == [2, 1]
    assert (await press(world, await world.delivered(), "rebuy")).status == 409


async def test_an_order_is_put_aside_and_taken_up(world: World) -> None:
    """The buyer cannot ask for mails meanwhile."""
    placed = await world.delivered()

    aside = await pressed(world, placed, "park")
    mail = await world.client.post(f"/orders/{placed['orderId']}/link", headers=bearer(placed["accessToken"]))
    taken_up = await pressed(world, placed, "unpark")

    assert (aside["parked"], taken_up["parked"]) == (True, False)
    assert [one["reason"] for one in aside["findings"]] == ["parked"]
    assert await problem(mail) == (409, "parked")


async def test_a_particular_of_another_action_is_refused(world: World) -> None:
    """Whoever sends it meant something else."""
    placed = await world.delivered()

    assert await problem(await press(world, placed, "retry", unitId="1.1")) == (422, "unknown-field")
    assert await problem(await press(world, placed, "refund", paymentId="1")) == (422, "unknown-field")


async def test_staff_sees_a_key_with_a_reason(world: World) -> None:
    """The look is in the key audit, with who and why, and in the audit of the staff."""
    world.tokens.give("ann", "read", "keys")
    placed = await world.delivered()
    path = f"/admin/orders/{placed['orderId']}/reveal"

    answer = await world.client.post(path, json=WHY, headers=bearer("ann"))

    (key,) = (await answer.json())["keys"]
    (row,) = (await (await world.client.get(f"/admin/key-audit/{placed['orderId']}", headers=STAFF)).json())["items"]
    acts = (await (await world.client.get("/admin/audit", headers=STAFF)).json())["items"]
    assert (key["unitId"], key["type"]) == ("1.1", "text/plain")
    assert (row["actor"], row["reason"], row["unitId"]) == ("admin:ann", "the buyer wrote", "1.1")
    assert [("reveal", placed["orderId"])] == [(act["action"], act["orderId"]) for act in acts]


async def test_a_key_in_quarantine_is_seen_by_its_unit(world: World) -> None:
    """To tell the supplier which one was bad."""
    placed = await world.delivered()
    await pressed(world, placed, "replace-key", unitId="1.1")
    path = f"/admin/orders/{placed['orderId']}/reveal"

    one = await world.client.post(path, json={**WHY, "unitId": "1.1"}, headers=STAFF)
    every = await world.client.post(path, json=WHY, headers=STAFF)
    owed = await world.client.post(path, json={**WHY, "unitId": "1.2"}, headers=STAFF)
    nobody = await world.client.post(path, json={**WHY, "unitId": "9.9"}, headers=STAFF)

    assert [key["unitId"] for key in (await one.json())["keys"]] == ["1.1"]
    assert await problem(every) == (409, "nothing-ready")
    assert await problem(owed) == (409, "nothing-ready")
    assert await problem(nobody) == (404, "unit-not-found")


@pytest.mark.parametrize("scopes", [("read",), ("operate",), ("read", "operate")])
async def test_keys_need_a_scope_of_their_own(world: World, scopes: tuple[str, ...]) -> None:
    """Whoever runs the shop need not see keys."""
    world.tokens.give("bob", *scopes)
    placed = await world.delivered()

    answer = await world.client.post(f"/admin/orders/{placed['orderId']}/reveal", json=WHY, headers=bearer("bob"))

    assert await problem(answer) == (403, "scope-missing")
    assert world.fakes.storage.database.accesses == []


async def test_no_key_is_shown_without_a_reason(world: World) -> None:
    """And nothing is opened."""
    placed = await world.delivered()

    answer = await world.client.post(f"/admin/orders/{placed['orderId']}/reveal", json={}, headers=STAFF)

    assert answer.status == 422
    assert world.fakes.storage.database.accesses == []


async def test_webhooks_run_again_by_a_filter(world: World) -> None:
    """First what it would do, and then it is done: what says nothing and what is pruned is left out."""
    placed = await world.delivered()
    headers, body = supplier_events.signed(b'{"event":"nothing"}')
    await world.client.post("/kinguin/webhooks", data=body, headers=headers)
    await world.fakes.work()
    ids = sorted(world.fakes.storage.database.webhooks)
    world.fakes.storage.inbox.prune(WebhookId(ids[0]))
    asked = {"filter": {}, "limit": 50}

    dry = await (await world.client.post("/admin/webhook-logs/replay", json=asked, headers=STAFF)).json()
    before = dict(world.fakes.storage.database.jobs)
    real = {**asked, "dryRun": False, **WHY}
    done = await (await world.client.post("/admin/webhook-logs/replay", json=real, headers=STAFF)).json()

    assert (dry["dryRun"], done["dryRun"]) == (True, False)
    assert dry["items"] == done["items"]
    assert {"body-pruned", "says-nothing"} <= {one["outcome"] for one in dry["items"]}
    ran = [one["id"] for one in dry["items"] if one["outcome"] == "runs"]
    acts = [row.subject for row in world.fakes.storage.database.acts]
    assert [f"webhook:{one}" for one in ran] == acts
    assert len(before) + len(ran) == len(world.fakes.storage.database.jobs)
    await world.fakes.work()
    assert (await world.order(placed)).version == (await world.order(placed)).version


async def test_a_damaged_webhook_is_told_among_the_others(world: World) -> None:
    """The page is answered; that one does not run."""
    await world.delivered()
    await world.delivered()
    world.fakes.storage.inbox.spoil(WebhookId(1))
    asked = {"filter": {}, "dryRun": False, **WHY}

    answer = await world.client.post("/admin/webhook-logs/replay", json=asked, headers=STAFF)

    assert answer.status == 200
    told = {one["id"]: one["outcome"] for one in (await answer.json())["items"]}
    assert told[1] == "unreadable"
    assert "runs" in told.values()


async def test_a_filter_narrows_what_runs_again(world: World) -> None:
    """By source, order, status, type, the sender's name and time; a page at a time."""
    placed = await world.delivered()
    now = world.fakes.clock.now()

    async def found(**which: str) -> int:
        """What would run again."""
        answer = await world.client.post("/admin/webhook-logs/replay", json={"filter": which}, headers=STAFF)
        assert answer.status == 200, await answer.text()
        return len((await answer.json())["items"])

    assert await found(source="nowpayments", orderId=placed["orderId"]) == 1
    assert await found(status="failed") == 0
    assert await found(type="payment.finished") == 1
    assert await found(externalId="nobody") == 0
    assert await found(**{"from": (now + timedelta(days=1)).isoformat()}) == 0
    assert await found(to=(now - timedelta(days=900)).isoformat()) == 0


async def test_a_real_run_needs_a_reason(world: World) -> None:
    """A dry one changes nothing, and needs none."""
    answer = await world.client.post("/admin/webhook-logs/replay", json={"filter": {}, "dryRun": False}, headers=STAFF)

    assert await problem(answer) == (422, "invalid-reason")


async def test_one_webhook_runs_again_with_or_without_a_reason(world: World) -> None:
    """Each is a line of the audit."""
    await world.delivered()

    plain = await world.client.post("/admin/webhook-logs/1/replay", headers=STAFF)
    told = await world.client.post("/admin/webhook-logs/1/replay", json=WHY, headers=STAFF)

    assert (plain.status, told.status) == (202, 202)
    reasons = [row.reason for row in world.fakes.storage.database.acts]
    assert reasons == ["asked for over the API", "the buyer wrote"]


async def test_a_refund_by_somebody_else_is_seen(world: World) -> None:
    """What the API shows is what the order is, whoever changed it."""
    placed = await world.delivered()
    await record_refund(world.fakes.shop, OrderId(placed["orderId"]), by="shell:bob", reason="by hand")

    shown = await pressed(world, placed, "refund")

    assert shown["status"] == "refunded"
