"""The lists of the staff on real databases: hostile filters, paths and cursors, and ten thousand rows."""

import csv
import io
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bitloot_adapters.sql.migrate import upgrade
from bitloot_http.endpoints import ENDPOINTS
from bitloot_http.shapes import fields_of, shape_of, wire_name
from harness.api_on import ApiWorld, api_on
from harness.orders_to_press import fulfilled, short

MANY = 10_000
HOSTILE = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    '" OR ""="',
    "%",
    "_" * 26,
    "\\",
    "${7*7}{{7*7}}",
    "../../etc/passwd",
    "\u02bc OR 1=1",
    "=1+1",
    "\u202e\ufeff",
    "1) UNION SELECT token_sha256 FROM admin_tokens --",
)
IN_PATHS = (
    "..%2f..%2fetc%2fpasswd",
    "%27%20OR%201=1",
    "order1%00",
    "order1%0a",
    "%ff",
    "x" * 65,
    "order1;a=b",
)
BULK = text(
    "INSERT INTO orders (id, status, email, total_minor, currency, units, owed, version, event_count, created_at, "
    "updated_at, state) "
    "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :many) "
    "SELECT 'bulk' || i, 'created', 'b' || (i % 7) || '@example.com', 1299, 'EUR', 1, 1, 1, 0, i / 3, i / 3, '{}' "
    "FROM numbers"
)
"""Three of each moment, so that pages end in the middle of one."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables and nothing in them."""
    path = tmp_path_factory.mktemp("sql") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ApiWorld]:
    """A running application on each kind of database, which answers as often as it is asked."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path / 'shop.db')}"
    async with api_on(url, ADMIN_REQUESTS_PER_MINUTE="0") as opened:
        yield opened


def filters() -> Iterator[tuple[str, str]]:
    """Each list, with each of its filters that takes any text."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "get" and endpoint.path.startswith("/admin") and endpoint.query is not None:
            for field, hint in fields_of(endpoint.query):
                if hint == str | None and shape_of(field).pattern is None and field.name != "cursor":
                    yield endpoint.path, wire_name(field)


async def everything(world: ApiWorld, headers: dict[str, str]) -> list[Any]:
    """What the lists show of an order that was delivered and one that waits."""
    lists = ("orders", "reservations", "webhook-logs", "findings", "jobs", "audit")
    return [await (await world.client.get(f"/admin/{name}", headers=headers)).json() for name in lists]


def test_there_are_filters_to_be_tried() -> None:
    """Those of every list."""
    found = set(filters())

    assert {("/admin/orders", "email"), ("/admin/audit", "actor"), ("/admin/findings", "reason")} <= found


async def test_a_filter_is_only_ever_compared(world: ApiWorld) -> None:
    """Whatever stands in it, it finds what is called so, which is nothing; and nothing is harmed."""
    order = await fulfilled(world.fakes)
    await short(world.fakes)
    headers = await world.token("read")
    before = await everything(world, headers)

    for path, name in filters():
        for hostile in HOSTILE:
            where = path.replace("{orderId}", order.id)
            answer = await world.client.get(where, params={name: hostile}, headers=headers)
            assert answer.status == 200, (path, name, hostile, await answer.text())
            assert (await answer.json())["items"] == [], (path, name, hostile)

    assert before == await everything(world, headers)


@pytest.mark.parametrize(
    "path", ["/admin/orders/{}", "/admin/key-audit/{}", "/kinguin/status/{}", "/admin/webhook-logs/{}", "/orders/{}"]
)
async def test_a_path_leads_nowhere_else(world: ApiWorld, path: str) -> None:
    """What is no name of ours is not found, as a problem; no file, no error."""
    await fulfilled(world.fakes)
    headers = await world.token("read")

    for part in IN_PATHS:
        answer = await world.client.get(path.format(part), headers=headers, allow_redirects=False)
        assert (answer.status, answer.content_type) == (404, "application/problem+json"), part


@pytest.mark.parametrize("action", ["drop", "refund%2f..", "REFUND", "retry;reason=x", "../../orders", "reveal%00"])
async def test_there_is_no_action_but_those_that_there_are(world: ApiWorld, action: str) -> None:
    """A name is not guessed at."""
    order = await fulfilled(world.fakes)
    headers = await world.token("read", "operate", "keys")

    answer = await world.client.post(f"/admin/orders/{order.id}/{action}", json={"reason": "x"}, headers=headers)

    assert answer.status in {404, 405}
    assert order == await world.fakes.order(order.id)


async def test_a_cursor_opens_nothing(world: ApiWorld) -> None:
    """One that was made up is refused; one of another list is refused or shows rows of the list that is asked."""
    order = await fulfilled(world.fakes)
    for _ in range(3):
        await short(world.fakes)
    headers = await world.token("read")
    lists = ("orders", "reservations", "webhook-logs", "findings", "jobs", f"key-audit/{order.id}")
    given: list[str] = []
    for name in lists:
        page = await (await world.client.get(f"/admin/{name}?limit=1", headers=headers)).json()
        given += [page["nextCursor"]] if page["nextCursor"] else []

    for name in lists:
        for cursor in (*given, *HOSTILE, "0", "-1", "9" * 200, "W10", "WzEsIicgT1IgMT0xIl0"):
            answer = await world.client.get(f"/admin/{name}", params={"cursor": cursor}, headers=headers)
            assert answer.status in {200, 422}, (name, cursor, await answer.text())

    assert len(given) >= 4


async def test_ten_thousand_rows_come_once_each(world: ApiWorld) -> None:
    """As CSV in one answer, and page by page: the same rows, newest first."""
    await world.opened.kept.database.write(lambda connection: connection.execute(BULK, {"many": MANY}).rowcount)
    headers = await world.token("read")

    whole = await (await world.client.get("/admin/orders?format=csv", headers=headers)).text()
    rows = list(csv.DictReader(io.StringIO(whole)))
    told: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = await (await world.client.get("/admin/orders", params=params, headers=headers)).json()
        told += [row["id"] for row in page["items"]]
        cursor = page["nextCursor"]

    assert [row["id"] for row in rows] == told
    assert len(set(told)) == MANY
    assert [row["createdAt"] for row in rows] == sorted((row["createdAt"] for row in rows), reverse=True)


async def test_ten_thousand_rows_are_narrowed_by_the_database(world: ApiWorld) -> None:
    """A filter holds on every page, and bounds of time cut exactly."""
    await world.opened.kept.database.write(lambda connection: connection.execute(BULK, {"many": MANY}).rowcount)
    headers = await world.token("read")
    asked = {"format": "csv", "email": "B3@example.com", "to": "1970-01-01T00:00:00.001Z"}

    whole = await (await world.client.get("/admin/orders", params=asked, headers=headers)).text()

    rows = list(csv.DictReader(io.StringIO(whole)))
    assert {row["email"] for row in rows} == {"b3@example.com"}
    assert len(rows) == sum(1 for i in range(1, MANY + 1) if i % 7 == 3 and i // 3 < 1000)
