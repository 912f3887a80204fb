"""The part of the supplier's suite about keys: all of them, each once, and back again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.supplier import ReturnOutcome
from bitloot_core.testing.contracts.supplier_world import COST, SupplierWorld, an_item, bought
from bitloot_core.values.errors import NotFound, Rejected, Unknown
from bitloot_core.values.ids import SupplierOrderId
from bitloot_core.values.money import Money

NOBODYS = SupplierOrderId("NOBODYS-ORDER")
_FIRST_BYTES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")


class SupplierKeysContract:
    """What `keys_of` and `return_keys` promise."""

    async def test_a_fresh_purchase_has_no_keys_yet(self, world: SupplierWorld) -> None:
        """Nothing is ready, which is an answer."""
        order = await bought(world, 2)

        assert await world.supplier.keys_of(order.id) == ()

    async def test_keys_come_one_by_one(self, world: SupplierWorld) -> None:
        """What is ready is shown, also while the rest is on its way; a key keeps its id and its content."""
        order = await bought(world, 3)
        await world.deliver(order.id, 1)
        first = await world.supplier.keys_of(order.id)
        await world.deliver(order.id, 1)
        second = await world.supplier.keys_of(order.id)
        await world.deliver(order.id)

        last = await world.supplier.keys_of(order.id)

        assert [len(first), len(second), len(last)] == [1, 2, 3]
        assert {key.id: key for key in first}.items() <= {key.id: key for key in second}.items()
        assert {key.id: key for key in second}.items() <= {key.id: key for key in last}.items()

    async def test_every_key_of_the_largest_purchase_is_shown_once(self, world: SupplierWorld) -> None:
        """Ten products, nine of each: from all pages, each with the product that it opens."""
        items = tuple([an_item(await world.in_stock(9), 9, line=line) for line in range(1, 11)])
        await world.has_left("1000.00")
        order = (await world.supplier.reserve(items, ref=world.ref())).supplier_order_id
        await world.deliver(order)

        keys = await world.supplier.keys_of(order)

        assert len({key.id for key in keys}) == len(keys) == 90
        assert len({key.material for key in keys}) == 90
        for item in items:
            assert sum(key.product_id == item.supplier_product_id for key in keys) == 9

    async def test_keys_can_be_read_again(self, world: SupplierWorld) -> None:
        """A crash between reading and sealing costs nothing."""
        order = await bought(world, 2)
        await world.deliver(order.id)

        readings = [set(await world.supplier.keys_of(order.id)) for _ in range(3)]

        assert readings == [readings[0]] * 3
        assert len(readings[0]) == 2

    async def test_text_keys_are_text(self, world: SupplierWorld) -> None:
        """And are not printed with what holds them."""
        order = await bought(world)
        await world.deliver(order.id)

        (key,) = await world.supplier.keys_of(order.id)

        assert key.material.is_text
        assert key.material.content.decode() not in repr(key)

    async def test_pictures_are_decoded_once(self, world: SupplierWorld) -> None:
        """What is held is the picture itself, and its media type."""
        item = an_item(await world.pictures_in_stock(1), key_type=KeyType.ANY)
        order = (await world.supplier.reserve((item,), ref=world.ref())).supplier_order_id
        await world.deliver(order)

        (key,) = await world.supplier.keys_of(order)

        assert not key.material.is_text
        assert key.material.content.startswith(_FIRST_BYTES)

    async def test_pictures_do_not_come_where_text_was_asked_for(self, world: SupplierWorld) -> None:
        """There is no offer, then."""
        item = an_item(await world.pictures_in_stock(1))

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.code == "out-of-stock"

    async def test_a_cancelled_purchase_keeps_what_was_delivered(self, world: SupplierWorld) -> None:
        """The key was paid for."""
        order = await bought(world, 2)
        await world.deliver(order.id, 1)
        delivered = await world.supplier.keys_of(order.id)
        await world.cancel(order.id)

        assert set(delivered) == set(await world.supplier.keys_of(order.id))

    async def test_an_unknown_purchase_has_no_keys_and_says_so(self, world: SupplierWorld) -> None:
        """Not the same as a purchase without keys."""
        with pytest.raises(NotFound):
            await world.supplier.keys_of(NOBODYS)

    async def test_unclaimed_keys_go_back_and_are_credited(self, world: SupplierWorld) -> None:
        """Each is named; once they are back they are not shown any more, and the money is."""
        await world.has_left("100.00")
        order = await bought(world, 2)
        await world.deliver(order.id)
        keys = {key.id for key in await world.supplier.keys_of(order.id)}

        returned = await world.supplier.return_keys(order.id)

        assert keys == {key.id for key in returned}
        assert {key.outcome for key in returned} <= {ReturnOutcome.RETURNED, ReturnOutcome.PENDING}
        assert await world.supplier.keys_of(order.id) == ()
        assert await world.supplier.balance() == Money.of("100.00", "EUR")

    async def test_a_key_that_comes_after_the_return_goes_back_too(self, world: SupplierWorld) -> None:
        """It never gets to us, and is credited when it comes."""
        await world.has_left("100.00")
        order = await bought(world, 2)
        await world.deliver(order.id, 1)
        await world.supplier.return_keys(order.id)
        halfway = await world.supplier.balance()

        await world.deliver(order.id)

        assert Money.of("100.00", "EUR") - Money.of(COST, "EUR") == halfway
        assert await world.supplier.keys_of(order.id) == ()
        assert await world.supplier.balance() == Money.of("100.00", "EUR")

    async def test_keys_go_back_once(self, world: SupplierWorld) -> None:
        """A second return is refused, and credits nothing."""
        await world.has_left("100.00")
        order = await bought(world)
        await world.deliver(order.id)
        await world.supplier.return_keys(order.id)

        with pytest.raises(Rejected) as caught:
            await world.supplier.return_keys(order.id)

        assert caught.value.code == "nothing-to-return"
        assert await world.supplier.balance() == Money.of("100.00", "EUR")

    async def test_after_a_day_it_is_too_late(self, world: SupplierWorld) -> None:
        """Refused for good; a supplier need not say why."""
        order = await bought(world)
        await world.deliver(order.id)
        await world.time_passes(timedelta(hours=24, seconds=1))

        with pytest.raises(Rejected) as caught:
            await world.supplier.return_keys(order.id)

        assert caught.value.code in {"too-late", "nothing-to-return"}

    async def test_an_unknown_purchase_has_nothing_to_return(self, world: SupplierWorld) -> None:
        """There is nothing to give back."""
        with pytest.raises(Rejected) as caught:
            await world.supplier.return_keys(NOBODYS)

        assert caught.value.code == "nothing-to-return"

    @pytest.mark.parametrize("accident", ["lose_next_answer", "fail_next", "garble_next", "stall_next"])
    async def test_a_return_without_a_usable_answer_is_in_doubt(self, world: SupplierWorld, accident: str) -> None:
        """It was carried out: the balance shows it, and it must not be asked for again."""
        await world.has_left("100.00")
        order = await bought(world)
        await world.deliver(order.id)
        await getattr(world, accident)("return_keys")

        with pytest.raises(Unknown):
            await world.supplier.return_keys(order.id)

        assert await world.supplier.balance() == Money.of("100.00", "EUR")
