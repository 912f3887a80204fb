"""
What the supplier says now of a purchase of ours.
"""

from __future__ import annotations

from bitloot_core.ports.supplier import Purchase
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierOrderId


async def supplier_status(shop: Shop, supplier_order_id: SupplierOrderId) -> Purchase:
    """
    Ask the supplier; never a key, and never about a purchase that is not ours.

    Raises:
        NotFound: no order of ours made this purchase, or the supplier does not know it.
        Unavailable: the supplier cannot be asked now.
    """
    if await shop.orders.find_by_reservation(supplier_order_id) is None:
        raise NotFound("purchase", supplier_order_id)
    return await shop.supplier.status(supplier_order_id)
