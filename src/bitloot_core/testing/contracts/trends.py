"""
The suite of the port `Trends`: bars hold what was placed in them, and say what became of it.

The unhappy five do not apply to counting.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from bitloot_core.order.events import OrderFulfilled, OrderRetried, PaymentSettled
from bitloot_core.order.order import Order
from bitloot_core.order.payments import SettledPayment
from bitloot_core.ports.store import Change
from bitloot_core.ports.trends import SAMPLE, DeliveryBar, OrdersBar
from bitloot_core.testing.contracts.storage import StorageWorld, place
from bitloot_core.testing.orders import PLACED_AT, fulfilled, held, placed, reserved, settled

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


async def delivered(world: StorageWorld, name: str, *, at: datetime, took: timedelta) -> Order:
    """Given an order that was paid as soon as it was placed, and whose last key came so much later."""
    before = await place(world, settled(placed(name, at=at)))
    after = attrs.evolve(fulfilled(held(reserved(before))), version=before.version)
    (payment,) = (one for one in before.payments if isinstance(one, SettledPayment))
    events = (
        PaymentSettled(at=at, attempt=payment.attempt, receipt=payment.receipt),
        OrderFulfilled(at=at + took),
    )
    await world.store.commit(Change(at=at + took, before=before, after=after, events=events))
    return await world.store.get(before.id)


class TrendsContract:
    """What every implementation of the bars must do. The fixture `world` gives an empty shop."""

    async def test_an_empty_shop_has_empty_bars(self, world: StorageWorld) -> None:
        """As many as were asked for, each where it belongs."""
        orders = await world.trends.orders(since=PLACED_AT, step=HOUR, bars=3)
        deliveries = await world.trends.deliveries(since=PLACED_AT, step=HOUR, bars=3)

        starts = [PLACED_AT + HOUR * number for number in range(3)]
        assert tuple(OrdersBar(since=start, placed=0, fulfilled=0) for start in starts) == orders
        assert tuple(DeliveryBar(since=start, typical=None, slowest=None) for start in starts) == deliveries

    async def test_an_order_counts_where_it_was_placed(self, world: StorageWorld) -> None:
        """The start of a bar belongs to it and its end to the next; what lies outside of all is left out."""
        for number, at in enumerate((-MOMENT, timedelta(0), HOUR - MOMENT, HOUR, 2 * HOUR, 2 * HOUR)):
            await place(world, placed(f"o{number}", at=PLACED_AT + at))

        found = await world.trends.orders(since=PLACED_AT, step=HOUR, bars=2)

        assert [(bar.placed, bar.fulfilled) for bar in found] == [(2, 0), (1, 0)]

    async def test_what_is_fulfilled_counts_where_it_was_placed_too(self, world: StorageWorld) -> None:
        """However much later the last key came."""
        await delivered(world, "late", at=PLACED_AT, took=3 * HOUR)
        await place(world, placed("waits", at=PLACED_AT))

        found = await world.trends.orders(since=PLACED_AT, step=HOUR, bars=4)

        assert [(bar.placed, bar.fulfilled) for bar in found] == [(2, 1), (0, 0), (0, 0), (0, 0)]

    async def test_delivery_is_measured_from_payment_to_the_last_key(self, world: StorageWorld) -> None:
        """The one in the middle is typical; the slowest is told beside it."""
        for number, minutes in enumerate((50, 1, 3)):
            await delivered(world, f"o{number}", at=PLACED_AT + number * MINUTE, took=minutes * MINUTE)
        await delivered(world, "next", at=PLACED_AT + HOUR, took=2 * MINUTE)

        first, second = await world.trends.deliveries(since=PLACED_AT, step=HOUR, bars=2)

        assert DeliveryBar(since=PLACED_AT, typical=3 * MINUTE, slowest=50 * MINUTE) == first
        assert DeliveryBar(since=PLACED_AT + HOUR, typical=2 * MINUTE, slowest=2 * MINUTE) == second

    async def test_between_two_in_the_middle_lies_the_typical_one(self, world: StorageWorld) -> None:
        """As a median does."""
        for number, minutes in enumerate((2, 4)):
            await delivered(world, f"o{number}", at=PLACED_AT, took=minutes * MINUTE)

        (bar,) = await world.trends.deliveries(since=PLACED_AT, step=HOUR, bars=1)

        assert bar.typical == 3 * MINUTE

    async def test_what_changes_later_does_not_make_it_slower(self, world: StorageWorld) -> None:
        """Something that a person asks for a day later, say."""
        order = await delivered(world, "done", at=PLACED_AT, took=MINUTE)
        later = PLACED_AT + 24 * HOUR
        retried = OrderRetried(at=later, by="admin:ann", reason="the buyer wrote")
        await world.store.commit(Change(at=later, before=order, after=order, events=(retried,)))

        (bar,) = await world.trends.deliveries(since=PLACED_AT, step=HOUR, bars=1)

        assert bar.slowest == MINUTE

    async def test_of_many_the_newest_are_measured(self, world: StorageWorld) -> None:
        """So that a busy hour costs no more than a quiet one."""
        await delivered(world, "old", at=PLACED_AT, took=9 * MINUTE)
        for number in range(SAMPLE):
            await delivered(world, f"new{number}", at=PLACED_AT + MINUTE, took=MINUTE)

        (bar,) = await world.trends.deliveries(since=PLACED_AT, step=HOUR, bars=1)

        assert bar.slowest == MINUTE
