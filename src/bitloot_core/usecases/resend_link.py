"""
A fresh delivery link, mailed to the address on the order and to no other.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.order.commands import IssueLink
from bitloot_core.order.order import Order
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import OrderId


async def resend_link(shop: Shop, order_id: OrderId, *, by: str, reason: str | None = None) -> Order:
    """
    Make a fresh link and ask for its mail, in one write; the earlier links are revoked by it.

    Args:
        reason: why a person of the staff does it; None where the buyer asks.

    Raises:
        TransitionRefused: nothing can be revealed (`not-revealable`, `nothing-ready`, `parked`).
    """
    command = IssueLink(link_id=shop.ids.link_id(), expires_at=shop.clock.now() + shop.policy.link_expires, by=by)
    deed = None if reason is None else Deed(action=Action.RESEND, by=by, reason=reason)
    return await change_order(shop, order_id, command, deed=deed)
