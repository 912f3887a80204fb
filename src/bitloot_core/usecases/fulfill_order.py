"""
Reserve and collect in one go, for a supplier that delivers at once: own stock, tests.
"""

from __future__ import annotations

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    ClaimedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
    is_dead,
)
from bitloot_core.ports.jobs import Done
from bitloot_core.usecases.check_reservation import check_reservation
from bitloot_core.usecases.start_reservation import start_reservation
from bitloot_core.usecases.work import Work
from bitloot_core.values.ids import OrderId


async def fulfill_order(work: Work, order_id: OrderId) -> None:
    """
    Bring every living reservation of an order as far as it goes. Idempotent.

    What cannot be finished now goes on by the `reserve` and `check-reservation` jobs of its purchases.
    """
    part = work.part()
    order = await work.shop.orders.get(order_id)
    for res in order.reservations:
        if is_dead(res):
            continue
        await start_reservation(part, res.plan.ref)
        after = await work.shop.orders.get(order_id)
        if isinstance(after.reservation(res.plan.number), PlacedReservation):
            await check_reservation(part, res.plan.ref)
    await _leave_to_others(work, await work.shop.orders.get(order_id))
    await work.end(Done())


async def _leave_to_others(work: Work, order: Order) -> None:
    """Ask for the own job of each purchase that is not made yet: it may have ended while we were at it."""
    now = work.now
    for res in order.reservations:
        if isinstance(res, PlannedReservation | ClaimedReservation | DoubtfulReservation):
            later = now + work.shop.policy.lookups()[0]
            again = JobRequest(name=JobName.RESERVE, ref=res.plan.ref, order_id=order.id, due_at=later)
            await work.shop.jobs.ask(again, now=now)
