"""The API of the staff: who may, what they see, what they can decide."""

from datetime import timedelta
from typing import Any

import pytest
from http_world import STAFF, World, bearer, problem

from bitloot_core.testing import supplier_events

READS = [
    "/admin/orders",
    "/admin/orders/{order}",
    "/admin/reservations",
    "/admin/webhook-logs",
    "/admin/webhook-logs/1",
    "/admin/key-audit",
    "/admin/key-audit/{order}",
    "/kinguin/status/{purchase}",
]
WRITES = ["/admin/orders/{order}/retry", "/admin/webhook-logs/1/replay"]


async def paths(world: World, *templates: str) -> list[str]:
    """The paths about a delivered order."""
    placed = await world.delivered()
    purchase = world.fakes.supplier.purchases[0].supplier_order_id
    return [template.format(order=placed["orderId"], purchase=purchase) for template in templates]


async def test_nobody_reads_without_a_token(world: World) -> None:
    """Neither without one, nor with a wrong one, nor with a buyer's."""
    buyer = (await world.placed())["accessToken"]
    for path in await paths(world, *READS):
        assert await problem(await world.client.get(path)) == (401, "token-missing")
        assert await problem(await world.client.get(path, headers=bearer("x" * 24))) == (401, "token-invalid")
        assert await problem(await world.client.get(path, headers=bearer(buyer))) == (401, "token-invalid")


async def test_a_token_may_what_its_scopes_say(world: World) -> None:
    """`read` reads and decides nothing; its use is noted."""
    world.tokens.give("reader", "read")
    world.tokens.give("operator", "operate")
    for path in await paths(world, *READS):
        assert (await world.client.get(path, headers=bearer("reader"))).status == 200, path
        assert await problem(await world.client.get(path, headers=bearer("operator"))) == (403, "scope-missing")
    for path in await paths(world, *WRITES):
        answer = await world.client.post(path, json={"reason": "x"}, headers=bearer("reader"))
        assert await problem(answer) == (403, "scope-missing")

    assert "reader" in world.tokens.used


async def test_a_token_that_ran_out_opens_nothing(world: World) -> None:
    """`--days` is kept."""
    world.tokens.give("temp", "read", expires_at=world.fakes.clock.now() + timedelta(days=1))
    assert (await world.client.get("/admin/orders", headers=bearer("temp"))).status == 200

    world.fakes.clock.advance(timedelta(days=1))

    assert await problem(await world.client.get("/admin/orders", headers=bearer("temp"))) == (401, "token-invalid")


async def test_orders_are_listed_and_found(world: World) -> None:
    """By status, e-mail, id, and the supplier's id; a page at a time."""
    placed = [await world.placed(email=f"buyer{n}@example.com") for n in range(3)]
    delivered = await world.delivered(email="done@example.com")
    purchase = world.fakes.supplier.purchases[0].supplier_order_id

    async def found(**query: str) -> list[str]:
        """The ids of the rows."""
        answer = await world.client.get("/admin/orders", params=query, headers=STAFF)
        assert answer.status == 200, await answer.text()
        return [row["id"] for row in (await answer.json())["items"]]

    newest_first = [delivered["orderId"], *(one["orderId"] for one in reversed(placed))]
    assert await found() == newest_first
    assert await found(status="fulfilled") == [delivered["orderId"]]
    assert await found(email="buyer1@example.com") == [placed[1]["orderId"]]
    assert await found(orderId=placed[0]["orderId"]) == [placed[0]["orderId"]]
    assert await found(kinguinReservationId=purchase) == [delivered["orderId"]]
    first = await (await world.client.get("/admin/orders?limit=3", headers=STAFF)).json()
    assert await found(limit="3", cursor=first["nextCursor"]) == newest_first[3:]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid-limit"),
        ("limit=101", "invalid-limit"),
        ("limit=x", "invalid-limit"),
        ("cursor=nonsense", "invalid-cursor"),
        ("from=yesterday", "invalid-field"),
        ("nonsense=1", "unknown-field"),
        ("orderId=a%00b", "invalid-field"),
    ],
)
@pytest.mark.parametrize("path", ["/admin/orders", "/admin/reservations", "/admin/webhook-logs"])
async def test_a_query_without_sense_is_refused(world: World, path: str, query: str, code: str) -> None:
    """A slip in a filter's name would else show everything."""
    await world.placed()

    assert await problem(await world.client.get(f"{path}?{query}", headers=STAFF)) == (422, code)


async def test_a_parameter_that_is_there_twice_is_refused(world: World) -> None:
    """Which of the two was meant is not ours to guess."""
    answer = await world.client.get("/admin/orders?status=paid&status=created", headers=STAFF)

    assert await problem(answer) == (400, "malformed-request")


async def test_one_order_is_shown_with_everything(world: World) -> None:
    """The buyer's view, and email, version, reservations, jobs, findings, webhook logs, ledger."""
    placed = await world.delivered()

    shown = await (await world.client.get(f"/admin/orders/{placed['orderId']}", headers=STAFF)).json()

    assert {"orderId", "status", "total", "createdAt", "items", "payments", "timeline"} <= set(shown)
    assert {"email", "version", "reservations", "jobs", "findings", "webhookLogs", "ledger"} <= set(shown)
    assert set(shown["reservations"][0]) == {
        "id",
        "orderId",
        "email",
        "status",
        "attempt",
        "externalRef",
        "kinguinReservationId",
        "supplierStatus",
        "cost",
        "createdAt",
        "updatedAt",
        "nextStep",
    }
    assert shown["reservations"][0]["status"] == "completed"
    assert shown["reservations"][0]["nextStep"].startswith("nothing")
    assert {row["kind"] for row in shown["ledger"]} == {"received", "charged"}
    assert {"id", "name", "ref", "orderId", "status", "attempts", "dueAt", "lastError"} < set(shown["jobs"][0])
    assert shown["webhookLogs"][0]["orderId"] == placed["orderId"]


async def test_an_open_finding_is_shown(world: World) -> None:
    """With its reason and its age."""
    placed = await world.placed()
    payment = placed["payment"]["paymentId"]
    world.fakes.gateway.pay_short(payment)
    await world.fakes.tell(payment)
    await world.fakes.work()

    shown = await (await world.client.get(f"/admin/orders/{placed['orderId']}", headers=STAFF)).json()

    (finding,) = shown["findings"]
    assert {"id", "orderId", "reason", "text", "status", "amount", "openedAt", "resolvedAt"} < set(finding)
    assert (finding["reason"], finding["status"]) == ("payment-short", "open")


async def test_a_reservation_says_what_comes_next(world: World) -> None:
    """The operator's question: what is stuck, and what happens by itself?"""
    placed = await world.placed()
    world.fakes.gateway.pay(placed["payment"]["paymentId"])
    await world.fakes.tell(placed["payment"]["paymentId"])
    await world.fakes.work()

    shown = await (await world.client.get("/admin/reservations", headers=STAFF)).json()

    (row,) = shown["items"]
    assert row["id"] == row["externalRef"] == f"{placed['orderId']}-1"
    assert row["email"] == "buyer@example.com"
    assert row["nextStep"].startswith("asked for keys at 2026-01-05")


async def test_a_webhooks_key_is_starred(world: World) -> None:
    """The body is shown without what may be a key, the headers without what proves it."""
    await world.delivered()
    purchase = world.fakes.supplier.purchases[0].supplier_order_id
    headers, body = world.fakes.supplier.event_with_key(purchase)
    serial = body.decode().rpartition('"key": "')[2].partition('"')[0]
    await world.client.post("/kinguin/webhooks", data=body, headers=headers)
    rows = await (await world.client.get("/admin/webhook-logs?source=kinguin", headers=STAFF)).json()

    answer = await world.client.get(f"/admin/webhook-logs/{rows['items'][0]['id']}", headers=STAFF)

    text = await answer.text()
    shown = await answer.json()
    assert serial not in text
    assert headers[supplier_events.SIGNATURE_HEADER] not in text
    assert shown["payload"]["key"] == "***"
    assert {"id", "source", "type", "externalId", "status", "deliveries", "attempts", "orderId"} <= set(shown)
    assert {"result", "receivedAt", "processedAt", "headers", "payload"} <= set(shown)


async def test_the_key_audit_is_read_page_by_page(world: World) -> None:
    """Each access once, oldest first, however small the pages; a cursor of another list is refused."""
    placed = await world.delivered(items=[{"productId": "game", "quantity": 3}])
    await world.client.post(f"/delivery/{await world.link_of(placed)}/reveal", headers={"Accept": "application/json"})
    path = f"/admin/key-audit/{placed['orderId']}"
    whole = await (await world.client.get(path, headers=STAFF)).json()
    told: list[int] = []
    cursor: str | None = ""

    while cursor is not None:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = await (await world.client.get(path, params=params, headers=STAFF)).json()
        told += [row["id"] for row in page["items"]]
        cursor = page["nextCursor"]

    assert told == sorted(row["id"] for row in whole["items"])
    assert (len(told), whole["nextCursor"]) == (3, None)
    refused = await world.client.get(path, params={"cursor": "of-another"}, headers=STAFF)
    assert await problem(refused) == (422, "invalid-cursor")


async def test_the_looks_at_all_keys_are_read_newest_first(world: World) -> None:
    """Of every order, page by page; of one who looked, and of one order."""
    orders = [await world.delivered(), await world.delivered()]
    for placed in orders:
        world.fakes.clock.advance(timedelta(seconds=1))
        await world.client.post(
            f"/delivery/{await world.link_of(placed)}/reveal", headers={"Accept": "application/json"}
        )

    async def read(**params: str) -> dict[str, Any]:
        """A page."""
        answer = await world.client.get("/admin/key-audit", params=params, headers=STAFF)
        assert answer.status == 200, await answer.text()
        page: dict[str, Any] = await answer.json()
        return page

    first = await read(limit="1")
    second = await read(limit="1", cursor=first["nextCursor"])

    told = [row["orderId"] for row in (*first["items"], *second["items"])]
    assert [orders[1]["orderId"], orders[0]["orderId"]] == told
    assert second["nextCursor"] is None
    assert [orders[0]["orderId"]] == [row["orderId"] for row in (await read(orderId=orders[0]["orderId"]))["items"]]
    assert len((await read(actor="link"))["items"]) == 2
    assert (await read(actor="admin:ann"))["items"] == []
    refused = await world.client.get("/admin/key-audit", params={"cursor": "of-another"}, headers=STAFF)
    assert await problem(refused) == (422, "invalid-cursor")


async def test_a_webhook_is_replayed(world: World) -> None:
    """202; it moves no money and buys nothing."""
    await world.delivered()
    rows = await (await world.client.get("/admin/webhook-logs", headers=STAFF)).json()
    bought = len(world.fakes.supplier.purchases)

    answer = await world.client.post(f"/admin/webhook-logs/{rows['items'][0]['id']}/replay", headers=STAFF)
    await world.fakes.work()

    assert answer.status == 202
    assert len(world.fakes.supplier.purchases) == bought


@pytest.mark.parametrize(
    "path",
    [
        "/admin/orders/nowhere",
        "/admin/webhook-logs/999999999999999999",
        "/admin/webhook-logs/one",
        "/admin/webhook-logs/99999999999999999999",
        "/admin/key-audit/nowhere",
        "/kinguin/status/nowhere",
    ],
)
async def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    """Also a number that no database can hold."""
    status, _ = await problem(await world.client.get(path, headers=STAFF))

    assert status == 404


async def test_what_the_state_forbids_is_a_conflict(world: World) -> None:
    """A delivered order cannot be cancelled; the reason is told."""
    placed = await world.delivered()

    answer = await world.client.post(
        f"/admin/orders/{placed['orderId']}/cancel", json={"reason": "a slip"}, headers=STAFF
    )

    status, code = await problem(answer)
    assert (status, code) == (409, "not-cancellable")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}])
async def test_a_decision_needs_a_reason(world: World, body: dict[str, object]) -> None:
    """The audit is read by somebody who was not there."""
    placed = await world.placed()

    answer = await world.client.post(f"/admin/orders/{placed['orderId']}/cancel", json=body, headers=STAFF)

    assert (await problem(answer))[0] == 422


async def test_a_decision_is_answered_with_the_order(world: World) -> None:
    """The actor is in the timeline."""
    placed = await world.placed()

    answer = await world.client.post(
        f"/admin/orders/{placed['orderId']}/cancel", json={"reason": "asked for"}, headers=STAFF
    )

    shown = await answer.json()
    assert shown["status"] == "cancelled"
    assert "admin:bootstrap" in shown["timeline"][-1]["text"]


async def test_what_the_supplier_says_is_shown_without_a_key(world: World) -> None:
    """Read from the supplier, now."""
    await world.delivered()
    purchase = world.fakes.supplier.purchases[0]

    shown = await (await world.client.get(f"/kinguin/status/{purchase.supplier_order_id}", headers=STAFF)).json()

    assert shown["reservationId"] == purchase.supplier_order_id
    assert shown["status"] == "completed"
    assert "keys" not in shown
