"""The part of the supplier's suite about purchases without an answer: nothing is bought twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bitloot_core.ports.supplier import Supplier
from bitloot_core.testing.contracts.supplier_world import SupplierWorld, an_item, bought
from bitloot_core.values.errors import Unavailable, Unknown
from bitloot_core.values.ids import SupplierOrderId

AFTER_THE_EFFECT = {
    "answer lost": lambda world: world.lose_next_answer("reserve"),
    "error after the commit": lambda world: world.fail_next("reserve"),
    "half an answer": lambda world: world.garble_next("reserve"),
    "slow": lambda world: world.stall_next("reserve"),
    "contradiction": lambda world: world.contradict_next_purchase(),
}
READS: dict[str, Callable[[Supplier, SupplierOrderId, SupplierWorld], Awaitable[object]]] = {
    "find": lambda supplier, _, world: supplier.find(world.ref()),
    "status": lambda supplier, order, _: supplier.status(order),
    "keys_of": lambda supplier, order, _: supplier.keys_of(order),
    "balance": lambda supplier, _, __: supplier.balance(),
}


class SupplierDoubtContract:
    """What may be believed after an accident."""

    async def test_a_repeated_reference_does_not_buy_again(self, world: SupplierWorld) -> None:
        """
        The retried key: the supplier says that it has seen it, which means "look it up", not "refused".

        Not promised by every supplier, and the reason why `find` comes first.
        """
        first = await bought(world, 2)

        with pytest.raises(Unknown):
            await world.supplier.reserve((first.item,), ref=world.ref())

        assert await world.sold(world.ref()) == 1
        assert [first.id] == [found.supplier_order_id for found in await world.supplier.find(world.ref())]

    @pytest.mark.parametrize("accident", AFTER_THE_EFFECT)
    async def test_a_purchase_without_a_usable_answer_is_in_doubt_and_can_be_found(
        self, world: SupplierWorld, accident: str
    ) -> None:
        """The answer lost, the slow peer, the malformed body, the failure at the commit point: it was bought."""
        item = an_item(await world.in_stock(3), 3)
        await AFTER_THE_EFFECT[accident](world)

        with pytest.raises(Unknown):
            await world.supplier.reserve((item,), ref=world.ref())

        (found,) = await world.supplier.find(world.ref())
        assert found.ref == world.ref()
        assert found.quantities == {item.supplier_product_id: 3}
        assert await world.sold(world.ref()) == 1

    async def test_a_purchase_that_got_nowhere_is_in_doubt_and_is_not_found(self, world: SupplierWorld) -> None:
        """From the outside it looks the same; afterwards the same reference is still good."""
        item = an_item(await world.in_stock(1))
        await world.drop_next_purchase()

        with pytest.raises(Unknown):
            await world.supplier.reserve((item,), ref=world.ref())

        assert await world.supplier.find(world.ref()) == ()
        purchase = await world.supplier.reserve((item,), ref=world.ref())
        assert await world.supplier.find(world.ref()) == (purchase,)

    async def test_a_late_effect_is_found_late(self, world: SupplierWorld) -> None:
        """An empty look-up right after the accident proves nothing: hence the quiet window."""
        item = an_item(await world.in_stock(2))
        await world.comes_late_next()

        with pytest.raises(Unknown):
            await world.supplier.reserve((item,), ref=world.ref())

        early = await world.supplier.find(world.ref())
        await world.late_effects_happen()
        late = await world.supplier.find(world.ref())
        assert (len(early), len(late)) == (0, 1)

    async def test_a_call_that_is_turned_away_had_no_effect(self, world: SupplierWorld) -> None:
        """Too many requests: it says how long to wait, and the same reference is still good."""
        item = an_item(await world.in_stock(1))
        await world.turn_away_next("reserve", wait=timedelta(seconds=7))

        with pytest.raises(Unavailable) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.retry_after == timedelta(seconds=7)
        assert await world.sold(world.ref()) == 0
        purchase = await world.supplier.reserve((item,), ref=world.ref())
        assert purchase.ref == world.ref()

    @pytest.mark.parametrize("read", READS)
    async def test_a_read_that_is_turned_away_says_how_long_to_wait(self, world: SupplierWorld, read: str) -> None:
        """Every read."""
        order = (await bought(world)).id
        await world.turn_away_next(read, wait=timedelta(seconds=7))

        with pytest.raises(Unavailable) as caught:
            await READS[read](world.supplier, order, world)

        assert caught.value.retry_after == timedelta(seconds=7)

    @pytest.mark.parametrize("read", READS)
    async def test_half_an_answer_to_a_read_is_none(self, world: SupplierWorld, read: str) -> None:
        """Above all, `find` is never empty by mistake: an empty answer may lead to a purchase."""
        order = (await bought(world)).id
        await world.garble_next(read)

        with pytest.raises(Unavailable):
            await READS[read](world.supplier, order, world)

        assert await READS[read](world.supplier, order, world) is not None

    @pytest.mark.parametrize("read", READS)
    async def test_a_slow_read_ends_at_its_deadline(self, world: SupplierWorld, read: str) -> None:
        """A worker is not held up for ever."""
        order = (await bought(world)).id
        await world.stall_next(read)

        with pytest.raises(Unavailable):
            await READS[read](world.supplier, order, world)

    async def test_a_supplier_that_cannot_be_reached_did_nothing(self, world: SupplierWorld) -> None:
        """Every method says so; a purchase too, for nothing was sent."""
        first = await bought(world)
        await world.go_down()

        with pytest.raises(Unavailable):
            await world.supplier.reserve((first.item,), ref=world.ref(2))
        for read in READS.values():
            with pytest.raises(Unavailable):
                await read(world.supplier, first.id, world)
        with pytest.raises(Unavailable):
            await world.supplier.return_keys(first.id)

        await world.come_back()
        assert await world.sold(world.ref(2)) == 0
        assert (await world.supplier.status(first.id)).supplier_order_id == first.id

    async def test_a_surplus_purchase_is_shown_with_the_first(self, world: SupplierWorld) -> None:
        """`find` hides nothing, and gives the oldest first: the others can go back."""
        await world.accepts_repeats()
        item = an_item(await world.in_stock(2))
        first = await world.supplier.reserve((item,), ref=world.ref())
        await world.time_passes(timedelta(minutes=5))
        second = await world.supplier.reserve((item,), ref=world.ref())

        found = await world.supplier.find(world.ref())

        assert [one.supplier_order_id for one in found] == [first.supplier_order_id, second.supplier_order_id]
