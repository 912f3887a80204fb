"""What holds for every request: ids, headers, health, counters, the catalogue, and the document of the API."""

import asyncio
import json
from typing import Any

import pytest
from http_world import ORDER, STAFF, World, bearer, problem, running
from jsonschema import Draft202012Validator

from bitloot_core.testing.samples import a_product
from bitloot_http.app import PAGES
from bitloot_http.endpoints import ENDPOINTS
from bitloot_http.handlers.console.routes import CONSOLE
from bitloot_http.openapi import document
from bitloot_http.problem_kinds import KINDS


async def test_a_request_keeps_the_id_that_it_came_with(world: World) -> None:
    """So that a client's log and ours can be laid side by side; nonsense gets a fresh one."""
    kept = await world.client.get("/products", headers={"X-Request-Id": "my-request-1"})
    fresh = await world.client.get("/products", headers={"X-Request-Id": "a b<script>"})

    assert kept.headers["X-Request-Id"] == "my-request-1"
    assert len(fresh.headers["X-Request-Id"]) == 16


async def test_the_unexpected_tells_nothing_but_its_id(world: World, monkeypatch: pytest.MonkeyPatch, log: Any) -> None:
    """500 without a trace; the log has it, and no value in it."""

    async def broken(*_: object) -> None:
        """Fails with something in its message."""
        raise ValueError("hunter2")

    monkeypatch.setattr(world.fakes.storage.queries, "orders", broken)

    answer = await world.client.get("/admin/orders", headers=STAFF)

    assert await problem(answer) == (500, "unexpected")
    assert "hunter2" not in await answer.text()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (told,) = [line for line in lines if line["event"] == "unexpected"]
    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert any("test_service_edge.py" in line for line in told["exception"])
    assert "hunter2" not in log.getvalue()


async def test_the_log_names_routes_and_holds_no_token(world: World, log: Any) -> None:
    """A path can be a capability; an address and a status are enough to find a request by."""
    placed = await world.delivered()
    token = await world.link_of(placed)
    keys = await world.client.post(f"/delivery/{token}/reveal", headers={"Accept": "application/json"})
    await world.client.get(f"/orders/{placed['orderId']}", headers=bearer(placed["accessToken"]))
    await world.client.get("/admin/orders?email=buyer@example.com", headers=STAFF)

    written = log.getvalue()
    serial = (await keys.json())["keys"][0]["value"]
    secrets = [token, placed["accessToken"], serial, "buyer@example.com", STAFF["Authorization"].split()[1]]
    assert [secret for secret in secrets if secret in written] == []
    assert '"/delivery/{token}/reveal"' in written


async def test_the_service_is_alive_as_soon_as_it_answers(world: World) -> None:
    """Whatever else is away."""
    assert (await world.client.get("/health/live")).status == 200


async def test_ready_names_what_is_not(log: Any) -> None:
    """503 with a word for each thing; a probe that hangs or breaks is not ready either."""

    async def well() -> str | None:
        """Well."""
        return None

    async def behind() -> str | None:
        """Not as it should be."""
        return "not migrated"

    async def broken() -> str | None:
        """Cannot even look."""
        raise OSError("no such file")

    async with running(probes={"database": well}) as world:
        answer = await world.client.get("/health/ready")
        assert (answer.status, await answer.json()) == (200, {"status": "ready", "checks": {"database": "ok"}})
    async with running(probes={"database": well, "migrations": behind, "vault": broken}) as world:
        answer = await world.client.get("/health/ready")
        assert answer.status == 503
        assert (await answer.json())["checks"] == {
            "database": "ok",
            "migrations": "not migrated",
            "vault": "OSError",
        }


async def test_a_probe_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks has a deadline of their own."""
    monkeypatch.setattr("bitloot_http.readiness._PROBE_SECONDS", 0.05)

    async def hangs() -> str | None:
        """Never answers."""
        await asyncio.Event().wait()
        return None

    async with running(probes={"database": hangs}) as world:
        answer = await asyncio.wait_for(world.client.get("/health/ready"), timeout=5)

        assert (await answer.json())["checks"] == {"database": "no answer"}


async def test_the_counters_are_for_this_machine(world: World) -> None:
    """Requests by their route, and refused webhooks by their source."""
    await world.client.post("/orders", json=ORDER)
    await world.client.post("/payments/ipn", data=b"{}")

    text = await (await world.client.get("/metrics")).text()

    assert 'bitloot_http_requests_total{method="POST",route="/orders",status="201"} 1.0' in text
    assert 'bitloot_webhooks_total{source="nowpayments",verdict="forged"} 1.0' in text


async def test_the_counters_are_for_others_with_their_token() -> None:
    """A request that a proxy handed on may be anybody's, wherever the proxy stands."""
    from_afar = {"X-Forwarded-For": "192.0.2.1"}
    async with running(METRICS_TOKEN="metrics-token") as world:
        assert await problem(await world.client.get("/metrics", headers=from_afar)) == (401, "token-missing")
        wrong = await world.client.get("/metrics", headers={**from_afar, **bearer("wrong")})
        assert await problem(wrong) == (401, "token-invalid")
        right = await world.client.get("/metrics", headers={**from_afar, **bearer("metrics-token")})
        assert right.status == 200
    async with running() as world:
        no_token = await world.client.get("/metrics", headers={**from_afar, **bearer("")})
        assert no_token.status == 401


async def test_products_are_listed_a_page_at_a_time() -> None:
    """With price and availability, as money and a flag."""
    async with running(*(a_product(f"game{number}") for number in range(3))) as world:
        first = await (await world.client.get("/products?limit=2")).json()
        rest = await (await world.client.get(f"/products?limit=2&cursor={first['nextCursor']}")).json()

        assert [product["id"] for product in first["items"]] == ["game0", "game1"]
        assert [product["id"] for product in rest["items"]] == ["game2"]
        assert rest["nextCursor"] is None
        assert first["items"][0]["price"] == {"amount": "12.99", "currency": "EUR"}
        assert first["items"][0]["available"] is True
        assert await problem(await world.client.get("/products?limit=0")) == (422, "invalid-limit")


async def test_coins_are_listed_with_their_minimums(world: World) -> None:
    """In the currency of the shop."""
    listed = await (await world.client.get("/coins")).json()

    coins = {coin["code"]: coin for coin in listed["items"]}
    assert coins["btc"]["minimum"] == {"amount": "5.00", "currency": "EUR"}
    assert listed["nextCursor"] is None


async def test_coins_need_the_gateway(world: World) -> None:
    """503, and not an empty list."""
    world.fakes.gateway.goes_away("coins")

    assert await problem(await world.client.get("/coins")) == (503, "unavailable")


async def test_the_document_lists_what_the_router_has(world: World) -> None:
    """The API and its description are built from one table; pages are not part of it."""
    described = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    routed = {
        (route.method, route.resource.canonical)
        for route in world.client.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }

    assert routed == described | {(method, path) for method, path, _ in (*PAGES, *CONSOLE)}
    assert (await world.client.get("/openapi.json")).status == 200


def test_every_schema_of_the_document_is_one() -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 wants."""
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "path", ["/orders/{order}", "/admin/orders/{order}", "/admin/orders", "/admin/reservations", "/admin/webhook-logs"]
)
async def test_an_answer_is_as_the_document_says(world: World, path: str) -> None:
    """No field that is not described, none missing."""
    placed = await world.delivered()
    template = path.replace("{order}", "{orderId}")
    schema = document()["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = await world.client.get(path.format(order=placed["orderId"]), headers=STAFF)

    shown = await answer.json()

    components = document()["components"]
    Draft202012Validator({**schema, "components": components}).validate(shown)
    name = schema["$ref"].rpartition("/")[2]
    assert set(shown) == set(components["schemas"][name]["properties"])


def test_every_status_of_an_endpoint_has_a_problem() -> None:
    """The document names the codes behind each status."""
    statuses = {kind.status for kind in KINDS.values()}

    assert {status for endpoint in ENDPOINTS for status in endpoint.problems} <= statuses


async def test_the_docs_show_every_endpoint_and_problem(world: World) -> None:
    """A page of our own, from the same document."""
    text = await (await world.client.get("/docs")).text()

    assert [endpoint.path for endpoint in ENDPOINTS if f"<code>{endpoint.path}</code>" not in text] == []
    assert [code for code in KINDS if f'id="{code}"' not in text] == []


async def test_no_answer_says_which_server_it_is(world: World) -> None:
    """Versions help nobody but an attacker."""
    answer = await world.client.get("/products")

    assert "aiohttp" not in answer.headers["Server"]
