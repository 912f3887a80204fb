"""
The catalogue in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bitloot_core.ports.catalogue import Catalogue, Product
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.values.ids import ProductId


class MemoryCatalogue:
    """Keeps products. See `Catalogue` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def products(self, ids: Sequence[ProductId] | None = None) -> tuple[Product, ...]:
        """Those of the named products that exist, or all, by id."""
        wanted = self._database.products.keys() if ids is None else self._database.products.keys() & set(ids)
        return tuple(self._database.products[product_id] for product_id in sorted(wanted))

    async def put(self, products: Sequence[Product]) -> None:
        """Add products, or replace those of the same id; all or none."""
        with self._database.commit("catalogue.put"):
            self._database.products.update({product.id: product for product in products})


if TYPE_CHECKING:
    _: type[Catalogue] = MemoryCatalogue
