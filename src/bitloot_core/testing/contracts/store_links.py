"""
The part of the order store's suite about delivery links: one is good at a time, until it expires or is used up.
"""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.order import LiveLink, Order
from bitloot_core.ports.store import Change, LinkUse
from bitloot_core.testing.contracts.storage import StorageWorld, place, rewrite
from bitloot_core.testing.contracts.store_one_write import an_access
from bitloot_core.testing.orders import fulfilled, linked, placed, reserved, settled
from bitloot_core.values.errors import Refused
from bitloot_core.values.ids import LinkId


def a_delivered_order() -> Order:
    """An order whose keys can be seen through the link `linko1`."""
    return fulfilled(reserved(settled(placed())))


def a_view(order: Order, *, link_id: str = "linko1", max_views: int = 3, at: timedelta = timedelta(hours=1)) -> Change:
    """One look through a link, so long after the order was placed."""
    seen_at = order.created_at + at
    use = LinkUse(link_id=LinkId(link_id), max_views=max_views, at=seen_at)
    return Change(at=seen_at, before=order, link_use=use, accesses=(attrs.evolve(an_access(order), at=seen_at),))


class LinkContract:
    """A link is good until it expires, is used up, or another one is issued."""

    async def test_a_link_leads_to_its_order(self, world: StorageWorld) -> None:
        """Also a link that was revoked: its page says that there is a newer one."""
        order = await place(world, a_delivered_order())
        await rewrite(world, order, linked(order, link_id="newer"))

        assert order.id == await world.store.find_by_link(LinkId("linko1"))
        assert order.id == await world.store.find_by_link(LinkId("newer"))

    async def test_views_are_counted_until_the_link_is_used_up(self, world: StorageWorld) -> None:
        """As many views as the link admits, and then `link-used-up`; only a view that was granted is audited."""
        order = await place(world, a_delivered_order())
        for _ in range(3):
            await world.store.commit(a_view(order))

        with pytest.raises(Refused) as caught:
            await world.store.commit(a_view(order))

        assert caught.value.code == "link-used-up"
        assert len(await world.queries.accesses(order.id)) == 3

    async def test_a_view_changes_no_version(self, world: StorageWorld) -> None:
        """Looking at keys does not make a worker's write stale."""
        order = await place(world, a_delivered_order())

        await world.store.commit(a_view(order))

        assert order == await world.store.get(order.id)

    async def test_a_newer_link_revokes_the_earlier_ones(self, world: StorageWorld) -> None:
        """The old one is `link-revoked`, the new one is good and has all its views."""
        order = await place(world, a_delivered_order())
        await world.store.commit(a_view(order))
        newer = await rewrite(world, order, linked(order, link_id="newer"))

        with pytest.raises(Refused) as caught:
            await world.store.commit(a_view(newer))
        await world.store.commit(a_view(newer, link_id="newer", max_views=1))

        assert caught.value.code == "link-revoked"

    async def test_a_link_expires(self, world: StorageWorld) -> None:
        """It is good until just before `expires_at`, and `link-expired` from then on."""
        order = await place(world, a_delivered_order())
        assert isinstance(order.link, LiveLink)
        end = order.link.expires_at - order.created_at
        await world.store.commit(a_view(order, at=end - timedelta(seconds=1)))

        with pytest.raises(Refused) as caught:
            await world.store.commit(a_view(order, at=end))

        assert caught.value.code == "link-expired"
        assert len(await world.queries.accesses(order.id)) == 1

    async def test_a_revoked_link_is_refused_without_a_trace(self, world: StorageWorld) -> None:
        """Nothing of the refused view is written: no audit row says that a key was seen which was not."""
        order = await place(world, a_delivered_order())
        newer = await rewrite(world, order, linked(order, link_id="newer"))

        with pytest.raises(Refused):
            await world.store.commit(a_view(newer))

        assert await world.queries.accesses(order.id) == ()
