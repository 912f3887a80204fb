"""
Other terms for a product: what orders to come are priced and bought by. Orders that were placed keep theirs.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.store import Change
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop


async def change_product(shop: Shop, product: Product, *, by: str, reason: str) -> None:
    """
    Put a product on other terms; who does it is written down first. Idempotent, but for the line in the audit.

    Args:
        product: as it shall be; one of this id is replaced.
    """
    now = shop.clock.now()
    deed = Deed(action=Action.CHANGE_PRODUCT, by=by, reason=reason, subject=product.id)
    await shop.orders.commit(Change(at=now, acts=(deed.done(at=now, order_id=None),)))
    await shop.catalogue.put((product,))
