"""The part of the supplier's suite about its list of purchases: all of a time, each once, and never a part of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitloot_core.ports.supplier import Purchase
from bitloot_core.testing.contracts.supplier_world import SupplierWorld, bought
from bitloot_core.values.errors import Unavailable

MANY = 120
"""More than a page of any supplier that we know."""
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class SupplierListContract:
    """What `purchases_between` promises."""

    async def test_a_purchase_is_listed_as_it_is_found(self, world: SupplierWorld) -> None:
        """With our reference, its charge and how far it is."""
        order = await bought(world, 2)

        listed = await listed_around(world, order.purchase)

        assert await world.supplier.find(world.ref()) == tuple(one for one in listed if one.ref == world.ref())

    async def test_every_purchase_is_listed_once(self, world: SupplierWorld) -> None:
        """From all pages, under all references, whatever became of them."""
        await world.has_left("1000.00")
        orders = [await bought(world, number=number) for number in range(1, MANY + 1)]
        await world.cancel(orders[0].id)
        await world.deliver(orders[1].id)

        listed = await listed_around(world, orders[0].purchase)

        assert sorted(order.id for order in orders) == sorted(one.supplier_order_id for one in listed)

    async def test_a_surplus_purchase_is_listed_with_the_first(self, world: SupplierWorld) -> None:
        """Two under one reference are two."""
        await world.accepts_repeats()
        first, second = await bought(world), await bought(world)

        listed = await listed_around(world, first.purchase)

        assert {first.id, second.id} == {one.supplier_order_id for one in listed}

    async def test_a_list_has_the_purchases_of_its_time(self, world: SupplierWorld) -> None:
        """Both ends are part of it."""
        orders = []
        for number in range(1, 4):
            orders.append(await bought(world, number=number))
            await world.time_passes(DAY)
        first, second, third = (order.purchase.created_at for order in orders)

        spans = [(first, third), (first, second), (second, second), (third + SECOND, third + DAY)]
        listed = [await world.supplier.purchases_between(*span) for span in spans]

        assert [sorted(one.ref for one in part) for part in listed] == [
            [world.ref(1), world.ref(2), world.ref(3)],
            [world.ref(1), world.ref(2)],
            [world.ref(2)],
            [],
        ]

    @pytest.mark.parametrize("accident", ["failed", "garbled", "slow"])
    async def test_a_list_that_does_not_arrive_is_none(self, world: SupplierWorld, accident: str) -> None:
        """Never an empty one: what is missing from it would be taken for lost at the supplier."""
        order = await bought(world)
        given = {"failed": world.fail_next, "garbled": world.garble_next, "slow": world.stall_next}
        await given[accident]("purchases_between")

        with pytest.raises(Unavailable):
            await listed_around(world, order.purchase)

        assert len(await listed_around(world, order.purchase)) == 1

    async def test_a_supplier_that_is_busy_says_how_long(self, world: SupplierWorld) -> None:
        """So that whoever reads a month of it can wait."""
        order = await bought(world)
        await world.turn_away_next("purchases_between", wait=timedelta(seconds=7))

        with pytest.raises(Unavailable) as caught:
            await listed_around(world, order.purchase)

        assert caught.value.retry_after == timedelta(seconds=7)


async def listed_around(world: SupplierWorld, purchase: Purchase) -> tuple[Purchase, ...]:
    """The purchases of the hours around one."""
    return await world.supplier.purchases_between(purchase.created_at - DAY / 12, purchase.created_at + DAY / 12)
