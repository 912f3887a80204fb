"""
How the adapter reads Kinguin's product object: strict about prices and counts, easy about the rest.

**Source:** Kinguin ESA documentation (state July 2025), product object; the example's values are its own.
"""

from datetime import date
from typing import Any

import pytest
from kinguin_api import answers, kinguin

from bitloot_adapters.kinguin.product_wire import changed_product, read_product, read_products
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_core.order.reservations import KeyType
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

PRODUCT: dict[str, Any] = {
    "name": "Counter-Strike: Source Steam CD Key",
    "platform": "Steam",
    "releaseDate": "2004-11-01",
    "qty": 149,
    "textQty": 140,
    "price": 5,
    "isPreorder": False,
    "regionalLimitations": "Region free",
    "productId": "5c9b5f6b2539a4e8f172916a",
    "offers": [
        {"offerId": "dear", "price": "7.5", "qty": 3, "textQty": 0},
        {"offerId": "cheap", "price": 5, "qty": 149, "textQty": 140},
        {"offerId": "gone", "price": 0, "qty": 0},
    ],
}


def without(*fields: str) -> dict[str, Any]:
    """The product, less these fields."""
    return {name: value for name, value in PRODUCT.items() if name not in fields}


def test_a_product_is_read() -> None:
    """What it is called, and each offer that holds something, cheapest first."""
    product = read_product(PRODUCT)

    assert (product.id, product.title) == (PRODUCT["productId"], PRODUCT["name"])
    assert (product.platform, product.region) == ("Steam", "Region free")
    assert (product.is_preorder, product.release_date) == (False, date(2004, 11, 1))
    offers = [(offer.cost.text, offer.stock, offer.text_stock) for offer in product.offers]
    assert offers == [("5.00", 149, 140), ("7.50", 3, 0)]


def test_the_dearest_offer_that_is_needed_is_the_cost() -> None:
    """For text there are fewer."""
    product = read_product(PRODUCT)

    assert product.cost_of(140, KeyType.TEXT) == Money.of("5.00", "EUR")
    assert product.cost_of(141, KeyType.TEXT) is None
    assert product.cost_of(150, KeyType.ANY) == Money.of("7.50", "EUR")


def test_without_offers_the_cheapest_stand_for_all() -> None:
    """`offers` and `textQty` are shown to some stores only."""
    (offer,) = read_product(without("offers", "textQty")).offers

    assert (offer.cost.text, offer.stock, offer.text_stock) == ("5.00", 149, 149)


def test_without_stock_there_is_no_offer() -> None:
    """A price of nothing is none, where nothing is sold."""
    assert read_product(without("offers") | {"qty": 0, "price": 0}).offers == ()


def test_what_only_describes_may_be_missing() -> None:
    """A product without a date is still a product."""
    product = read_product(without("platform", "regionalLimitations", "releaseDate", "isPreorder"))

    assert (product.platform, product.region, product.release_date, product.is_preorder) == ("", "", None, False)


def test_a_title_is_one_line() -> None:
    """Third-party text, on a page and in a terminal."""
    product = read_product(PRODUCT | {"name": "A\x1b[31m\n" + "b" * 400, "releaseDate": "soon"})

    assert product.title.startswith("A [31m b")
    assert len(product.title) == 300
    assert product.release_date is None


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        [],
        without("productId"),
        without("name"),
        PRODUCT | {"name": " "},
        without("offers", "qty"),
        without("offers", "price"),
        without("offers") | {"price": 0},
        without("offers") | {"price": "free"},
        without("offers") | {"qty": -1},
        without("offers") | {"textQty": "many"},
        PRODUCT | {"offers": "none"},
        PRODUCT | {"offers": [None]},
        PRODUCT | {"offers": [{"price": -1, "qty": 1}]},
        PRODUCT | {"offers": [{"price": 10**13, "qty": 1}]},
    ],
)
def test_half_a_product_is_none(spoilt: Any) -> None:
    """Never a price by mistake."""
    with pytest.raises(Unreadable):
        read_product(spoilt)


@pytest.mark.parametrize("page", [None, {}, {"results": []}, {"results": {}, "item_count": 0}])
def test_half_a_page_is_none(page: Any) -> None:
    """Never a list by mistake."""
    with pytest.raises(Unreadable):
        read_products(page)


@pytest.mark.parametrize(
    ("body", "product_id"),
    [
        (b'{"kinguinId":1,"productId":"p1","qty":3}', "p1"),
        (b'{"productId":"  "}', None),
        (b'{"productId":7}', None),
        (b"[]", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_an_update_names_its_product(body: bytes, product_id: str | None) -> None:
    """Or says nothing that we could follow."""
    assert product_id == changed_product(body)


async def test_products_are_asked_for_in_one_list() -> None:
    """As the documentation has it, separated by commas; what was not asked for is not taken."""
    stranger = PRODUCT | {"productId": "stranger"}
    answer = {"results": [PRODUCT, stranger], "item_count": 2}
    async with kinguin(answers(answer)) as (supplier, api):
        found = await supplier.catalogue.products([PRODUCT["productId"], SupplierProductId("other")])

    assert [one.id for one in found] == [PRODUCT["productId"]]
    (asked,) = api.asked
    assert "productId=5c9b5f6b2539a4e8f172916a,other" in asked


async def test_a_search_is_sent_trimmed() -> None:
    """Three characters, a hundred at most: no call is made for others."""
    answer = {"results": [], "item_count": 0}
    async with kinguin(answers(answer)) as (supplier, api):
        await supplier.catalogue.search("  50% & more ", page=2)
        for text in ("ab", "a" * 101):
            with pytest.raises(InvalidInput):
                await supplier.catalogue.search(text)

    (asked,) = api.asked
    assert asked.startswith("GET /esa/api/v1/products?name=50%25+%26+more&page=2")
