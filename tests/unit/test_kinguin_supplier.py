"""
How the adapter walks Kinguin's API: pages, addresses, answers that contradict.

What a working supplier does is in the contract suite; here are the answers that no simulator should give.
"""

import json
from collections.abc import Awaitable, Callable

import aiohttp
import attrs
import pytest
from aiohttp import web
from kinguin_api import ITEM, ORDER, REF, SINCE, UNTIL, an_order, answers, keys, kinguin, pages_of

from bitloot_adapters.kinguin import PRODUCTION_URL, KinguinSupplier
from bitloot_core.values.errors import InvalidInput, NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import SupplierOrderId
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret

READS: dict[str, Callable[[KinguinSupplier], Awaitable[object]]] = {
    "find": lambda supplier: supplier.find(REF),
    "purchases_between": lambda supplier: supplier.purchases_between(SINCE, UNTIL),
    "status": lambda supplier: supplier.status(ORDER),
    "keys_of": lambda supplier: supplier.keys_of(ORDER),
    "balance": lambda supplier: supplier.balance(),
}


@pytest.mark.parametrize(
    "base_url",
    [
        "https://gateway.kinguin.net/esa/api/v2",
        "https://gateway.kinguin.net/esa/api/v1/",
        "https://gateway.kinguin.net/esa/api/V2//",
        "gateway.kinguin.net/esa/api",
        "ftp://gateway.kinguin.net/esa/api",
        "https:///esa/api",
        "https://gateway.kinguin.net/esa/api?x=1",
        "https://gateway.kinguin.net/esa/api#v2",
        "https://[gateway/esa/api",
        "",
    ],
)
async def test_an_address_that_cannot_be_right_is_refused_at_once(base_url: str) -> None:
    """A version at the end of the base is a classic mistake (field report); it would turn every order into a 404."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidInput) as caught:
            KinguinSupplier(session=session, api_key=Secret("k"), webhook_secret=Secret("s"), base_url=base_url)

    assert caught.value.field == "KINGUIN_BASE_URL"


@pytest.mark.parametrize("base_url", [PRODUCTION_URL, "https://gateway.sandbox.kinguin.net/esa/api/"])
async def test_the_documented_addresses_are_taken(base_url: str) -> None:
    """Production and sandbox, with or without a slash."""
    async with aiohttp.ClientSession() as session:
        KinguinSupplier(session=session, api_key=Secret("k"), webhook_secret=Secret("s"), base_url=base_url)


async def test_an_empty_api_key_is_refused_at_once() -> None:
    """Each call would be answered 401."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidInput):
            KinguinSupplier(session=session, api_key=Secret(" "), webhook_secret=Secret("s"))


async def test_a_purchase_is_asked_for_once_as_documented() -> None:
    """`POST /v2/order`, the cap as a number with its own digits, our reference beside it."""
    async with kinguin(answers(an_order(), status=201)) as (supplier, api):
        purchase = await supplier.reserve((ITEM,), ref=REF)

    assert purchase.supplier_order_id == ORDER
    assert api.asked == ["POST /esa/api/v2/order"]
    assert api.bodies == [
        b'{"products":[{"productId":"game","qty":1,"price":5.10,"keyType":"text"}],"orderExternalId":"o1-1"}'
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"orderExternalId": "o1-2"},
        {"orderExternalId": None},
        {"orderId": None},
        {"products": []},
        {"products": [{"productId": "game", "qty": 2}]},
        {"products": [{"productId": "other", "qty": 1}]},
        {"products": [{"productId": "game", "qty": 1}, {"productId": "other", "qty": 1}]},
    ],
)
async def test_an_answer_that_contradicts_the_purchase_is_no_answer(changed: dict[str, object]) -> None:
    """Something was bought, but perhaps not this: it is looked up, never assumed."""
    async with kinguin(answers(an_order(**changed), status=201)) as (supplier, api):
        with pytest.raises(Unknown):
            await supplier.reserve((ITEM,), ref=REF)

        assert len(api.asked) == 1


async def test_a_cap_in_another_currency_is_refused_before_anything_is_sent() -> None:
    """The API would take dollars for euros."""
    item = attrs.evolve(ITEM, max_cost=Money.of("5.10", "USD"))

    async with kinguin(answers({}, status=201)) as (supplier, api):
        with pytest.raises(Rejected) as caught:
            await supplier.reserve((item,), ref=REF)

    assert caught.value.code == "invalid-purchase"
    assert api.asked == []


@pytest.mark.parametrize("content_type", ["text/html", "text/plain"])
async def test_a_page_in_the_place_of_the_json_leaves_a_purchase_in_doubt(content_type: str) -> None:
    """201 from somebody in front of the API is not the API's 201."""
    page = json.dumps(an_order())

    async with kinguin(lambda _: web.Response(status=201, text=page, content_type=content_type)) as (supplier, _):
        with pytest.raises(Unknown):
            await supplier.reserve((ITEM,), ref=REF)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "answer",
    [
        (401, "application/json", '{"kind":"Authorization","status":401}'),
        (403, "text/html", "<html>"),
        (404, "text/html", "<html>"),
        (404, "application/json", '{"kind":"Http","status":404}'),
        (409, "application/json", '{"kind":"ResourceLock","status":409}'),
        (200, "text/html", "<html>"),
        (200, "application/json", "{"),
        (200, "application/json", "null"),
        (200, "application/json", "7"),
        (204, "application/json", ""),
    ],
)
async def test_a_read_without_a_usable_answer_is_asked_again(read: str, answer: tuple[int, str, str]) -> None:
    """Above all, `find` is never empty and `status` never "not found" by mistake."""
    status, content_type, text = answer

    async with kinguin(lambda _: web.Response(status=status, text=text, content_type=content_type)) as (supplier, _):
        with pytest.raises(Unavailable):
            await READS[read](supplier)


@pytest.mark.parametrize("read", ["status", "keys_of"])
async def test_an_order_that_the_api_does_not_know_is_not_found(read: str) -> None:
    """404 with the kind `OrderNotFound`."""
    async with kinguin(answers({"kind": "OrderNotFound", "status": 404}, status=404)) as (supplier, _):
        with pytest.raises(NotFound):
            await READS[read](supplier)


async def test_the_status_of_another_order_is_not_taken() -> None:
    """A cache in between, or a proxy that mixes answers up."""
    async with kinguin(answers(an_order(orderId="OTHER"))) as (supplier, _):
        with pytest.raises(Unavailable):
            await supplier.status(ORDER)


async def test_names_are_encoded_in_addresses() -> None:
    """A webhook may bring any name of an order: it stays one segment of the path."""
    async with kinguin(answers([])) as (supplier, api):
        await supplier.keys_of(SupplierOrderId("../a/b?c#d%"))

    assert api.asked == ["GET /esa/api/v2/order/..%2Fa%2Fb%3Fc%23d%25/keys?page=1&limit=100"]


@pytest.mark.parametrize(
    ("count", "at_most", "calls"), [(0, 100, 1), (24, 100, 1), (90, 100, 2), (130, 100, 3), (90, 25, 4), (100, 25, 5)]
)
async def test_all_pages_of_keys_are_read(count: int, at_most: int, calls: int) -> None:
    """Also where the API gives smaller pages than it was asked for."""
    page_of = pages_of(keys(0, count), at_most=at_most)

    async with kinguin(lambda request: web.json_response(page_of(request))) as (supplier, api):
        found = await supplier.keys_of(ORDER)

    assert {f"k{number}" for number in range(count)} == {key.id for key in found}
    assert len(found) == count
    assert len(api.asked) == calls


async def test_a_key_that_moves_to_the_next_page_is_taken_once() -> None:
    """The order of the list is not promised (documented), so pages may overlap."""
    pages = {"1": keys(0, 100), "2": keys(90, 20)}

    async with kinguin(lambda request: web.json_response(pages[request.query["page"]])) as (supplier, _):
        found = await supplier.keys_of(ORDER)

    assert [f"k{number}" for number in range(110)] == sorted((key.id for key in found), key=lambda name: int(name[1:]))


async def test_a_list_of_keys_without_an_end_is_given_up() -> None:
    """An API that ignores the page would keep us for ever."""
    async with kinguin(answers(keys(0, 100))) as (supplier, api):
        with pytest.raises(Unavailable):
            await supplier.keys_of(ORDER)

    assert len(api.asked) == 50


async def test_the_search_reads_all_pages_and_takes_only_our_reference() -> None:
    """Oldest first, whatever the API's own order is; `o1-10` is not `o1-1`."""
    others = [an_order(orderExternalId="o1-10", orderId=f"X{number}") for number in range(120)]
    late = an_order(orderId="LATE", createdAt="2020-10-28T09:00:00+00:00")
    entries = [*others[:60], late, *others[60:], an_order()]
    page_of = pages_of(entries)

    async with kinguin(
        lambda request: web.json_response({"results": page_of(request), "item_count": len(entries)})
    ) as (supplier, api):
        found = await supplier.find(REF)

    assert [purchase.supplier_order_id for purchase in found] == [ORDER, "LATE"]
    assert api.asked == [f"GET /esa/api/v1/order?orderExternalId=o1-1&page={page}&limit=100" for page in (1, 2)]


async def test_a_search_that_shows_less_than_it_counts_is_not_believed() -> None:
    """ "Nothing found" may lead to a second purchase."""
    async with kinguin(answers({"results": [], "item_count": 1})) as (supplier, _):
        with pytest.raises(Unavailable):
            await supplier.find(REF)


async def test_a_search_without_an_end_is_given_up() -> None:
    """An API that ignores the page and the filter would keep us for ever."""
    stranger = an_order(orderExternalId="other")

    async with kinguin(answers({"results": [stranger], "item_count": 10_000})) as (supplier, api):
        with pytest.raises(Unavailable):
            await supplier.find(REF)

    assert len(api.asked) == 50


async def test_a_return_is_asked_for_once_without_a_body() -> None:
    """`POST /v2/order/{orderId}/keys/return`, one request an order."""
    async with kinguin(answers([{"id": "k1", "status": "RETURNED"}])) as (supplier, api):
        await supplier.return_keys(ORDER)

    assert api.asked == ["POST /esa/api/v2/order/PHS84FJAG5U/keys/return"]
    assert api.bodies == [b""]


@pytest.mark.parametrize("payload", [{}, [{"id": "k1", "status": "LOST"}], "x"])
async def test_a_return_with_a_strange_answer_is_in_doubt(payload: object) -> None:
    """It may have been accepted; there is only one."""
    async with kinguin(answers(payload)) as (supplier, _):
        with pytest.raises(Unknown):
            await supplier.return_keys(ORDER)


async def test_the_adapter_does_not_print_its_secrets() -> None:
    """It can stand in a traceback with local variables."""
    async with kinguin(answers({})) as (supplier, _):
        assert "CANARY" not in repr(supplier)
