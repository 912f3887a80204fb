"""
What a person decides about an order that is stuck, or about its keys. Each is safe to press ten times at once.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.order.staff_commands import ParkOrder, Rebuy, ReplaceKey, ReturnKeys, UnparkOrder
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import OrderId, SupplierOrderId, UnitId


async def replace_key(
    shop: Shop, order_id: OrderId, unit_id: UnitId, *, from_supplier: bool, by: str, reason: str
) -> Order:
    """
    Put a bad key in quarantine for ever, and get another one for the buyer, who is told by mail. Idempotent for a unit.

    Args:
        from_supplier: whether the supplier puts another key into the same purchase; else one is bought.

    Raises:
        NotFound: the order has no such unit.
        TransitionRefused: it holds no key that the buyer may see, or nothing more comes in its purchase
            (`not-replaceable`), or the order was put aside (`parked`).
    """
    command = ReplaceKey(unit_id=unit_id, from_supplier=from_supplier, by=by, reason=reason)
    deed = Deed(action=Action.REPLACE_KEY, by=by, reason=reason, subject=unit_id)
    return await change_order(shop, order_id, command, deed=deed)


async def return_keys(
    shop: Shop, order_id: OrderId, supplier_order_id: SupplierOrderId, *, by: str, reason: str
) -> Order:
    """
    Ask for the keys of a purchase to go back to the supplier; a worker tells it. Idempotent while that is under way.

    Raises:
        NotFound: the purchase is none of this order's, nor a surplus one that it was told of.
        TransitionRefused: the buyer may see its keys (`keys-in-use`), it is too late (`too-late`), or the supplier
            takes nothing of it back (`not-returnable`).
    """
    command = ReturnKeys(supplier_order_id=supplier_order_id, by=by, reason=reason)
    deed = Deed(action=Action.RETURN_KEYS, by=by, reason=reason, subject=supplier_order_id)
    return await change_order(shop, order_id, command, deed=deed)


async def rebuy(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Buy under a new attempt what refused and cancelled purchases left. Idempotent while that is under way.

    Raises:
        TransitionRefused: no purchase of the order is dead (`nothing-to-rebuy`), or it was put aside (`parked`).
    """
    deed = Deed(action=Action.REBUY, by=by, reason=reason)
    return await change_order(shop, order_id, Rebuy(by=by, reason=reason), deed=deed)


async def park_order(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Put an order aside: nothing is bought or mailed for it until it is taken up again. Idempotent.

    Money is still seen and counted, and keys that come are still kept.

    Raises:
        TransitionRefused: the order is cancelled or refunded (`nothing-to-park`).
    """
    deed = Deed(action=Action.PARK, by=by, reason=reason)
    return await change_order(shop, order_id, ParkOrder(by=by, reason=reason), deed=deed)


async def unpark_order(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """Take an order up again; what waited is done at once. Idempotent."""
    deed = Deed(action=Action.UNPARK, by=by, reason=reason)
    return await change_order(shop, order_id, UnparkOrder(by=by, reason=reason), deed=deed)
