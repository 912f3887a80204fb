"""
The supplier's list beside our orders: each purchase under a reference of ours belongs to exactly one reservation.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from bitloot_core.order.discrepancies import Side
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.ports.supplier import Purchase
from bitloot_core.usecases.compare_purchases import compare_purchase
from bitloot_core.usecases.reconcile_desk import Desk
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import SupplierOrderId, is_our_ref, order_of
from bitloot_core.values.money import Money

_AT_ONCE = timedelta(days=1)


@attrs.define(kw_only=True)
class PurchasesSeen:
    """
    What the supplier listed.

    Attributes:
        names: the purchases under references of ours.
        others: how many there are under other references.
        charged: what the supplier charged for those of ours, a sum for each currency.
        booked: what our ledger has for the same.
    """

    names: set[SupplierOrderId] = attrs.field(factory=set)
    others: int = 0
    charged: dict[str, Money] = attrs.field(factory=dict)
    booked: dict[str, Money] = attrs.field(factory=dict)


async def reconcile_purchases(desk: Desk) -> PurchasesSeen:
    """
    Go through the supplier's list, a day at a time.

    Raises:
        Unavailable: the supplier cannot be asked now.
    """
    seen, since = PurchasesSeen(), desk.terms.since
    days = max(0, -((since - desk.until) // _AT_ONCE))
    for day in range(days):
        start = since + day * _AT_ONCE
        end = min(start + _AT_ONCE, desk.until)
        desk.show(Side.PURCHASES, done=day, of=days)
        for purchase in await _listed(desk, start, end):
            await _compare(desk, purchase, seen)
    desk.show(Side.PURCHASES, done=days, of=days)
    return seen


async def _listed(desk: Desk, start: datetime, end: datetime) -> tuple[Purchase, ...]:
    return await desk.patiently(lambda: desk.shop.supplier.purchases_between(start, end))


async def _compare(desk: Desk, purchase: Purchase, seen: PurchasesSeen) -> None:
    if not is_our_ref(purchase.ref):
        seen.others += 1
        return
    if purchase.supplier_order_id in seen.names:  # it stood on the edge of two days
        return
    seen.names.add(purchase.supplier_order_id)
    _add(seen.charged, purchase.charged)
    order = await _order_of(desk, purchase)
    if order is not None:
        await _add_booked(desk, order, purchase, seen)
    await desk.take(*compare_purchase(order, purchase, now=desk.shop.clock.now(), policy=desk.shop.policy))


async def _order_of(desk: Desk, purchase: Purchase) -> Order | None:
    try:
        return await desk.shop.orders.get(order_of(purchase.ref))
    except NotFound:
        return None


async def _add_booked(desk: Desk, order: Order, purchase: Purchase, seen: PurchasesSeen) -> None:
    for entry in await desk.shop.books.ledger_of(order.id):
        if entry.kind is LedgerKind.CHARGED and entry.external_id == purchase.supplier_order_id:
            _add(seen.booked, Money(amount=entry.amount, currency=entry.currency))


def _add(sums: dict[str, Money], amount: Money) -> None:
    sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
