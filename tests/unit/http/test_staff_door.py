"""No endpoint of the staff opens to anybody else: not without a token, not by a cookie, not with another scope."""

from datetime import timedelta
from typing import Any

import pytest
from console_world import Console
from http_world import World, bearer, problem

from bitloot_core.values.ids import FindingId
from bitloot_http.access import Scope
from bitloot_http.endpoint import Access, Endpoint
from bitloot_http.endpoints import ENDPOINTS

NEEDS = {Access.READ: Scope.READ, Access.OPERATE: Scope.OPERATE, Access.KEYS: Scope.KEYS}
OF_STAFF = [endpoint for endpoint in ENDPOINTS if endpoint.access in NEEDS]


def named(endpoint: Endpoint) -> str:
    """How a test is called."""
    return f"{endpoint.method} {endpoint.path}"


async def asked(world: World, endpoint: Endpoint, order_id: str, headers: dict[str, str]) -> Any:
    """Ask an endpoint about a delivered order, with a body that would do."""
    path = endpoint.path.format(
        orderId=order_id, action="refund", reservationId="FAKE1", findingId=FindingId("f1"), id="1", productId="game"
    )
    body = {"filter": {}} if path.endswith("/webhook-logs/replay") else {"reason": "let me"}
    sent = {"json": body} if endpoint.method == "post" else {}
    return await world.client.request(endpoint.method, path, headers=headers, **sent)


def books(world: World) -> tuple[Any, ...]:
    """What an action would change."""
    database = world.fakes.storage.database
    return dict(database.orders), list(database.acts), list(database.accesses), dict(database.jobs)


def test_the_staff_has_endpoints() -> None:
    """Those that look, those that act, and the one that shows keys."""
    assert {endpoint.access for endpoint in OF_STAFF} == set(NEEDS)
    assert len(OF_STAFF) >= 17


@pytest.mark.parametrize("endpoint", OF_STAFF, ids=named)
async def test_whoever_is_not_the_staff_is_told_so(world: World, endpoint: Endpoint) -> None:
    """Nobody, the buyer, somebody whose token ended or was never given out; and nothing has changed."""
    order = await world.delivered()
    world.tokens.give("ended", *Scope, expires_at=world.fakes.clock.now())
    before = books(world)

    answers = [
        await problem(await asked(world, endpoint, order["orderId"], headers))
        for headers in (
            {},
            bearer(order["accessToken"]),
            bearer(await world.link_of(order)),
            bearer("ended"),
            bearer("of-nobody"),
            {"Authorization": "Basic YW5uOmFubg=="},
        )
    ]

    assert answers == [(401, "token-missing"), *[(401, "token-invalid")] * 5]
    assert before == books(world)


@pytest.mark.parametrize("endpoint", OF_STAFF, ids=named)
async def test_no_scope_stands_in_for_another(world: World, endpoint: Endpoint) -> None:
    """Both others together do not do; the one that is asked for does, alone."""
    order = await world.delivered()
    wanted = NEEDS[endpoint.access]
    world.tokens.give("others", *(set(Scope) - {wanted}))
    world.tokens.give("wanted", wanted)
    before = books(world)

    refused = await problem(await asked(world, endpoint, order["orderId"], bearer("others")))
    after = books(world)
    answer = await asked(world, endpoint, order["orderId"], bearer("wanted"))

    assert refused == (403, "scope-missing")
    assert before == after
    assert answer.status not in {401, 403}


async def test_a_session_of_the_console_opens_no_endpoint(world: World) -> None:
    """A browser sends its cookie along wherever another site leads it; so no cookie is a token here."""
    order = await world.delivered()
    console = Console(world)
    await console.hire()
    await console.log_in()
    before = books(world)

    answers = {await problem(await asked(world, endpoint, order["orderId"], {})) for endpoint in OF_STAFF}

    assert answers == {(401, "token-missing")}
    assert before == books(world)


async def test_a_token_is_good_until_the_moment_it_ends(world: World) -> None:
    """And not a moment longer, whatever was asked with it before."""
    world.tokens.give("temp", *Scope, expires_at=world.fakes.clock.now() + timedelta(hours=1))
    (look, *_) = OF_STAFF
    early = await asked(world, look, "order1", bearer("temp"))

    world.fakes.clock.advance(timedelta(hours=1))

    assert early.status == 200
    assert await problem(await asked(world, look, "order1", bearer("temp"))) == (401, "token-invalid")
