"""
The suite of the port `Jobs`: a job is handed out to one worker at a time, and is not forgotten before it has ended.

Of the unhappy five, a slow peer is the worker that overstays its lease; a malformed body does not apply.
"""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bitloot_core.order.jobs import JobName
from bitloot_core.ports.jobs import Dead, Done, Retry, Snooze
from bitloot_core.testing.contracts.jobs_wakes import (
    ENDS,
    ORDER,
    SECOND,
    WakeContract,
    a_dead_end,
    an_end,
    ask,
    end,
    rows,
)
from bitloot_core.testing.contracts.storage import (
    FIRST,
    LEASE,
    NAMED,
    StorageWorld,
    claim,
    due,
    failure_of,
    only,
    place,
    try_claim,
)
from bitloot_core.testing.orders import placed
from bitloot_core.testing.samples import a_job
from bitloot_core.values.errors import LeaseLost
from bitloot_core.values.ids import JobId


class JobsContract(WakeContract):
    """What every job table must do. The fixture `world` gives an empty one."""

    @pytest.fixture(autouse=True)
    async def _order(self, world: StorageWorld) -> None:
        """The order that the jobs are for."""
        await place(world, placed(ORDER))

    async def test_a_job_is_handed_out_as_it_was_asked_for(self, world: StorageWorld) -> None:
        """Name, subject and order come back, with the first attempt counted."""
        job_id = await ask(world)
        asked_at = world.clock.now()
        world.clock.advance(SECOND)

        job = await claim(world, job_id)

        assert (job.name, job.ref, job.order_id) == ("reserve", "o1-1", ORDER)
        assert (1, 0, asked_at) == (job.attempts, job.snoozes, job.created_at)
        assert (job_id, FIRST, world.clock.now() + LEASE) == (job.lease.job_id, job.lease.token, job.lease.until)

    async def test_a_job_without_an_order_is_handed_out(self, world: StorageWorld) -> None:
        """A webhook's job does not know its order yet."""
        job = await claim(world, await world.jobs.ask(a_job("7"), now=world.clock.now()))

        assert job.order_id is None

    async def test_a_name_of_another_version_is_handed_out(self, world: StorageWorld) -> None:
        """A job that a newer version asked for is shown by its word, and can end as a dead letter."""
        request = a_job(name=cast("JobName", "future.work"))

        job = await claim(world, await world.jobs.ask(request, now=world.clock.now()))

        assert job.name == "future.work"

    async def test_a_job_waits_until_it_is_due(self, world: StorageWorld) -> None:
        """Before its time it is neither shown nor handed out; from then on it is both."""
        job_id = await ask(world, after=LEASE)

        assert await due(world) == ()
        assert await try_claim(world, job_id) is None
        world.clock.advance(LEASE)
        assert (job_id,) == await due(world)
        await claim(world, job_id)

    async def test_no_job_of_that_number_is_handed_out(self, world: StorageWorld) -> None:
        """A doorbell may ring for a job that was pruned."""
        assert await try_claim(world, JobId(4711)) is None

    async def test_those_due_longest_come_first(self, world: StorageWorld) -> None:
        """The order is that of the due times, not that of asking, and a limit cuts off the latest."""
        third = await ask(world, "c", after=3 * SECOND)
        first = await ask(world, "a", after=SECOND)
        second = await ask(world, "b", after=2 * SECOND)
        world.clock.advance(LEASE)

        assert (first, second, third) == await due(world)
        assert (first, second) == await due(world, limit=2)

    async def test_a_claimed_job_is_not_handed_out_again(self, world: StorageWorld) -> None:
        """While the lease runs it belongs to its worker."""
        job_id = await ask(world)
        await claim(world, job_id)
        world.clock.advance(LEASE - SECOND)

        assert await try_claim(world, job_id, token="token-2") is None
        assert await due(world) == ()

    async def test_of_many_that_claim_a_job_one_gets_it(self, world: StorageWorld) -> None:
        """Twenty workers that the doorbell woke: one claim, one attempt."""
        job_id = await ask(world)

        claims = await asyncio.gather(*(try_claim(world, job_id, token=f"token-{n}") for n in range(20)))

        winner = only(job for job in claims if job is not None)
        assert winner.attempts == 1

    async def test_of_many_workers_each_job_goes_to_one(self, world: StorageWorld) -> None:
        """Eight workers that try all of twenty jobs: twenty claims, each job once."""
        ids = [await ask(world, f"job-{n}") for n in range(20)]

        claims = await asyncio.gather(
            *(try_claim(world, job_id, token=f"{worker}/{job_id}") for worker in range(8) for job_id in ids)
        )

        assert sorted(ids) == sorted(job.lease.job_id for job in claims if job is not None)

    async def test_a_job_whose_worker_died_is_taken_over(self, world: StorageWorld) -> None:
        """When the lease has run out the job is due, and its next claim is a second attempt under another token."""
        job_id = await ask(world)
        await claim(world, job_id)
        world.clock.advance(LEASE + SECOND)

        assert (job_id,) == await due(world)
        second = await claim(world, job_id, token="token-2")

        assert (second.attempts, second.lease.token) == (2, "token-2")

    async def test_what_a_dead_worker_had_in_hand_is_told_from_what_is_new(self, world: StorageWorld) -> None:
        """Only those whose lease ran out, those due longest first; one that is taken over is in good hands."""
        first, second, new, held = [await ask(world, f"job-{n}") for n in range(4)]
        for lapsing in (second, first):
            await claim(world, lapsing)
        world.clock.advance(LEASE)
        await claim(world, held)
        now = world.clock.now()

        assert (first, second) == await world.jobs.lapsed(now=now, limit=10)
        assert (first,) == await world.jobs.lapsed(now=now, limit=1)
        assert {first, second, new} == set(await due(world))
        await claim(world, first, token="token-2")
        assert (second,) == await world.jobs.lapsed(now=now, limit=10)

    @pytest.mark.parametrize("how", ENDS)
    async def test_who_lost_the_lease_ends_nothing(self, world: StorageWorld, how: str) -> None:
        """The worker that was given up for dead comes back: the job stays with its new owner."""
        slow = await claim(world, await ask(world))
        world.clock.advance(LEASE * 2)
        quick = await claim(world, slow.lease.job_id, token="token-2")

        with pytest.raises(LeaseLost):
            await end(world, slow, an_end(how, world))

        assert [row.status for row in await rows(world)] == ["running"]
        assert (await world.queries.dossier(ORDER)).findings == ()
        await end(world, quick, Done())

    async def test_a_slow_worker_that_nobody_replaced_may_end_its_job(self, world: StorageWorld) -> None:
        """A lease that ran out is lost only once somebody else holds the job."""
        job = await claim(world, await ask(world))
        world.clock.advance(LEASE * 2)

        await end(world, job, Done())

        assert await due(world) == ()

    async def test_a_job_ends_once(self, world: StorageWorld) -> None:
        """The lease ends with the job."""
        job = await claim(world, await ask(world))
        await end(world, job, Done())

        with pytest.raises(LeaseLost):
            await end(world, job, Done())

    async def test_a_done_job_is_over(self, world: StorageWorld) -> None:
        """It is never due again; asking for its name again makes a new one, with its own attempts."""
        first = await claim(world, await ask(world))
        await end(world, first, Done())
        world.clock.advance(LEASE * 2)

        assert await due(world) == ()
        second = await claim(world, await ask(world), token="token-2")

        assert first.lease.job_id != second.lease.job_id
        assert second.attempts == 1

    async def test_a_snoozed_job_costs_no_attempt(self, world: StorageWorld) -> None:
        """Waiting for somebody else is counted apart."""
        job_id = await ask(world)
        for _ in range(3):
            await end(world, await claim(world, job_id), Snooze(until=world.clock.now() + LEASE))
            assert await due(world) == ()
            world.clock.advance(LEASE)

        job = await claim(world, job_id)

        assert (job.attempts, job.snoozes) == (1, 3)

    async def test_a_snooze_pays_for_no_attempt_but_its_own(self, world: StorageWorld) -> None:
        """The attempts of workers that died, or failed, stay counted: a job may wait between them."""
        job_id = await ask(world)
        await claim(world, job_id)
        world.clock.advance(LEASE)
        await end(world, await claim(world, job_id), Snooze(until=world.clock.now()))

        third = await claim(world, job_id)

        assert (third.attempts, third.snoozes) == (2, 1)

    async def test_a_retried_job_costs_an_attempt(self, world: StorageWorld) -> None:
        """It is due again at the time that was named, and its error can be read."""
        job_id = await ask(world)
        await end(world, await claim(world, job_id), Retry(at=world.clock.now() + LEASE, error="busy"))

        row = only(await rows(world))
        assert ("ready", "busy", world.clock.now() + LEASE) == (row.status, row.last_error, row.due_at)
        assert await due(world) == ()
        world.clock.advance(LEASE)
        job = await claim(world, job_id)

        assert (job.attempts, job.snoozes) == (2, 0)

    async def test_a_dead_job_is_given_up(self, world: StorageWorld) -> None:
        """It is never due again, its error can be read, and its name is free for a new one."""
        first = await claim(world, await ask(world))
        await end(world, first, Dead(error="gave up", finding=None))
        world.clock.advance(LEASE * 2)

        assert await due(world) == ()
        row = only(await rows(world))
        assert (row.status, row.last_error) == ("dead", "gave up")
        assert first.lease.job_id != await ask(world)

    async def test_a_dead_job_is_put_before_a_person(self, world: StorageWorld) -> None:
        """The finding that it ends with is open from then on, and from a lost lease it is not."""
        slow = await claim(world, await ask(world))
        world.clock.advance(LEASE * 2)
        quick = await claim(world, slow.lease.job_id, token="token-2")

        with pytest.raises(LeaseLost):
            await end(world, slow, a_dead_end())
        assert list(await world.open_subjects()) == []
        await end(world, quick, a_dead_end())

        assert list(await world.open_subjects()) == ["reserve o1-1"]

    async def test_an_end_that_fails_leaves_the_job_to_the_next(self, world: StorageWorld) -> None:
        """A failure before the commit point: the job still runs, and is taken over when the lease is out."""
        job = await claim(world, await ask(world))
        await world.given_commit_fails_before()

        error = await failure_of(end(world, job, Done()))

        assert not isinstance(error, NAMED)
        world.clock.advance(LEASE * 2)
        assert (job.lease.job_id,) == await due(world)

    async def test_an_end_without_an_answer_counts(self, world: StorageWorld) -> None:
        """A failure after the commit point: the job is over, and ending it again is refused and changes nothing."""
        job = await claim(world, await ask(world))
        await world.given_commit_fails_after()

        error = await failure_of(end(world, job, Done()))

        assert not isinstance(error, NAMED)
        with pytest.raises(LeaseLost):
            await end(world, job, Done())
        assert [row.status for row in await rows(world)] == ["done"]

    async def test_asking_without_an_answer_is_harmless_to_repeat(self, world: StorageWorld) -> None:
        """A failure after the commit point: asking again finds the job that is there."""
        await world.given_commit_fails_after()
        await failure_of(ask(world))

        job_id = await ask(world)

        assert (job_id,) == await due(world)
