"""
What the simulated supplier knows: offers, products, orders, keys, purchases.

Frozen values only. Nothing in here talks HTTP, reads a clock or draws a number, and nothing here is shared with
the real adapter: an oracle that used the adapter's types would agree with its mistakes.

Source: Kinguin ESA documentation, state July 2025, unless a line says "field report".
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import attrs

TEXT = "text/plain"
PNG = "image/png"
WHOLESALE_LEVELS = (10, 50, 100, 500)


class OrderStatus(StrEnum):
    """
    The four words an order object can carry.
    """

    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELED = "canceled"
    REFUNDED = "refunded"


class KeyStatus(StrEnum):
    """
    The words a single key can carry; one order can mix them.
    """

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"
    CANCELED = "CANCELED"


UNDELIVERED = frozenset({KeyStatus.PENDING, KeyStatus.PROCESSING})


@attrs.frozen(kw_only=True)
class Offer:
    """
    One merchant's stock of one product.

    Args:
        offer_id: the supplier's id of the offer.
        price: EUR for one key.
        stock: keys left.
        media_type: what its keys are: `text/plain` or `image/png`.
        wholesale_tiers: EUR for one key from 10, 50, 100 and 500 keys on; empty when wholesale is off.
        merchant: the seller's name.
    """

    offer_id: str
    price: Decimal
    stock: int
    media_type: str = attrs.field(default=TEXT, validator=attrs.validators.in_((TEXT, PNG)))
    wholesale_tiers: tuple[Decimal, ...] = ()
    merchant: str = "Simulated Merchant"

    @property
    def text_stock(self) -> int:
        """
        How many of its keys are text.
        """
        return self.stock if self.media_type == TEXT else 0

    def price_for(self, quantity: int) -> Decimal:
        """
        Return what one key costs when `quantity` are bought at once.

        >>> Offer(offer_id="o", price=Decimal(6), stock=99, wholesale_tiers=(Decimal(5), Decimal(4))).price_for(10)
        Decimal('5')
        """
        price = self.price
        for level, tier in zip(WHOLESALE_LEVELS, self.wholesale_tiers, strict=False):
            if quantity >= level:
                price = tier
        return price


@attrs.frozen(kw_only=True)
class Product:
    """
    One product of the catalogue with its offers.

    `release_date` makes it a preorder when `is_preorder` is set; otherwise it is merely shown.
    """

    product_id: str
    kinguin_id: int
    name: str
    offers: tuple[Offer, ...]
    is_preorder: bool
    release_date: date
    updated_at: datetime

    @property
    def stocked(self) -> tuple[Offer, ...]:
        """
        The offers that still have keys, cheapest first.
        """
        return tuple(sorted((offer for offer in self.offers if offer.stock > 0), key=lambda offer: offer.price))

    @property
    def cheapest(self) -> tuple[Offer, ...]:
        """
        The offers that share the lowest price among those in stock.
        """
        stocked = self.stocked
        return tuple(offer for offer in stocked if offer.price == stocked[0].price)


@attrs.frozen(kw_only=True)
class Line:
    """
    One entry of an order's `products`: one offer, one quantity.

    `charge` is what the balance paid for one key; `price` is the offer's price, `request_price` the buyer's cap.
    """

    product_id: str
    kinguin_id: int
    offer_id: str
    name: str
    quantity: int
    price: Decimal
    request_price: Decimal
    charge: Decimal
    is_preorder: bool
    release_date: date
    media_type: str
    text_demanded: bool
    wholesale: bool


@attrs.frozen(kw_only=True)
class Key:
    """
    One product key that is owed or delivered; `line` is the index of its line in the order.
    """

    key_id: str
    line: int
    serial: str = attrs.field(repr=False)
    media_type: str
    status: KeyStatus
    delivered_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Order:
    """
    One purchase and the state of each of its keys.

    `closed_as` is set when the supplier cancelled or refunded the order as a whole.
    """

    order_id: str
    external_id: str | None
    lines: tuple[Line, ...]
    keys: tuple[Key, ...]
    charged: Decimal
    created_at: datetime
    updated_at: datetime
    number: int
    closed_as: OrderStatus | None = None
    return_requested: bool = False

    @property
    def is_preorder(self) -> bool:
        """
        Whether the order holds the one preorder that it may hold.
        """
        return any(line.is_preorder for line in self.lines)

    @property
    def is_wholesale(self) -> bool:
        """
        Whether at least one line was bought at wholesale.
        """
        return any(line.wholesale for line in self.lines)

    @property
    def delivered(self) -> tuple[Key, ...]:
        """
        The keys that can be downloaded now.
        """
        return tuple(key for key in self.keys if key.status is KeyStatus.DELIVERED)

    @property
    def undelivered(self) -> tuple[Key, ...]:
        """
        The keys that are still to come.
        """
        return tuple(key for key in self.keys if key.status in UNDELIVERED)

    @property
    def status(self) -> OrderStatus:
        """
        The order's word, derived from its keys unless the supplier closed the order as a whole.
        """
        if self.closed_as is not None:
            return self.closed_as
        seen = {key.status for key in self.keys}
        if seen & UNDELIVERED:
            return OrderStatus.PROCESSING
        if seen == {KeyStatus.CANCELED}:
            return OrderStatus.CANCELED
        return OrderStatus.COMPLETED if KeyStatus.DELIVERED in seen else OrderStatus.REFUNDED


@attrs.frozen(kw_only=True)
class Purchase:
    """
    One time that the balance was charged: what "bought once" is counted by.
    """

    order_id: str
    external_id: str | None
    at: datetime
    charged: Decimal
    products: tuple[tuple[str, int], ...]
