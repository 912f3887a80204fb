"""The catalogue: what can be bought, and on which terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money

LONGEST_TITLE = 300
"""So many characters a title may have, all of them printable."""


def checked_title(text: str) -> str:
    """
    A title that somebody has typed, as it is.

    Raises:
        InvalidInput: it is too long, or has characters that cannot be printed.
    """
    if len(text) > LONGEST_TITLE or not text.isprintable():
        raise InvalidInput("title", f"must be at most {LONGEST_TITLE} printable characters")
    return text


@attrs.frozen(kw_only=True)
class Product:
    """
    Something that can be bought.

    Attributes:
        price: what a buyer pays for one.
        max_cost: the most that we pay the supplier for one.
        available: whether it is offered now.
        release_date: set for a preorder.
    """

    id: ProductId
    title: str
    supplier_product_id: SupplierProductId
    price: Money
    max_cost: Money
    key_type: KeyType = KeyType.TEXT
    release_date: date | None = None
    available: bool = True


class Catalogue(Protocol):
    """Keeps products."""

    async def products(self, ids: Sequence[ProductId] | None = None) -> tuple[Product, ...]:
        """Those of the named products that exist, or all, by id."""
        ...

    async def put(self, products: Sequence[Product]) -> None:
        """Add products, or replace those of the same id; all or none. Orders already placed keep their terms."""
        ...
