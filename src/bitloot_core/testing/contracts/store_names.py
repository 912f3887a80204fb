"""
The part of the order store's suite about names that are unique across the shop.
"""

from __future__ import annotations

import asyncio

import attrs
import pytest

from bitloot_core.order.order import Order
from bitloot_core.order.units import OwedUnit
from bitloot_core.ports.store import Committed
from bitloot_core.testing.contracts.storage import StorageWorld, place, rewrite
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import held, opened, placed, reserved, settled
from bitloot_core.testing.samples import a_change
from bitloot_core.values.errors import AlreadyTaken
from bitloot_core.values.ids import StorageRef

NAMES = {
    "gateway payment id": lambda order_id: opened(placed(order_id), gateway_id="same"),
    "supplier order id": lambda order_id: reserved(settled(placed(order_id)), supplier_order_id="same"),
    "supplier key id": lambda order_id: held(reserved(settled(placed(order_id))), supplier_key_id="same"),
}


def _holding(what: str, order_id: str) -> Order:
    return NAMES[what](order_id)


class UniqueNamesContract:
    """A payment, a purchase or a supplier's key belongs to one order."""

    @pytest.mark.parametrize("what", NAMES)
    async def test_a_name_belongs_to_one_order(self, world: StorageWorld, what: str) -> None:
        """A second order that claims the name is refused, told who holds it, and left as it was."""
        first = await place(world, _holding(what, "o1"))
        second = await place(world, placed("o2"))

        with pytest.raises(AlreadyTaken) as caught:
            await world.store.commit(a_change(_holding(what, "o2"), before=second))

        assert (what, "same") == (caught.value.what, caught.value.name)
        assert caught.value.holder in (first.id, None)
        assert second == await world.store.get(second.id)

    @pytest.mark.parametrize("what", NAMES)
    async def test_a_new_order_cannot_take_a_name(self, world: StorageWorld, what: str) -> None:
        """It is refused whole: the order is not placed at all."""
        await place(world, _holding(what, "o1"))

        with pytest.raises(AlreadyTaken):
            await world.store.commit(a_change(_holding(what, "o2")))

        await place(world, placed("o2"))

    @pytest.mark.parametrize("what", NAMES)
    async def test_of_two_that_take_a_name_at_once_one_has_it(self, world: StorageWorld, what: str) -> None:
        """Two orders that learn the same name at the same moment: one keeps it, the other is told."""
        before = [await place(world, placed(order_id)) for order_id in ("o1", "o2")]

        results = await asyncio.gather(
            *(world.store.commit(a_change(_holding(what, one.id), before=one)) for one in before),
            return_exceptions=True,
        )

        assert [AlreadyTaken, Committed] == sorted((type(result) for result in results), key=lambda kind: kind.__name__)

    async def test_a_stray_payment_has_a_name_too(self, world: StorageWorld) -> None:
        """A payment that we did not open belongs to one order as well."""
        await place(world, every_state("o1")["payment-stray"])
        taken = opened(placed("o2"), gateway_id="stray-o1")

        with pytest.raises(AlreadyTaken):
            await world.store.commit(a_change(taken))

    @pytest.mark.parametrize("state", ["unit-returned", "unit-replaced"])
    async def test_a_key_that_went_away_keeps_its_name(self, world: StorageWorld, state: str) -> None:
        """A key that was returned or replaced is not sold again under another order."""
        await place(world, every_state("o1")[state])
        taken = held(reserved(settled(placed("o2"))), supplier_key_id="key-o1-1.1")

        with pytest.raises(AlreadyTaken):
            await world.store.commit(a_change(taken))

    async def test_a_key_fills_one_unit(self, world: StorageWorld) -> None:
        """The same supplier's key for two units of one order is refused as well."""
        order = await place(world, reserved(settled(placed(quantity=2))))

        with pytest.raises(AlreadyTaken):
            await world.store.commit(a_change(held(order, supplier_key_id="same"), before=order))

        assert order == await world.store.get(order.id)

    async def test_an_order_keeps_its_names_through_rewrites(self, world: StorageWorld) -> None:
        """Writing an order again with the names that it has is no clash with itself."""
        order = await place(world, held(reserved(settled(placed()))))

        again = await rewrite(world, order, attrs.evolve(order, expires_at=order.created_at))

        assert again.version == 2

    @pytest.mark.parametrize("state", ["unit-returned", "unit-replaced", "fulfilled"])
    async def test_a_sealed_object_that_a_unit_names_is_no_orphan(self, world: StorageWorld, state: str) -> None:
        """Only what no unit of any order names may be removed: a key that went back or was replaced is kept, too."""
        order = await place(world, every_state("o1")[state])
        named = [unit.storage_ref for unit in order.units if not isinstance(unit, OwedUnit)]

        orphans = await world.store.orphans_among([StorageRef("nobody's"), *named])

        assert named
        assert orphans == ("nobody's",)

    async def test_no_objects_have_no_orphans(self, world: StorageWorld) -> None:
        """An empty question is none."""
        assert await world.store.orphans_among([]) == ()
