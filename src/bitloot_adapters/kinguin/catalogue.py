"""
What Kinguin has on offer: its product search, behind the port `SupplierCatalogue`.

**Source:** Kinguin ESA documentation (state July 2025), search products: `name` has 3 characters or more, `productId`
takes a list separated by commas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bitloot_adapters._shared.exact_json import NotJson
from bitloot_adapters._shared.http_caller import HttpCaller
from bitloot_adapters.kinguin.events import PRODUCT_UPDATE
from bitloot_adapters.kinguin.product_wire import ProductList, changed_product, read_products
from bitloot_adapters.kinguin.refusals import PORT, refusal_of
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier_catalogue import SupplierCatalogue, SupplierPage, SupplierProduct
from bitloot_core.values.errors import InvalidInput, Unavailable
from bitloot_core.values.ids import SupplierProductId

PAGE_SIZE = 25
"""The API's own: product objects are long, and a hundred of them would pass the cap on an answer."""
SHORTEST = 3
LONGEST = 100
_SUCCESS = range(200, 300)


class KinguinCatalogue:
    """
    Reads `GET /v1/products`.

    Args:
        caller: calls Kinguin; see `KinguinSupplier.catalogue`.
    """

    def __init__(self, caller: HttpCaller) -> None:
        self._caller = caller

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """Search by `name`, a page of 25 at a time."""
        wanted = text.strip()
        if not SHORTEST <= len(wanted) <= LONGEST:
            raise InvalidInput("text", f"must have {SHORTEST} to {LONGEST} characters", code="too-short")
        if page < 1:
            raise InvalidInput("page", "must be 1 or more")
        found = await self._list({"name": wanted, "page": str(page), "limit": str(PAGE_SIZE)})
        return SupplierPage(products=found.products, has_more=bool(found.products) and found.total > page * PAGE_SIZE)

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Search by `productId`, so many at a time; what was not asked for is left out."""
        wanted = sorted(set(ids))
        found: dict[SupplierProductId, SupplierProduct] = {}
        for start in range(0, len(wanted), PAGE_SIZE):
            batch = wanted[start : start + PAGE_SIZE]
            query = {"productId": ",".join(batch), "page": "1", "limit": str(PAGE_SIZE)}
            found |= {one.id: one for one in (await self._list(query)).products if one.id in batch}
        return tuple(found[one] for one in wanted if one in found)

    def changed_product(self, webhook: VerifiedWebhook) -> SupplierProductId | None:
        """Read the `productId` of a `product.update`."""
        return changed_product(webhook.body) if webhook.type == PRODUCT_UPDATE else None

    async def _list(self, query: Mapping[str, str]) -> ProductList:
        answer = await self._caller.read("/v1/products", query=query)
        if answer.status not in _SUCCESS:
            raise Unavailable(PORT, str(refusal_of(answer)))
        try:
            return read_products(answer.json())
        except (NotJson, Unreadable) as exc:
            raise Unavailable(PORT, f"the answer cannot be understood: {exc}") from exc


if TYPE_CHECKING:
    _: type[SupplierCatalogue] = KinguinCatalogue
