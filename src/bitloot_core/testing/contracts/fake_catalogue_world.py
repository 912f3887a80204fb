"""The fake supplier's catalogue with the verbs of its suite."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.testing import supplier_events
from bitloot_core.testing.contracts.supplier_catalogue import SupplierCatalogueWorld
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.testing.supplier_catalogue import FakeSupplierCatalogue
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import SupplierProductId


@attrs.define
class FakeCatalogueWorld:
    """
    A fake supplier as its customers see it.

    Args:
        kind: the fake, or one that breaks a promise on purpose.
    """

    kind: type[FakeSupplierCatalogue] = FakeSupplierCatalogue
    supplier: FakeSupplier = attrs.field(factory=FakeSupplier)
    catalogue: FakeSupplierCatalogue = attrs.field()
    _titles: dict[SupplierProductId, str] = attrs.field(factory=dict, init=False)

    @catalogue.default
    def _catalogue(self) -> FakeSupplierCatalogue:
        return self.supplier.catalogue.of_kind(self.kind)

    async def in_stock(self, title: str, count: int = 5, *, cost: str = "5.00") -> SupplierProductId:
        """Given text keys."""
        product_id = self._named(title)
        self.supplier.in_stock(product_id, count, cost=cost, title=title)
        return product_id

    async def pictures_in_stock(self, title: str, count: int) -> SupplierProductId:
        """Given pictures."""
        product_id = self._named(title)
        self.supplier.pictures_in_stock(product_id, count)
        return product_id

    async def preorder_open(self, title: str) -> SupplierProductId:
        """Given a preorder."""
        product_id = self._named(title)
        self.supplier.preorder_open(product_id, 10)
        return product_id

    async def costs(self, product_id: SupplierProductId, cost: str) -> None:
        """Given another price."""
        self.supplier.in_stock(product_id, 5, cost=cost, title=self._titles[product_id])

    async def sells_out(self, product_id: SupplierProductId) -> None:
        """Given an empty shelf."""
        self.supplier.in_stock(product_id, 0, title=self._titles[product_id])

    async def lose_next_answer(self, call: str) -> None:
        """Given a read without an answer."""
        self.supplier.faults.before(call, Unavailable("supplier", "no answer in time"))

    # In a fake, every way of losing an answer is the same one.
    fail_next = lose_next_answer
    garble_next = lose_next_answer
    stall_next = lose_next_answer

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given a refusal without a look."""
        self.supplier.faults.before(call, Unavailable("supplier", "too many requests", retry_after=wait))

    async def go_down(self) -> None:
        """Given an outage."""
        self.supplier.is_down = True

    async def change_of(self, product_id: SupplierProductId) -> VerifiedWebhook:
        """The fake's own event."""
        return self.supplier.verify_event(*self.supplier.change_of(product_id))

    async def other_event(self) -> VerifiedWebhook:
        """What is about nothing."""
        return self.supplier.verify_event(*supplier_events.signed(b'{"order": "FAKE1", "ref": "o1-1", "word": "x"}'))

    def _named(self, title: str) -> SupplierProductId:
        product_id = SupplierProductId(f"product-{len(self._titles) + 1:03}")
        self._titles[product_id] = title
        return product_id


if TYPE_CHECKING:
    _: type[SupplierCatalogueWorld] = FakeCatalogueWorld
