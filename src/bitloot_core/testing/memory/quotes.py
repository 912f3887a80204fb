"""
The looks at the supplier's products in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bitloot_core.ports.quotes import Quote, Quotes
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.values.ids import SupplierProductId


class MemoryQuotes:
    """Keeps looks and marks. See `Quotes` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def quotes(self, ids: Collection[SupplierProductId] | None = None) -> Mapping[SupplierProductId, Quote]:
        """The newest look at each product."""
        return {name: look for name, look in self._database.quotes.items() if ids is None or name in ids}

    async def mark(self, ids: Collection[SupplierProductId], *, at: datetime) -> None:
        """Mark products as changed."""
        with self._database.commit("quotes.mark"):
            marks = self._database.stale
            marks.update({one: max(at, marks.get(one, at)) for one in ids})

    async def marked(self, limit: int) -> tuple[SupplierProductId, ...]:
        """Products that are marked, the ones marked longest ago first."""
        marks = self._database.stale
        return tuple(sorted(marks, key=lambda one: (marks[one], one))[:limit])

    async def keep(self, looks: Sequence[Quote]) -> None:
        """Keep looks, and take away the marks that were set before them."""
        with self._database.commit("quotes.keep"):
            for look in looks:
                name = look.supplier_product_id
                known = self._database.quotes.get(name)
                if known is None or known.at <= look.at:
                    self._database.quotes[name] = look
                marked_at = self._database.stale.get(name)
                if marked_at is not None and marked_at < look.at:
                    del self._database.stale[name]


if TYPE_CHECKING:
    _: type[Quotes] = MemoryQuotes
