"""What can be bought, and what it can be paid with."""

from __future__ import annotations

from datetime import date
from typing import Self

import attrs

from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.payment_gateway import Coin
from bitloot_core.values.money import Money
from bitloot_http.shapes import shape
from bitloot_http.wire.bodies import MOST_ROWS


@attrs.frozen(kw_only=True)
class ProductsQuery:
    """Which part of the catalogue; all of a small one, unless asked otherwise."""

    limit: int = attrs.field(
        default=MOST_ROWS, metadata=shape("Products on a page.", least=1, most=MOST_ROWS, code="invalid-limit")
    )
    cursor: str | None = attrs.field(
        default=None, metadata=shape("`nextCursor` of the page before.", longest=200, code="invalid-cursor")
    )


@attrs.frozen(kw_only=True)
class ProductView:
    """Something that can be bought."""

    id: str
    product_id: str = attrs.field(metadata=shape("The same as `id`, under the name that an order uses."))
    title: str
    price: Money
    available: bool
    release_date: str | None = attrs.field(metadata=shape("Set for a preorder.", form="date"))

    @classmethod
    def of(cls, product: Product) -> Self:
        """Show a product."""
        return cls(
            id=product.id,
            product_id=product.id,
            title=product.title,
            price=product.price,
            available=product.available,
            release_date=_day(product.release_date),
        )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@attrs.frozen(kw_only=True)
class CoinView:
    """A coin that can be paid with."""

    code: str
    name: str
    network: str | None
    minimum: Money | None = attrs.field(
        metadata=shape("The smallest order that it can pay, as far as the gateway says.")
    )

    @classmethod
    def of(cls, coin: Coin, minimum: Money | None) -> Self:
        """Show a coin."""
        return cls(code=coin.code, name=coin.name, network=coin.network, minimum=minimum)


@attrs.frozen(kw_only=True)
class ProductList:
    """What can be bought."""

    items: tuple[ProductView, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class CoinList:
    """What it can be paid with."""

    items: tuple[CoinView, ...]
    next_cursor: str | None
