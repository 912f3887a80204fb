"""What the supplier has on offer: looked through by people, and looked at again before anything is bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class SupplierOffer:
    """
    What one seller at the supplier asks for a product.

    Attributes:
        cost: for one.
        stock: how many there are.
        text_stock: how many of them are text; the rest are pictures.
    """

    cost: Money
    stock: int
    text_stock: int

    def stock_of(self, key_type: KeyType) -> int:
        """How many there are of keys in this form."""
        return self.text_stock if key_type is KeyType.TEXT else self.stock


@attrs.frozen(kw_only=True)
class SupplierProduct:
    """
    A product as the supplier sells it now.

    Attributes:
        title: in the supplier's words: third-party text.
        platform: where its keys are redeemed, in the supplier's words; empty if it does not say.
        region: where they can be redeemed, the same way.
        is_preorder: whether its keys come at the release date.
        release_date: None if the supplier names none that can be read.
        offers: those that have something in stock, cheapest first.
    """

    id: SupplierProductId
    title: str
    platform: str
    region: str
    is_preorder: bool
    release_date: date | None
    offers: tuple[SupplierOffer, ...]

    def stock_of(self, key_type: KeyType) -> int:
        """How many of it there are on all offers, in this form; keys of a preorder have none yet."""
        return sum(offer.stock_of(self._form(key_type)) for offer in self.offers)

    def cost_of(self, quantity: int, key_type: KeyType) -> Money | None:
        """
        The least that must be allowed for each of `quantity`, so that the offers up to it can serve them all.

        None if all offers together do not hold so many.
        """
        missing = quantity
        for offer in self.offers:
            missing -= offer.stock_of(self._form(key_type))
            if missing <= 0:
                return offer.cost
        return None

    def _form(self, key_type: KeyType) -> KeyType:
        return KeyType.ANY if self.is_preorder else key_type


@attrs.frozen(kw_only=True)
class SupplierPage:
    """
    A part of what a search found.

    Attributes:
        has_more: whether the next page has something on it.
    """

    products: tuple[SupplierProduct, ...]
    has_more: bool


class SupplierCatalogue(Protocol):
    """
    Shows what the supplier sells. Every call only reads; every method that waits may raise `Unavailable`.

    What it says holds for the moment in which it was asked. Stock can be gone before a purchase arrives, which is why a
    purchase always carries its own cap.
    """

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """
        Products whose title has this text in it, in the supplier's order; pages count from 1.

        Raises:
            InvalidInput: the supplier looks for no such text (it is too short, say), or the page is below 1.
            Unavailable: also for an answer that cannot be understood.
        """
        ...

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """
        Those of the named products that the supplier shows, each once, by id; read anew at each call.

        A product that is sold out may be among them, without offers, or be missing.

        Raises:
            Unavailable: also for an answer that cannot be understood; never a price by mistake.
        """
        ...

    def changed_product(self, webhook: VerifiedWebhook) -> SupplierProductId | None:
        """
        The product whose price or stock has changed, if an authentic webhook says that of one; else None. Pure.

        A hint: it says what to look at again, and nothing of what is to be seen there.
        """
        ...
