"""
Kinguin's product object: what a product costs, how many there are, and what it is called.

Strict about money and counts; whatever only describes the game may be missing.

**Source:** Kinguin ESA documentation (state July 2025): product object, offer object, search products, webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import attrs

from bitloot_adapters._shared.exact_json import NotJson, decode_json
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_adapters.kinguin.wire import name_or_none, read_count, read_list, read_money, read_name, read_object
from bitloot_core.ports.catalogue import LONGEST_TITLE
from bitloot_core.ports.supplier_catalogue import SupplierOffer, SupplierProduct
from bitloot_core.values.ids import SupplierProductId

_LONGEST_WORD = 100


@attrs.frozen(kw_only=True)
class ProductList:
    """
    One page of the product search.

    Attributes:
        total: how many there are on all pages, as the API counts them.
    """

    products: tuple[SupplierProduct, ...]
    total: int


def read_products(payload: object) -> ProductList:
    """
    Read one page of the product search.

    Raises:
        Unreadable: it is no page of products, or one of them lacks what we need.
    """
    page = read_object(payload, "products")
    entries = read_list(page.get("results"), "products.results")
    return ProductList(products=tuple(read_product(entry) for entry in entries), total=read_count(page, "item_count"))


def read_product(payload: object) -> SupplierProduct:
    """
    Read a product object.

    `offers` and `textQty` are shown to some stores only: without the one, the cheapest offers stand for all; without
    the other, every key counts as text.

    Raises:
        Unreadable: its id, its title, a price or a count is not there.
    """
    product = read_object(payload, "product")
    title = _words(product, "name", most=LONGEST_TITLE)
    if not title:
        raise Unreadable("name", "is not a title")
    return SupplierProduct(
        id=SupplierProductId(read_name(product, "productId")),
        title=title,
        platform=_words(product, "platform", most=_LONGEST_WORD),
        region=_words(product, "regionalLimitations", most=_LONGEST_WORD),
        is_preorder=product.get("isPreorder") is True,
        release_date=_date(product.get("releaseDate")),
        offers=_offers(product),
    )


def changed_product(body: bytes) -> SupplierProductId | None:
    """The product that a `product.update` is about; None if it names none."""
    try:
        product_id = name_or_none(read_object(decode_json(body), "event"), "productId")
    except (NotJson, Unreadable):
        return None
    return SupplierProductId(product_id) if product_id else None


def _offers(product: Mapping[str, object]) -> tuple[SupplierOffer, ...]:
    if product.get("offers") is None:
        found = [_offer(product)]
    else:
        found = [_offer(read_object(entry, "offers")) for entry in read_list(product["offers"], "offers")]
    return tuple(sorted((offer for offer in found if offer is not None), key=lambda offer: offer.cost.amount))


def _offer(source: Mapping[str, object]) -> SupplierOffer | None:
    """An offer, or the cheapest ones of a product together; None if nothing is in stock."""
    stock = read_count(source, "qty")
    if not stock:
        return None
    cost = read_money(source, "price")
    if cost.amount <= 0:
        raise Unreadable("price", "is not above 0")
    text_stock = stock if source.get("textQty") is None else read_count(source, "textQty")
    return SupplierOffer(cost=cost, stock=stock, text_stock=min(text_stock, stock))


def _words(source: Mapping[str, object], field: str, *, most: int) -> str:
    """A line of text for people, without what cannot be printed; empty if there is none."""
    value = source.get(field)
    if not isinstance(value, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in value[:most]).strip()


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
