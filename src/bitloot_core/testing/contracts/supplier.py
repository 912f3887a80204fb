"""
The suite of the port `Supplier`: what is bought is bought once, all its keys come, and an accident is called one.

All of the unhappy five are in `supplier_doubt`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bitloot_core.order.reservations import KeyType, SupplierWord
from bitloot_core.testing.contracts.supplier_doubt import SupplierDoubtContract
from bitloot_core.testing.contracts.supplier_events import SupplierEventsContract
from bitloot_core.testing.contracts.supplier_keys import NOBODYS, SupplierKeysContract
from bitloot_core.testing.contracts.supplier_list import SupplierListContract
from bitloot_core.testing.contracts.supplier_world import CAP, SupplierWorld, an_item, bought
from bitloot_core.values.errors import NotFound, Rejected
from bitloot_core.values.money import Money

RELEASE = date(2099, 1, 1)


class SupplierContract(SupplierDoubtContract, SupplierKeysContract, SupplierListContract, SupplierEventsContract):
    """What every supplier must do. The fixture `world` gives one that knows nothing of us yet."""

    @pytest.fixture
    async def world(self) -> SupplierWorld:
        """The supplier under test."""
        raise NotImplementedError

    async def test_a_purchase_describes_what_was_bought(self, world: SupplierWorld) -> None:
        """Our reference, the quantity, a name, a time, and a charge that never exceeds the cap."""
        order = await bought(world, 3)

        assert order.purchase.ref == world.ref()
        assert order.purchase.quantities == {order.item.supplier_product_id: 3}
        assert order.purchase.word in {SupplierWord.PROCESSING, SupplierWord.COMPLETED}
        assert Money.zero("EUR") < order.purchase.charged <= CAP * 3
        assert order.purchase.created_at.tzinfo is not None
        assert order.purchase.created_at > datetime(2000, 1, 1, tzinfo=UTC)

    async def test_several_products_are_bought_at_once(self, world: SupplierWorld) -> None:
        """Each in its own quantity."""
        items = (an_item(await world.in_stock(9), 9, line=1), an_item(await world.in_stock(1), 1, line=2))

        purchase = await world.supplier.reserve(items, ref=world.ref())

        assert purchase.quantities == {item.supplier_product_id: item.quantity for item in items}

    async def test_the_cap_is_no_price(self, world: SupplierWorld) -> None:
        """A purchase costs what the supplier takes, not what we would have paid; the balance shows it."""
        await world.has_left("100.00")
        item = an_item(await world.in_stock(2, cost="4.35"), 2)

        purchase = await world.supplier.reserve((item,), ref=world.ref())

        assert purchase.charged == Money.of("8.70", "EUR")
        assert await world.supplier.balance() == Money.of("91.30", "EUR")

    async def test_nothing_is_found_before_it_is_bought(self, world: SupplierWorld) -> None:
        """An empty answer is an answer."""
        assert await world.supplier.find(world.ref()) == ()

    async def test_a_purchase_is_found_by_our_reference(self, world: SupplierWorld) -> None:
        """As it was bought."""
        order = await bought(world, 2)

        assert await world.supplier.find(world.ref()) == (order.purchase,)

    async def test_a_reference_finds_its_own_purchase_only(self, world: SupplierWorld) -> None:
        """`...-1` is not the beginning of `...-10`."""
        await bought(world, number=10)

        assert await world.supplier.find(world.ref(1)) == ()
        assert len(await world.supplier.find(world.ref(10))) == 1

    async def test_the_status_follows_the_purchase(self, world: SupplierWorld) -> None:
        """Processing until the last key has come; `find` says the same."""
        order = await bought(world, 2)
        words = [(await world.supplier.status(order.id)).word]
        await world.deliver(order.id, 1)
        words.append((await world.supplier.status(order.id)).word)
        await world.deliver(order.id)
        now = await world.supplier.status(order.id)
        words.append(now.word)

        assert words == [SupplierWord.PROCESSING, SupplierWord.PROCESSING, SupplierWord.COMPLETED]
        assert await world.supplier.find(world.ref()) == (now,)

    async def test_a_cancelled_purchase_says_so(self, world: SupplierWorld) -> None:
        """And its charge stays what it was: the credit shows in the balance."""
        await world.has_left("100.00")
        order = await bought(world)
        await world.cancel(order.id)

        found = await world.supplier.status(order.id)

        assert found.word is SupplierWord.CANCELLED
        assert found.charged == order.purchase.charged
        assert await world.supplier.balance() == Money.of("100.00", "EUR")

    async def test_a_refunded_purchase_says_so(self, world: SupplierWorld) -> None:
        """Also after it was complete; its keys are gone."""
        order = await bought(world)
        await world.deliver(order.id)
        await world.refund(order.id)

        assert (await world.supplier.status(order.id)).word is SupplierWord.REFUNDED
        assert await world.supplier.keys_of(order.id) == ()

    async def test_an_unknown_purchase_is_not_found(self, world: SupplierWorld) -> None:
        """Not the same as a purchase without a status."""
        with pytest.raises(NotFound):
            await world.supplier.status(NOBODYS)

    async def test_an_offer_above_the_cap_is_not_taken(self, world: SupplierWorld) -> None:
        """A price that moved costs us an order, never money."""
        item = an_item(await world.in_stock(1, cost="6.01"))

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.code == "out-of-stock"
        assert await world.sold(world.ref()) == 0

    async def test_an_offer_at_the_cap_is_taken(self, world: SupplierWorld) -> None:
        """The cap is the last price that we pay."""
        item = an_item(await world.in_stock(1, cost=CAP.text))

        purchase = await world.supplier.reserve((item,), ref=world.ref())

        assert purchase.charged == CAP

    async def test_a_refused_purchase_leaves_the_reference_free(self, world: SupplierWorld) -> None:
        """Sold out: nothing was bought, nothing is found, and a later try under the same reference can succeed."""
        scarce = an_item(await world.in_stock(0))

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((scarce,), ref=world.ref())

        assert caught.value.code == "out-of-stock"
        assert await world.supplier.find(world.ref()) == ()
        assert (await bought(world)).purchase.ref == world.ref()

    async def test_a_purchase_is_all_or_nothing(self, world: SupplierWorld) -> None:
        """One product that is sold out spoils the purchase, and nothing is charged."""
        await world.has_left("100.00")
        items = (an_item(await world.in_stock(1), line=1), an_item(await world.in_stock(0), line=2))

        with pytest.raises(Rejected):
            await world.supplier.reserve(items, ref=world.ref())

        assert await world.supplier.balance() == Money.of("100.00", "EUR")

    async def test_an_empty_balance_is_its_own_refusal(self, world: SupplierWorld) -> None:
        """The operator tops up; nothing was bought."""
        await world.has_left("4.99")
        item = an_item(await world.in_stock(1))

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.code == "insufficient-balance"
        assert await world.sold(world.ref()) == 0

    @pytest.mark.parametrize("count", [0, 10])
    async def test_a_quantity_beyond_the_limits_is_refused(self, world: SupplierWorld, count: int) -> None:
        """From 1 to 9 of a product."""
        item = an_item(await world.in_stock(20), count)

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.code == "invalid-purchase"

    async def test_a_product_stands_in_a_purchase_once(self, world: SupplierWorld) -> None:
        """Lines of one product are merged before."""
        product_id = await world.in_stock(2)

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((an_item(product_id), an_item(product_id, line=2)), ref=world.ref())

        assert caught.value.code == "invalid-purchase"

    @pytest.mark.parametrize("key_type", KeyType)
    async def test_a_preorder_is_bought_alone(self, world: SupplierWorld, key_type: KeyType) -> None:
        """Whatever form of key the product may have: none is asked for."""
        item = an_item(await world.preorder_open(), key_type=key_type, release_date=RELEASE)

        purchase = await world.supplier.reserve((item,), ref=world.ref())

        assert purchase.word is SupplierWord.PROCESSING
        assert await world.supplier.keys_of(purchase.supplier_order_id) == ()

    async def test_a_preorder_with_anything_else_is_refused(self, world: SupplierWorld) -> None:
        """It would wait for months, and the other product with it."""
        preorder = an_item(await world.preorder_open(), release_date=RELEASE)
        other = an_item(await world.in_stock(1), line=2)

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((preorder, other), ref=world.ref())

        assert caught.value.code == "preorder"
        assert await world.sold(world.ref()) == 0
