"""Lists, page by page: whatever page size, whatever comes in between, each row once, and any cursor is harmless."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sql_world import DirectDatabase, Inline

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_core.ports.queries import OrderFilter, Page, ReservationFilter, Slice, WebhookFilter
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import OrderId

STORES = ("memory", "sqlite")
CURSORS = st.text(max_size=40) | st.sampled_from(
    ["", "~", "MTA", "MTAvbzE", "LTEvbzE", "A" * 300, "2026-01-05T12:00:00+00:00~", "\x00", "\ud800", "bnVsbA=="]
)


def storage_of(store: str) -> Any:
    """An empty store."""
    if store == "memory":
        return MemoryStorage()
    return SqlStorage.over(DirectDatabase(Inline()), PayloadSealer(MasterKeys({"k1": bytes(32)})))


async def place(storage: Any, number: int, minute: int) -> OrderId:
    """An order of this minute."""
    at = PLACED_AT + timedelta(minutes=minute)
    order = placed(f"o{number}", at=at)
    await storage.store.commit(a_change(order, at=at))
    return order.id


@pytest.mark.parametrize("store", STORES)
@given(minutes=st.lists(st.integers(0, 3), max_size=12), limit=st.integers(1, 5), late=st.integers(0, 2))
async def test_the_pages_of_a_list_are_the_list(store: str, minutes: list[int], limit: int, late: int) -> None:
    """Many rows of one moment, and new ones while somebody reads: none is shown twice, and none is left out."""
    storage = storage_of(store)
    placed_ids = [await place(storage, number, minute) for number, minute in enumerate(minutes, start=100)]
    seen: list[OrderId] = []
    cursor: str | None = None
    while True:
        page: Page[Any] = await storage.queries.orders(OrderFilter(), Slice(limit=limit, cursor=cursor))
        seen += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        if late:
            late -= 1
            await place(storage, 200 + late, 60)

    expected = sorted(zip(minutes, placed_ids, strict=True), reverse=True)
    assert [order_id for _, order_id in expected] == seen


@pytest.mark.parametrize("store", STORES)
@given(cursor=CURSORS, limit=st.integers(-5, 200))
async def test_no_cursor_is_an_error_of_ours(store: str, cursor: str, limit: int) -> None:
    """A page, or the refusal that names what is wrong with it."""
    storage = storage_of(store)
    part = Slice(limit=limit, cursor=cursor)
    lists = (
        (storage.queries.orders, OrderFilter()),
        (storage.queries.reservations, ReservationFilter()),
        (storage.queries.webhooks, WebhookFilter()),
    )

    for read, which in lists:
        try:
            page = await read(which, part)
        except InvalidInput as refusal:
            field = refusal.field
        else:
            field = "cursor"
            assert (page.items, page.next_cursor) == ((), None)
        assert field in ("cursor", "limit")
