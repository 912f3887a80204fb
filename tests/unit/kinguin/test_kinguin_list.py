"""
How the adapter reads Kinguin's list of orders: page by page, all of it or nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from kinguin_api import ORDER, REF, SINCE, UNTIL, an_order, answers, kinguin, pages_of

from bitloot_core.values.errors import Unavailable


def listing(entries: list[Any]) -> Callable[[web.Request], web.Response]:
    """An API that lists these orders."""
    page_of = pages_of(entries)
    return lambda request: web.json_response({"results": page_of(request), "item_count": len(entries)})


async def test_a_list_is_asked_for_by_its_dates() -> None:
    """To the second, outwards, in UTC."""
    async with kinguin(listing([an_order()])) as (supplier, api):
        (found,) = await supplier.purchases_between(SINCE, UNTIL)

    assert (found.supplier_order_id, found.ref) == (ORDER, REF)
    span = "createdAtFrom=2020-10-28T08:00:00%2B00:00&createdAtTo=2020-10-28T09:00:01%2B00:00"
    assert api.asked == [f"GET /esa/api/v1/order?{span}&page=1&limit=100"]


async def test_whole_seconds_stay_as_they_are() -> None:
    """So that a list of one second can be asked for."""
    at = SINCE.replace(microsecond=0)

    async with kinguin(listing([])) as (supplier, api):
        await supplier.purchases_between(at, at)

    (asked,) = api.asked
    assert asked.count("2020-10-28T08:00:00") == 2


async def test_all_pages_are_read() -> None:
    """Of 250 orders."""
    entries = [an_order(orderId=f"X{number}", orderExternalId=f"o{number}-1") for number in range(250)]

    async with kinguin(listing(entries)) as (supplier, api):
        found = await supplier.purchases_between(SINCE, UNTIL)

    assert len({purchase.ref for purchase in found}) == len(found) == 250
    assert len(api.asked) == 3


@pytest.mark.parametrize("reference", [None, "", "made by hand", 7])
async def test_orders_without_a_reference_are_left_out(reference: object) -> None:
    """Somebody bought in the dashboard: not even the rest of such an order is read."""
    by_hand = {"orderId": "BYHAND", "orderExternalId": reference}

    async with kinguin(listing([by_hand, an_order()])) as (supplier, _):
        found = await supplier.purchases_between(SINCE, UNTIL)

    assert [purchase.supplier_order_id for purchase in found] == [ORDER]


async def test_an_order_of_ours_that_cannot_be_read_spoils_the_list() -> None:
    """It would look as if it were lost."""
    async with kinguin(listing([an_order(products=None)])) as (supplier, _):
        with pytest.raises(Unavailable):
            await supplier.purchases_between(SINCE, UNTIL)


class Shifting:
    """A list that moves by one between its two pages, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.entries = [an_order(orderId=f"X{number}", orderExternalId=f"o{number}-1") for number in range(110)]

    def __call__(self, request: web.Request) -> web.Response:
        """Show a page; the second one begins with the last of the first, and the last of all is not on it."""
        first = (int(request.query["page"]) - 1) * 100
        page = self.entries[first : first + 100]
        if first and self.left:
            self.left -= 1
            page = self.entries[first - 1 : -1]
        return web.json_response({"results": page, "item_count": 110})


async def test_a_list_that_moves_while_it_is_read_is_read_again() -> None:
    """One order came twice, and another not at all."""
    async with kinguin(Shifting(2)) as (supplier, api):
        found = await supplier.purchases_between(SINCE, UNTIL)

    assert len({purchase.ref for purchase in found}) == 110
    assert len(api.asked) == 6


async def test_a_list_that_keeps_moving_is_none() -> None:
    """Better none than a part of it."""
    async with kinguin(Shifting(3)) as (supplier, _):
        with pytest.raises(Unavailable, match="changes while it is read"):
            await supplier.purchases_between(SINCE, UNTIL)


async def test_a_list_that_shows_less_than_it_counts_is_not_believed() -> None:
    """An API in trouble."""
    async with kinguin(answers({"results": [], "item_count": 1})) as (supplier, _):
        with pytest.raises(Unavailable):
            await supplier.purchases_between(SINCE, UNTIL + timedelta(hours=1))


async def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that ignores the page would keep us for ever."""
    monkeypatch.setattr("bitloot_adapters.kinguin.supplier.MOST_LIST_PAGES", 3)

    async with kinguin(answers({"results": [an_order()], "item_count": 10_000})) as (supplier, api):
        with pytest.raises(Unavailable):
            await supplier.purchases_between(SINCE, UNTIL)

    assert len(api.asked) == 3
