"""The one worker loop: nothing that a job does stops it, and nothing that a job was for is lost."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.commands import ClaimPurchase
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import PlannedReservation
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.change_order import MOST_TRIES, commit
from bitloot_core.usecases.close_order import cancel_order, retry_order
from bitloot_core.usecases.pauses import backoff
from bitloot_core.usecases.run_job import do_job, due_jobs, put_down, run_job, take_job
from bitloot_core.values.errors import LeaseLost, StaleOrder, Unavailable, Unknown
from bitloot_core.values.ids import JobId

DAY = timedelta(days=1)
SERIAL = "AAAA-BBBB-CCCC"


def job(shop: FakeShop, name: str) -> StoredJob:
    """The newest job of that name."""
    return [one for one in shop.storage.database.jobs.values() if one.name == name][-1]


async def delivered(shop: FakeShop) -> Order:
    """An order whose purchase is placed, with its key at the supplier and nobody told."""
    order = await shop.buy()
    await shop.deliver(order.id)
    return order


async def test_a_job_that_is_not_due_is_not_done(shop: FakeShop) -> None:
    """Ringing early, twice, or for nothing does no harm."""
    await shop.place()
    early = job(shop, "expire").id

    assert not await run_job(shop.shop, early)
    assert not await run_job(shop.shop, JobId(99))
    assert await due_jobs(shop.shop, 10) == ()


async def test_a_job_is_done_by_one_worker(shop: FakeShop) -> None:
    """Whoever comes second finds it taken."""
    order = await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 10)

    done = [await run_job(shop.shop, job_id) for _ in range(2)]

    assert done == [True, False]
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_system_that_says_when_it_is_back_is_not_asked_sooner(shop: FakeShop) -> None:
    """`Retry-After` is honoured, also where our own pause would be shorter."""
    await delivered(shop)
    shop.supplier.faults.before("status", Unavailable("supplier", "slow down", retry_after=timedelta(hours=3)))

    await shop.pass_time(timedelta(seconds=15))

    assert timedelta(hours=3) == job(shop, "check-reservation").due_at - shop.clock.now()


@pytest.mark.parametrize("error", [None, Unavailable("supplier", "away"), ValueError("odd")])
async def test_who_has_lost_the_lease_writes_nothing(shop: FakeShop, error: Exception | None) -> None:
    """I1: another worker has taken over; whatever came of our call, it is theirs to tell."""
    order = await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 1)

    async def status(name: object) -> object:
        """A supplier that answers when another worker has done the job already."""
        found = await shop.supplier.status(name)
        shop.clock.advance(timedelta(seconds=121))
        assert await run_job(shop.shop, job_id)
        if error is not None:
            raise error
        return found

    assert await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, status=status)), job_id)

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert order.findings == ()
    assert job(shop, "check-reservation").status == "done"


async def test_an_order_that_changes_under_an_outcome_is_decided_again(shop: FakeShop) -> None:
    """The outside call is made once; its outcome is written on the order as it now is."""
    order = await shop.place()
    await shop.pay(order.id)
    asked = dict(shop.supplier.asked)
    await shop.deliver(order.id)

    class Overtaken(MemoryOrderStore):
        """A store on which somebody else is quicker, once."""

        beaten = False

        async def commit(self, change: Change) -> Committed:
            """Let the other one go first."""
            if not self.beaten and change.outcome is not None:
                self.beaten = True
                await retry_order(shop.shop, order.id, by="admin:ann", reason="impatient")
            return await super().commit(change)

    shop.shop, calm = attrs.evolve(shop.shop, orders=Overtaken(shop.storage.database)), shop.shop
    await shop.hear((await shop.bought(order.id))[0])
    (job_id,) = await due_jobs(calm, 1)
    await run_job(shop.shop, job_id)
    shop.shop = calm

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert asked == shop.supplier.asked
    assert len([one async for one in shop.vault.stored()]) == 1


async def test_two_writers_that_meet_for_ever_are_a_fault(shop: FakeShop) -> None:
    """The loop of a use case ends."""
    order = await shop.place()
    tries = []

    class NeverFirst(MemoryOrderStore):
        """A store in which somebody else is always quicker."""

        async def commit(self, change: Change) -> Committed:
            """Lose."""
            tries.append(change)
            raise StaleOrder(order.id)

    with pytest.raises(StaleOrder):
        await cancel_order(
            attrs.evolve(shop.shop, orders=NeverFirst(shop.storage.database)), order.id, by="admin:ann", reason="x"
        )

    assert len(tries) == MOST_TRIES


async def test_a_write_without_an_order_has_none_to_return(shop: FakeShop) -> None:
    """It is for the loop of a use case only."""
    with pytest.raises(ValueError, match="without an order"):
        await commit(shop.shop, Change(at=shop.clock.now()))


async def test_what_the_store_cannot_write_is_raised(shop: FakeShop) -> None:
    """Not even the failure can be written: the lease runs out by itself, and the job is there."""
    order = await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 1)
    shop.supplier.faults.before("status", ValueError("odd"))
    shop.storage.database.fail_next_commit(before=True, of="jobs.end")

    with pytest.raises(Unknown):
        await run_job(shop.shop, job_id)
    await shop.pass_time(timedelta(minutes=3))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_job_that_is_put_down_is_free_at_once_and_has_cost_a_try(shop: FakeShop) -> None:
    """A worker that stops in the middle need not let anybody wait for its lease."""
    await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 10)
    work = await take_job(shop.shop, job_id)
    assert work is not None

    taken = await due_jobs(shop.shop, 10)
    await put_down(work)

    assert taken == ()
    assert await due_jobs(shop.shop, 10) == (job_id,)
    assert shop.storage.database.jobs[job_id].attempts == 1


async def test_a_job_that_ended_or_was_taken_over_cannot_be_put_down(shop: FakeShop) -> None:
    """Its lease is not ours any more: whoever has it now goes on undisturbed."""
    await delivered(shop)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 10)
    late = await take_job(shop.shop, job_id)
    shop.clock.advance(DAY)
    taken_over = await take_job(shop.shop, job_id)
    assert late is not None
    assert taken_over is not None

    await put_down(late)
    still_taken = job_id not in await due_jobs(shop.shop, 10)
    await do_job(taken_over)
    await put_down(taken_over)

    assert still_taken
    assert shop.storage.database.jobs[job_id].status == "done"


async def test_what_is_written_on_the_way_is_fenced_too(shop: FakeShop) -> None:
    """I1: by the store's own clock another worker has the job, and ours has not heard of it."""
    order = await shop.settle((await shop.place()).id)
    work = await take_job(shop.shop, job(shop, "reserve").id)
    assert work is not None
    shop.storage.database.jobs[work.job.lease.job_id] = attrs.evolve(job(shop, "reserve"), token="another's")

    with pytest.raises(LeaseLost, match=str(work.job.lease.job_id)):
        await work.go_on(order, ClaimPurchase(number=1))

    assert isinstance((await shop.order(order.id)).reservations[0], PlannedReservation)


async def test_a_worker_whose_lease_has_just_run_out_writes_nothing(shop: FakeShop) -> None:
    """To the moment: whoever comes next may have the job already."""
    order = await shop.settle((await shop.place()).id)
    work = await take_job(shop.shop, job(shop, "reserve").id)
    assert work is not None
    shop.clock.advance(shop.shop.policy.lease)

    with pytest.raises(LeaseLost):
        await work.go_on(order, ClaimPurchase(number=1))


async def test_workers_hear_at_once_of_what_a_commit_makes_due(shop: FakeShop) -> None:
    """Nobody waits for a worker to look by itself; what is due later rings nobody."""
    order = await shop.buy()
    shop.notifier.take()

    await retry_order(shop.shop, order.id, by="admin:ann", reason="looks stuck")

    assert shop.notifier.take() == await due_jobs(shop.shop, 10) == (job(shop, "check-reservation").id,)


@pytest.mark.parametrize(("fraction", "seconds"), [(0.0, 18), (0.5, 20), (1.0, 22)])
def test_tries_are_spread_by_a_tenth_either_way(fraction: float, seconds: float) -> None:
    """So that many jobs that failed together do not come back together."""
    assert backoff(Policy(), 3, fraction) == timedelta(seconds=seconds)
