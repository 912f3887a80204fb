"""What the fake supplier has on offer: its own shelf, as a customer sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier_catalogue import SupplierCatalogue, SupplierOffer, SupplierPage, SupplierProduct
from bitloot_core.testing import supplier_events
from bitloot_core.testing.supplier_books import PREORDERS_COME, ShelfProduct, SupplierBooks
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import SupplierProductId

PAGE_SIZE = 25
SHORTEST = 3
"""The supplier that we know looks for no shorter text."""


class FakeSupplierCatalogue:
    """
    Shows the shelf of a `FakeSupplier`; see its attribute `catalogue`.

    Args:
        strike: called with the name of the method before each call; raises what was scripted for it.
    """

    def __init__(self, books: SupplierBooks, strike: Callable[[str], None]) -> None:
        self._books = books
        self._strike = strike

    def of_kind(self, kind: type[FakeSupplierCatalogue]) -> FakeSupplierCatalogue:
        """Another one over the same shelf: one that breaks a promise, to show that a suite notices."""
        return kind(self._books, self._strike)

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """What has the text in its title, in the order in which it was put on the shelf."""
        self._strike("search")
        if len(text.strip()) < SHORTEST:
            raise InvalidInput("text", f"must have {SHORTEST} characters or more", code="too-short")
        if page < 1:
            raise InvalidInput("page", "must be 1 or more")
        shown = self._shown(self._books.shelf)
        found = [one for one in shown if text.strip().casefold() in one.title.casefold()]
        end = page * PAGE_SIZE
        return SupplierPage(products=tuple(found[end - PAGE_SIZE : end]), has_more=len(found) > end)

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Those of them that were ever on the shelf."""
        self._strike("products")
        return self._shown(sorted(set(ids) & self._books.shelf.keys()))

    def changed_product(self, webhook: VerifiedWebhook) -> SupplierProductId | None:
        """What `supplier_events.change_of` wrote."""
        return supplier_events.read_change(webhook.body)

    def _shown(
        self, ids: Sequence[SupplierProductId] | dict[SupplierProductId, ShelfProduct]
    ) -> tuple[SupplierProduct, ...]:
        return tuple(_product(one, self._books.shelf[one]) for one in ids)


def _product(product_id: SupplierProductId, shelf: ShelfProduct) -> SupplierProduct:
    offer = SupplierOffer(cost=shelf.cost, stock=shelf.left, text_stock=0 if shelf.pictures else shelf.left)
    return SupplierProduct(
        id=product_id,
        title=shelf.title or f"The fake {product_id}",
        platform=shelf.platform,
        region=shelf.region,
        is_preorder=shelf.preorder,
        release_date=PREORDERS_COME if shelf.preorder else None,
        offers=(offer,) if shelf.left else (),
    )


if TYPE_CHECKING:
    _: type[SupplierCatalogue] = FakeSupplierCatalogue
