"""
Our orders, one after the other: each payment read back, each purchase known to the supplier, the ledger beside both.

Payments that we have no name for cannot be asked about. **Source:** NOWPayments' list of payments wants a login as well
as the API key, and has no filter by order.
"""

from __future__ import annotations

import attrs

from bitloot_core.order.discrepancies import Side
from bitloot_core.order.order import Order
from bitloot_core.order.payments import Named, name_of
from bitloot_core.order.reservations import BOUGHT, Bought, FallenReservation
from bitloot_core.usecases.compare_payments import compare_ledger, compare_payment, named
from bitloot_core.usecases.compare_purchases import compare_purchase, lost_at_supplier
from bitloot_core.usecases.reconcile_desk import Desk
from bitloot_core.usecases.reconcile_purchases import PurchasesSeen
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId
from bitloot_core.values.reading import PaymentReading

_AT_ONCE = 100


@attrs.define(kw_only=True)
class OrdersSeen:
    """How many orders were gone through, and how many of their payments were read back."""

    orders: int = 0
    payments: int = 0


async def reconcile_orders(desk: Desk, listed: PurchasesSeen, *, expected: int) -> OrdersSeen:
    """
    Go through the orders of the time.

    Args:
        listed: what the supplier's list had: what stands there was compared already.
        expected: about how many orders there are.

    Raises:
        Unavailable: the gateway or the supplier cannot be asked now.
    """
    seen = OrdersSeen()
    after: str | None = None
    while True:
        page = await desk.shop.books.orders(desk.terms.since, desk.until, after=after, limit=_AT_ONCE)
        for order_id in page.orders:
            await _go_through(desk, order_id, listed, seen)
            seen.orders += 1
            desk.show(Side.PAYMENTS, done=seen.orders, of=expected)
        after = page.after
        if after is None:
            return seen


async def _go_through(desk: Desk, order_id: OrderId, listed: PurchasesSeen, seen: OrdersSeen) -> None:
    try:
        order = await desk.shop.orders.get(order_id)
    except NotFound:
        return
    for payment in named(order.payments):
        await _read_back(desk, order, payment)
        seen.payments += 1
    for res in order.reservations:
        if isinstance(res, BOUGHT) and res.supplier_order_id not in listed.names and not _is_under_way(desk, res):
            await _look_up(desk, order, res)
    # Read last: what was written to it meanwhile is more than the order had, never less.
    await desk.take(*compare_ledger(order, await desk.shop.books.ledger_of(order_id)))


def _is_under_way(desk: Desk, res: Bought) -> bool:
    """Whether it was made too late to be in the list; one that fell was looked at since."""
    return not isinstance(res, FallenReservation) and desk.is_under_way(res.placed_at)


async def _read_back(desk: Desk, order: Order, payment: Named) -> None:
    reading: PaymentReading | None
    try:
        reading = await desk.patiently(lambda: desk.shop.gateway.payment(name_of(payment)))
    except NotFound:
        reading = None
    found = compare_payment(order, payment, reading, now=desk.shop.clock.now(), policy=desk.shop.policy)
    if reading is None or not desk.is_under_way(reading.updated_at):
        await desk.take(*found)


async def _look_up(desk: Desk, order: Order, res: Bought) -> None:
    """The list did not have it: it may stand outside of its days, by another clock than ours."""
    try:
        purchase = await desk.patiently(lambda: desk.shop.supplier.status(res.supplier_order_id))
    except NotFound:
        await desk.take(lost_at_supplier(order, res))
        return
    await desk.take(*compare_purchase(order, purchase, now=desk.shop.clock.now(), policy=desk.shop.policy))
