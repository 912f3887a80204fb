"""Every list of the staff as CSV: whole, in order, and safe to open in a spreadsheet."""

import csv
import io
import weakref
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from http_world import STAFF, World, problem

from bitloot_core.ports.queries import OrderFilter, Page, Slice
from bitloot_core.testing.overridden import Overridden
from bitloot_core.values.errors import Unavailable
from bitloot_http.csv_export import cells_of, defused, head_of
from bitloot_http.wire.admin import FindingView, OrderRowView

LISTS = [
    "/admin/orders",
    "/admin/reservations",
    "/admin/webhook-logs",
    "/admin/findings",
    "/admin/jobs",
    "/admin/audit",
    "/admin/key-audit",
    "/admin/key-audit/{order}",
]


def parsed(text: str) -> list[dict[str, str]]:
    """The rows of a CSV, by the names of their columns."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("path", LISTS)
async def test_every_list_is_there_as_csv(world: World, path: str) -> None:
    """By a parameter, or by what the client accepts; a file with a name of its own."""
    placed = await world.delivered()
    where = path.format(order=placed["orderId"])

    by_parameter = await world.client.get(f"{where}?format=csv", headers=STAFF)
    by_header = await world.client.get(where, headers={**STAFF, "Accept": "text/csv"})

    assert (by_parameter.status, by_header.status) == (200, 200)
    assert by_parameter.content_type == "text/csv"
    assert "attachment; filename=" in by_parameter.headers["Content-Disposition"]
    assert by_parameter.headers["Cache-Control"] == "no-store"
    assert await by_parameter.text() == await by_header.text()


async def test_a_list_is_whole_whatever_the_limit(world: World) -> None:
    """Page by page, newest first, each row once."""
    placed = [await world.placed(email=f"b{number}@example.com") for number in range(7)]

    answer = await world.client.get("/admin/orders?format=csv&limit=2", headers=STAFF)

    rows = parsed(await answer.text())
    assert [one["orderId"] for one in reversed(placed)] == [row["orderId"] for row in rows]
    assert {("12.99", "EUR")} == {(row["total"], row["totalCurrency"]) for row in rows}


async def test_filters_hold_for_a_csv(world: World) -> None:
    """It is the list that was asked for, in another form."""
    await world.placed(email="ann@example.com")
    await world.placed(email="bob@example.com")

    answer = await world.client.get("/admin/orders?format=csv&email=ann@example.com", headers=STAFF)

    assert [row["email"] for row in parsed(await answer.text())] == ["ann@example.com"]


async def test_json_can_be_asked_for_by_name(world: World) -> None:
    """Whatever the client accepts."""
    headers = {**STAFF, "Accept": "text/csv"}

    answer = await world.client.get("/admin/orders?format=json", headers=headers)

    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("format=xml", (422, "invalid-field")),
        ("format=csv&cursor=nonsense", (422, "invalid-cursor")),
        ("format=csv&nonsense=1", (422, "unknown-field")),
    ],
)
async def test_a_question_without_sense_is_still_a_problem(world: World, query: str, expected: tuple[int, str]) -> None:
    """Nothing is sent before the first page is read."""
    assert expected == await problem(await world.client.get(f"/admin/orders?{query}", headers=STAFF))


async def test_a_long_list_is_never_held_whole(world: World) -> None:
    """Ten thousand rows go through: of all that were read, no more than two pages are still there at any time."""
    await world.placed()
    (row,) = (await world.fakes.shop.queries.orders(OrderFilter(), Slice())).items
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = [0]

    async def endless(_: Any, part: Any) -> Any:
        """Pages without an end."""
        number = int(part.cursor or 0)
        rows = tuple(attrs.evolve(row, units=number * part.limit + one) for one in range(part.limit))
        alive.update(rows)
        most[0] = max(most[0], len(alive))
        return Page(items=rows, next_cursor=str(number + 1) if number < 99 else None)

    world.fakes.shop = attrs.evolve(world.fakes.shop, queries=Overridden(world.fakes.shop.queries, orders=endless))
    object.__setattr__(world.edge, "shop", world.fakes.shop)

    answer = await world.client.get("/admin/orders?format=csv", headers=STAFF)

    assert [one["units"] for one in parsed(await answer.text())] == [str(number) for number in range(10_000)]
    assert most[0] <= 200


async def test_half_a_list_does_not_look_like_a_whole_one(world: World) -> None:
    """If a later page cannot be read, the connection breaks."""
    for number in range(3):
        await world.placed(email=f"b{number}@example.com")
    real = world.fakes.shop.queries
    asked: list[Any] = []

    async def breaks(which: Any, part: Any) -> Any:
        """A page, then trouble."""
        asked.append(part)
        if len(asked) > 1:
            raise Unavailable("database", "away")
        page = await real.orders(which, attrs.evolve(part, limit=1))
        return Page(items=page.items, next_cursor=page.next_cursor)

    world.fakes.shop = attrs.evolve(world.fakes.shop, queries=Overridden(real, orders=breaks))
    object.__setattr__(world.edge, "shop", world.fakes.shop)

    with pytest.raises(Exception, match=r"payload|closed|disconnected|Connection"):
        await (await world.client.get("/admin/orders?format=csv", headers=STAFF)).text()

    assert len(asked) == 2


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    """Whatever a buyer or a vendor writes, no spreadsheet runs it."""
    assert f"'{start}cmd|' /C calc'!A0" == defused(f"{start}cmd|' /C calc'!A0")


def test_plain_text_is_left_alone() -> None:
    """Most of it is harmless."""
    assert (defused("a=b"), defused(""), defused("12.99")) == ("a=b", "", "12.99")


async def test_hostile_text_comes_out_inert(world: World) -> None:
    """Through the whole of it: an address that is a formula."""
    await world.placed(email="=cmd@example.com")

    answer = await world.client.get("/admin/orders?format=csv", headers=STAFF)

    assert [row["email"] for row in parsed(await answer.text())] == ["'=cmd@example.com"]


def test_a_row_has_a_cell_for_each_column() -> None:
    """Money takes two; what is absent is empty; lists stand in one."""
    view = FindingView(
        id="f1",
        order_id=None,
        reason="parked",
        subject="order",
        text="Put aside.",
        status="open",
        blocking=True,
        amount=None,
        opened_at=datetime(2026, 1, 5, tzinfo=UTC),
        resolved_at=None,
        resolved_by=None,
        resolution=None,
        actions=("unpark", "refund"),
    )

    row = dict(zip(head_of(FindingView), cells_of(view), strict=True))

    assert (
        row["orderId"],
        row["blocking"],
        row["actions"],
        row["openedAt"],
    ) == ("", "true", "unpark refund", "2026-01-05T00:00:00.000Z")
    assert "totalCurrency" in head_of(OrderRowView)
