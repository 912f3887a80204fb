"""
The suite of the port `OrderStore`: what is written comes back, one version at a time, all of it or nothing.

Of the unhappy five, a slow peer and a malformed body do not apply: a store has no deadline of its own, and takes
values, not text.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.order import Order
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.contracts.storage import NAMED, StorageWorld, claim, due, failure_of, place, rewrite
from bitloot_core.testing.contracts.store_claims import ClaimContract
from bitloot_core.testing.contracts.store_forgetting import ForgettingContract
from bitloot_core.testing.contracts.store_links import LinkContract
from bitloot_core.testing.contracts.store_names import UniqueNamesContract
from bitloot_core.testing.contracts.store_one_write import OneWriteContract
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import PLACED_AT, a_line, opened, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_change, a_job
from bitloot_core.values.errors import NotFound, StaleOrder
from bitloot_core.values.ids import GatewayPaymentId, LinkId, OrderId, SupplierOrderId
from bitloot_core.values.money import Money

STATES = sorted(every_state())


class OrderStoreContract(OneWriteContract, UniqueNamesContract, LinkContract, ClaimContract, ForgettingContract):
    """What every order store must do. The fixture `world` gives an empty one."""

    @pytest.mark.parametrize("state", STATES)
    async def test_an_order_comes_back_as_it_was_placed(self, world: StorageWorld, state: str) -> None:
        """Whatever state its parts are in, a new order is read as it was written, in version 1."""
        order = every_state()[state]

        found = await place(world, order)

        assert attrs.evolve(order, version=1) == found

    @pytest.mark.parametrize("state", STATES)
    async def test_an_order_comes_back_as_it_was_rewritten(self, world: StorageWorld, state: str) -> None:
        """Whatever state its parts move to, an order is read as it was written last, in the next version."""
        before = await place(world, every_state()["placed"])

        found = await rewrite(world, before, every_state()[state])

        assert attrs.evolve(every_state()[state], version=2) == found

    async def test_the_largest_order_comes_back(self, world: StorageWorld) -> None:
        """Ninety units, in their order, with titles in any script and times to the microsecond."""
        line = attrs.evolve(
            a_line(quantity=90), title="Ünï 🎮 \"quoted\" 'and' %s; -- \\", unit_price=Money.of("1.00", "EUR")
        )
        order = placed(lines=(line,), at=PLACED_AT + timedelta(microseconds=1))

        found = await place(world, order)

        assert attrs.evolve(order, version=1) == found

    async def test_a_currency_without_cents_comes_back(self, world: StorageWorld) -> None:
        """Amounts keep their currency's own digits."""
        line = attrs.evolve(a_line(), unit_price=Money.of("1500", "JPY"))

        found = await place(world, placed(lines=(line,)))

        assert Money.of("1500", "JPY") == found.total

    async def test_an_unknown_order_is_not_found(self, world: StorageWorld) -> None:
        """Reading an order that nobody placed raises `NotFound`."""
        with pytest.raises(NotFound):
            await world.store.get(OrderId("nobody"))

    async def test_the_store_counts_the_versions(self, world: StorageWorld) -> None:
        """The version that the caller put into `after` means nothing."""
        first = await place(world, attrs.evolve(placed(), version=17))

        second = await rewrite(world, first, attrs.evolve(opened(first), version=99))

        assert (first.version, second.version) == (1, 2)

    async def test_a_commit_gives_back_what_is_stored(self, world: StorageWorld) -> None:
        """The order of the answer is the one that a reader gets, new version included."""
        before = await place(world, placed())

        committed = await world.store.commit(a_change(opened(before), before=before))

        assert await world.store.get(before.id) == committed.order

    async def test_a_stale_writer_is_refused(self, world: StorageWorld) -> None:
        """Who read the order before somebody else wrote it must read it again."""
        before = await place(world, placed())
        winner = await rewrite(world, before, opened(before))

        with pytest.raises(StaleOrder):
            await world.store.commit(a_change(settled(before), before=before))

        assert winner == await world.store.get(before.id)

    async def test_an_order_is_placed_once(self, world: StorageWorld) -> None:
        """A new order under an id that exists is stale: a retried placing finds the first one."""
        first = await place(world, placed())

        with pytest.raises(StaleOrder):
            await world.store.commit(a_change(placed(email="other@example.com")))

        assert first == await world.store.get(first.id)

    async def test_an_order_that_is_not_there_cannot_be_changed(self, world: StorageWorld) -> None:
        """A change of an order that nobody placed is stale, and places none."""
        ghost = attrs.evolve(placed(), version=1)

        with pytest.raises(StaleOrder):
            await world.store.commit(a_change(opened(ghost), before=ghost))

        with pytest.raises(NotFound):
            await world.store.get(ghost.id)

    async def test_of_many_writers_one_wins(self, world: StorageWorld) -> None:
        """Twenty writers that read the same version: one write, one job, nineteen that must read again."""
        before = await place(world, placed())

        results = await asyncio.gather(
            *(
                world.store.commit(
                    attrs.evolve(a_change(opened(before, gateway_id=f"p{n}"), before=before), jobs=(a_job(f"j{n}"),))
                )
                for n in range(20)
            ),
            return_exceptions=True,
        )

        assert sum(isinstance(result, Committed) for result in results) == 1
        assert sum(isinstance(result, StaleOrder) for result in results) == 19
        assert (await world.store.get(before.id)).version == 2
        assert len(await due(world)) == 1

    async def test_of_many_that_place_the_same_order_one_wins(self, world: StorageWorld) -> None:
        """Ten tries to place one order at the same moment: one order."""
        results = await asyncio.gather(
            *(world.store.commit(a_change(placed(email=f"b{n}@example.com"))) for n in range(10)),
            return_exceptions=True,
        )

        assert sum(isinstance(result, Committed) for result in results) == 1
        assert sum(isinstance(result, StaleOrder) for result in results) == 9

    async def test_a_change_without_events_leaves_the_order(self, world: StorageWorld) -> None:
        """It writes its other parts, and neither a version nor what stands in `after`."""
        before = await place(world, placed())

        committed = await world.store.commit(
            Change(at=PLACED_AT, before=before, after=settled(before), jobs=(a_job(),))
        )

        assert before == await world.store.get(before.id)
        assert committed.order in (None, before)
        assert len(await due(world)) == 1

    async def test_a_change_without_events_asserts_the_version(self, world: StorageWorld) -> None:
        """What was decided on an old reading is not written, also where it changes no part of the order."""
        before = await place(world, placed())
        await rewrite(world, before, opened(before))

        with pytest.raises(StaleOrder):
            await world.store.commit(Change(at=PLACED_AT, before=before, after=before, jobs=(a_job(),)))

        assert await due(world) == ()

    async def test_the_timeline_keeps_every_event(self, world: StorageWorld) -> None:
        """Each event of each write is a row, in order, numbered upwards."""
        before = await place(world, placed())
        await rewrite(world, before, with_finding(opened(before)))

        timeline = (await world.queries.dossier(before.id)).timeline

        assert [row.event for row in timeline] == ["OrderPlaced", "FindingOpened"]
        assert sorted({row.number for row in timeline}) == [row.number for row in timeline]

    async def test_find_by_reservation(self, world: StorageWorld) -> None:
        """A purchase leads to its order, and one that nobody made to none."""
        order = await place(world, reserved(settled(placed()), supplier_order_id="K1"))

        assert order.id == await world.store.find_by_reservation(SupplierOrderId("K1"))
        assert await world.store.find_by_reservation(SupplierOrderId("K2")) is None

    async def test_find_by_payment(self, world: StorageWorld) -> None:
        """A payment leads to its order, also a stray one; one that is none of ours leads to none."""
        order = await place(world, opened(placed(), gateway_id="4711"))
        stray = await place(world, every_state("o2")["payment-stray"])

        assert order.id == await world.store.find_by_payment(GatewayPaymentId("4711"))
        assert stray.id == await world.store.find_by_payment(GatewayPaymentId("stray-o2"))
        assert await world.store.find_by_payment(GatewayPaymentId("4712")) is None

    async def test_find_by_unknown_link(self, world: StorageWorld) -> None:
        """A link that nobody issued leads to no order."""
        assert await world.store.find_by_link(LinkId("nolink")) is None

    async def test_a_commit_that_fails_leaves_nothing(self, world: StorageWorld) -> None:
        """A failure before the commit point: the order is as it was, and the same write can be made again."""
        before = await place(world, placed())
        change = attrs.evolve(a_change(opened(before), before=before), jobs=(a_job(),))
        await world.given_commit_fails_before()

        error = await failure_of(world.store.commit(change))

        assert not isinstance(error, NAMED)
        assert before == await world.store.get(before.id)
        assert await due(world) == ()
        assert _version(await world.store.commit(change)) == 2

    async def test_a_commit_without_an_answer_is_whole(self, world: StorageWorld) -> None:
        """A failure after the commit point: everything is there, and the same write again adds nothing."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job("running"), now=world.clock.now()))
        ended = JobOutcome(lease=job.lease, end=Done())
        change = attrs.evolve(a_change(opened(before), before=before), jobs=(a_job(),), outcome=ended)
        await world.given_commit_fails_after()

        error = await failure_of(world.store.commit(change))
        again = await failure_of(world.store.commit(change))

        assert not isinstance(error, NAMED)
        assert isinstance(again, NAMED)
        assert attrs.evolve(opened(before), version=2) == await world.store.get(before.id)
        assert len(await due(world)) == 1


def _version(committed: Committed) -> int:
    assert isinstance(committed.order, Order)
    return committed.order.version
