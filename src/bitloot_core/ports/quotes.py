"""What the supplier was last seen to ask for our products, and which of them must be looked at again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, Self

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.supplier_catalogue import SupplierProduct
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class Quote:
    """
    One look at one of the supplier's products.

    Attributes:
        at: just before the supplier was asked.
        stock: how many there were, in any form.
        cost: what one of any form cost; None if there was none.
        text_cost: what one text key cost; None if there was none.
    """

    supplier_product_id: SupplierProductId
    at: datetime
    stock: int
    cost: Money | None
    text_cost: Money | None

    @classmethod
    def of(cls, product: SupplierProduct, *, at: datetime) -> Self:
        """What a product looked like."""
        return cls(
            supplier_product_id=product.id,
            at=at,
            stock=product.stock_of(KeyType.ANY),
            cost=product.cost_of(1, KeyType.ANY),
            text_cost=product.cost_of(1, KeyType.TEXT),
        )

    @classmethod
    def gone(cls, supplier_product_id: SupplierProductId, *, at: datetime) -> Self:
        """The supplier did not show it."""
        return cls(supplier_product_id=supplier_product_id, at=at, stock=0, cost=None, text_cost=None)

    def serves(self, product: Product) -> bool:
        """Whether one of a product of ours could be had within its cap, as of this look."""
        is_text = product.key_type is KeyType.TEXT and product.release_date is None
        cost = self.text_cost if is_text else self.cost
        if cost is None:
            return False
        # A cap in another currency cannot be compared: what is not known is no reason to turn a buyer away.
        return cost.currency != product.max_cost.currency or cost <= product.max_cost


class Quotes(Protocol):
    """Keeps the newest look at each product, and the marks on those whose look is stale."""

    async def quotes(self, ids: Collection[SupplierProductId] | None = None) -> Mapping[SupplierProductId, Quote]:
        """The newest look at each of the named products, or at all, that were ever looked at."""
        ...

    async def mark(self, ids: Collection[SupplierProductId], *, at: datetime) -> None:
        """
        Mark products as changed since they were looked at; all or none. Idempotent: a mark only moves forward in time.
        """
        ...

    async def marked(self, limit: int) -> tuple[SupplierProductId, ...]:
        """Products that are marked, the ones marked longest ago first."""
        ...

    async def keep(self, looks: Sequence[Quote]) -> None:
        """
        Keep looks, and take away the marks that were set before them; all or none. Repeatable.

        An older look replaces no newer one. A mark that was set at or after a look stays: what it is about came later.
        """
        ...
