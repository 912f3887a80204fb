"""Whatever anybody sends to any endpoint: it is taken or refused, never an error of ours, and never a hang."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import attrs
from aiohttp import ClientResponse
from http_world import ORDER, STAFF, World, bearer, running
from hypothesis import given, settings
from hypothesis import strategies as st

from bitloot_core.testing.payment_gateway import SIGNATURE_HEADER
from bitloot_core.testing.supplier_events import signed
from bitloot_http.endpoints import ENDPOINTS

SECONDS = 10
"""A request that takes longer hangs."""
WORDS = (
    *("email", "items", "productId", "quantity", "payCurrency", "reason", "paymentId", "unitId", "gatewayId"),
    *("payment_id", "payment_status", "order_id", "pay_amount", "actually_paid", "price_amount", "parent_payment_id"),
    *("reservationId", "orderId", "orderExternalId", "status", "key", "updatedAt", "order", "ref", "word", "at"),
)
"""The names of fields that some endpoint reads."""
TEXTS = st.sampled_from(
    ["", "game", "btc", "buyer@example.com", "o1", "o1-1", "finished", "1e400", "NaN", "9" * 400, "\ud800", "\x00", "٣"]
) | st.text(max_size=20)
NUMBERS = st.integers(-(10**30), 10**30) | st.floats() | st.sampled_from([0, 1, -1, 90, 91, 2**63])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | TEXTS, inner, max_size=6),
    max_leaves=15,
)
GARBAGE = st.sampled_from(
    [
        *(b"", b"{", b"[]", b"null", b'"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"NaN", b'{"a":1e400}', b'{"a":1,"a":2}'),
        *(b"[" * 20_000, b'{"a":' * 5_000, b'"' + b"x" * 70_000 + b'"', b"{}" * 10, b'{"quantity": 1.0}'),
    ]
) | st.binary(max_size=60)


def sent(value: Any) -> bytes:
    """A value as JSON, as a careless client writes it."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def changed_order(changes: dict[str, Any]) -> bytes:
    """An order that is right but for some fields."""
    return sent({**ORDER, **changes})


BODIES = (
    JSON.map(sent)
    | GARBAGE
    | st.dictionaries(st.sampled_from(["email", "items", "payCurrency"]), JSON).map(changed_order)
)


@attrs.frozen
class Asked:
    """One request: which endpoint, what stands in its path and query, and what is sent."""

    endpoint: Any
    names: dict[str, str]
    query: dict[str, str]
    body: bytes
    is_staff: bool
    is_signed: bool
    key: str | None


PATH_PARTS = {
    "orderId": ("order1",),
    "id": ("1",),
    "token": ("link1",),
    "reservationId": ("FAKE1",),
    "findingId": ("order1.f1",),
    "action": ("retry", "refund", "cancel", "resend", "accept-payment", "return-keys", "rebuy", "park"),
}
"""What stands in a path, mostly: something that there is."""


def path_part(name: str) -> st.SearchStrategy[str]:
    """What somebody may put there."""
    known = st.sampled_from(PATH_PARTS[name])
    return st.one_of(known, known, known, TEXTS)


REQUESTS = st.builds(
    Asked,
    st.sampled_from(ENDPOINTS),
    st.fixed_dictionaries({name: path_part(name) for name in PATH_PARTS}),
    st.dictionaries(
        st.sampled_from(["limit", "cursor", "status", "from", "to", "email", "id", "format", "x"]), TEXTS, max_size=3
    ),
    BODIES,
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(["k" * 16, "short", "k" * 300]),
)


async def ask(world: World, asked: Asked, token: str) -> ClientResponse:
    """Send it."""
    parts = {name: quote(part.encode("utf-8", "replace").decode(), safe="") for name, part in asked.names.items()}
    path = asked.endpoint.path.format_map(parts)
    headers = {"Content-Type": "application/json", **(STAFF if asked.is_staff else bearer(token))}
    if asked.key is not None:
        headers["Idempotency-Key"] = asked.key
    if asked.is_signed:
        notice = world.fakes.gateway.signed(asked.body)
        headers |= {SIGNATURE_HEADER: notice.headers[SIGNATURE_HEADER]}
        headers |= signed(asked.body)[0] if "kinguin" in path else {}
    query = {name: value.encode("utf-8", "replace").decode() for name, value in asked.query.items()}
    body = asked.body if asked.endpoint.method == "post" else None
    return await world.client.request(asked.endpoint.method, path, params=query, data=body, headers=headers)


@settings(max_examples=40)
@given(st.lists(REQUESTS, min_size=5, max_size=20))
async def test_no_request_is_an_error_of_ours(requests: list[Asked]) -> None:
    """I5, I13: for each endpoint, with and without a right to it, authentic or not; and the jobs that follow, too."""
    async with running(ORDERS_PER_MINUTE_PER_ADDRESS="0") as world:
        placed = await world.placed()
        for asked in requests:
            async with asyncio.timeout(SECONDS):
                answer = await ask(world, asked, placed["accessToken"])
                await answer.read()
            assert answer.status < 500, f"{asked.endpoint.path}: {answer.status} {await answer.text()}"
        await world.fakes.work()
