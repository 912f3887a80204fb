"""The fake supplier keeps the promises of the port."""

import pytest

from bitloot_core.testing.contracts.fake_supplier_world import FakeSupplierWorld
from bitloot_core.testing.contracts.supplier import SupplierContract
from bitloot_core.testing.contracts.supplier_world import an_item, bought
from bitloot_core.values.errors import Unknown


class TestFakeSupplier(SupplierContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeSupplierWorld:
        """A fresh fake."""
        return FakeSupplierWorld()

    async def test_it_can_deliver_at_once(self, world: FakeSupplierWorld) -> None:
        """Own stock: the answer still says `processing`, and the keys are there."""
        world.supplier.delivers_at_once = True

        order = await bought(world, 2)

        assert len(await world.supplier.keys_of(order.id)) == 2

    async def test_it_can_sell_too_much(self, world: FakeSupplierWorld) -> None:
        """A surplus purchase under the same reference, charged like the first."""
        world.supplier.sell_twice_next()

        first = await bought(world)

        found = await world.supplier.find(world.ref())
        assert found[0] == first.purchase
        assert len(found) == 2
        assert (await world.supplier.balance()).text == "990.00"

    async def test_a_late_effect_obeys_the_rules_of_its_time(self, world: FakeSupplierWorld) -> None:
        """What was bought in the meantime under the same reference makes it void."""
        item = an_item(await world.in_stock(5))
        await world.comes_late_next()
        with pytest.raises(Unknown):
            await world.supplier.reserve((item,), ref=world.ref())
        await world.supplier.reserve((item,), ref=world.ref())

        await world.late_effects_happen()

        assert await world.sold(world.ref()) == 1
        assert world.supplier.asked == {world.ref(): 2}

    async def test_a_cancelled_purchase_delivers_nothing_more(self, world: FakeSupplierWorld) -> None:
        """Dead is dead."""
        order = await bought(world)
        await world.cancel(order.id)

        await world.deliver(order.id)

        assert await world.supplier.keys_of(order.id) == ()

    async def test_it_does_not_print_what_it_sells(self, world: FakeSupplierWorld) -> None:
        """A failing test shows the fake; it must not show a key."""
        await bought(world)

        assert repr(world.supplier) == "FakeSupplier(1 purchases)"
