"""Orders in the states that the actions of the staff are for."""

from __future__ import annotations

from bitloot_core.order.order import Order
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.staff_actions import park_order
from bitloot_core.values.ids import SupplierProductId

_GAME = SupplierProductId("supplier-game")


async def unpaid(shop: FakeShop) -> Order:
    """Nobody has paid it."""
    return await shop.place()


async def short(shop: FakeShop) -> Order:
    """Half of what is due has come."""
    order = await shop.place()
    name = shop.gateway.payments_of(order.id)[0]
    shop.gateway.pay_short(name)
    await shop.tell(name)
    await shop.work()
    return await shop.order(order.id)


async def refused(shop: FakeShop) -> Order:
    """Paid, and the supplier has none."""
    shop.supplier.in_stock(_GAME, 0)
    order = await shop.place()
    await shop.pay(order.id)
    shop.supplier.in_stock(_GAME, 100)
    return await shop.order(order.id)


async def fulfilled(shop: FakeShop) -> Order:
    """Its key is held."""
    order = await shop.place()
    await shop.fulfil(order.id)
    return await shop.order(order.id)


async def given_back(shop: FakeShop) -> Order:
    """Its key is held, and its buyer has the money back."""
    order = await fulfilled(shop)
    return await record_refund(shop.shop, order.id, by="admin:bob", reason="first")


async def parked(shop: FakeShop) -> Order:
    """Paid and put aside."""
    order = await shop.place()
    await shop.settle(order.id)
    return await park_order(shop.shop, order.id, by="admin:bob", reason="first")
