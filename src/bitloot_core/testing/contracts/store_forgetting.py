"""
The part of the order store's suite about forgetting: who bought can be erased, and the books stay whole.
"""

from __future__ import annotations

import attrs

from bitloot_core.order.events import BuyerForgotten
from bitloot_core.order.order import Order, UnnamedBuyer
from bitloot_core.ports.queries import OrderFilter, ReservationFilter, Slice
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import StorageWorld, failure_of, place, rewrite
from bitloot_core.testing.contracts.store_links import a_delivered_order, a_view
from bitloot_core.testing.contracts.store_one_write import an_access
from bitloot_core.testing.orders import fulfilled, linked, placed, reserved, settled
from bitloot_core.testing.samples import a_change
from bitloot_core.values.errors import StaleOrder

ADDRESS = "buyer@example.com"


def forgetting(order: Order) -> Change:
    """The write that erases who bought."""
    event = BuyerForgotten(at=order.created_at, by="admin:ann", reason="asked for")
    return Change(at=order.created_at, before=order, after=attrs.evolve(order, buyer=UnnamedBuyer()), events=(event,))


class ForgettingContract:
    """Nothing that names a buyer is left in the store, and nothing else is gone."""

    async def test_the_timeline_never_names_the_buyer(self, world: StorageWorld) -> None:
        """Nothing is ever taken out of it, so nothing goes in that must be erasable."""
        order = await place(world, placed(email=ADDRESS))

        timeline = (await world.queries.dossier(order.id)).timeline

        assert [row.event for row in timeline] == ["OrderPlaced"]
        assert ADDRESS not in repr(timeline)

    async def test_a_forgotten_buyer_is_in_no_list(self, world: StorageWorld) -> None:
        """The order and its purchases are there as before, without an address, and found under none."""
        order = await place(world, a_delivered_order())
        await world.store.commit(forgetting(order))

        kept = await world.store.get(order.id)
        orders = await world.queries.orders(OrderFilter(), Slice())
        bought = await world.queries.reservations(ReservationFilter(), Slice())

        assert kept == attrs.evolve(order, buyer=UnnamedBuyer(), version=order.version + 1)
        assert [(row.id, row.email) for row in orders.items] == [(order.id, None)]
        assert [(row.order_id, row.email) for row in bought.items] == [(order.id, None)]
        assert (await world.queries.orders(OrderFilter(email=ADDRESS), Slice())).items == ()
        assert ADDRESS not in repr(await world.queries.dossier(order.id))

    async def test_the_looks_of_a_forgotten_buyer_stay_without_where_they_came_from(self, world: StorageWorld) -> None:
        """That somebody looked, at what and when, is kept; of the staff and of other buyers all is."""
        order = await place(world, a_delivered_order())
        other = await place(world, fulfilled(reserved(settled(placed("o2")), supplier_order_id="K2")))
        await world.store.commit(a_view(order))
        await world.store.commit(a_view(other, link_id="linko2"))
        staff = attrs.evolve(an_access(order, reason="the buyer called"), actor="admin:ann")
        await world.store.commit(Change(at=order.created_at, accesses=(staff,)))
        before = await world.queries.accesses(order.id)

        await world.store.commit(forgetting(order))

        (look, by_staff) = await world.queries.accesses(order.id)
        assert look == (before[0][0], attrs.evolve(before[0][1], address="", agent=""))
        assert by_staff == before[1]
        ((_, untouched),) = await world.queries.accesses(other.id)
        assert untouched.address == an_access(other).address

    async def test_forgetting_that_is_not_committed_erases_nothing(self, world: StorageWorld) -> None:
        """Address and looks are as they were, and it can be repeated."""
        order = await place(world, a_delivered_order())
        await world.store.commit(a_view(order))
        before = await world.queries.accesses(order.id)
        await world.given_commit_fails_before()

        await failure_of(world.store.commit(forgetting(order)))

        assert await world.store.get(order.id) == order
        assert await world.queries.accesses(order.id) == before
        await world.store.commit(forgetting(order))
        assert (await world.store.get(order.id)).email is None

    async def test_an_order_goes_on_without_its_buyer(self, world: StorageWorld) -> None:
        """It can be written as any other; nothing brings the address back."""
        order = await place(world, a_delivered_order())
        await world.store.commit(forgetting(order))
        forgotten = await world.store.get(order.id)

        after = await rewrite(world, forgotten, linked(forgotten, link_id="newer"))
        again = await failure_of(world.store.commit(a_change(linked(order, link_id="newest"), before=order)))

        assert after.email is None
        assert isinstance(again, StaleOrder)

    async def test_an_address_is_found_whatever_its_case(self, world: StorageWorld) -> None:
        """Somebody who asks to be forgotten writes it as they like; the order keeps it as it was given."""
        order = await place(world, placed(email="Anna.B@Example.com"))

        found = await world.queries.orders(OrderFilter(email="anna.b@EXAMPLE.com"), Slice())

        assert [row.id for row in found.items] == [order.id]
        assert (await world.store.get(order.id)).email == "Anna.B@Example.com"
