"""
The part of the jobs' suite about asking: a living job is asked for once, and no wake is lost.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.jobs import ClaimedJob, Dead, Done, JobEnd, JobOutcome, Retry, Snooze
from bitloot_core.ports.queries import JobRow
from bitloot_core.testing.contracts.storage import LEASE, StorageWorld, claim, due, only, try_claim
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_job
from bitloot_core.values.ids import FindingId, JobId, OrderId

SECOND = timedelta(seconds=1)
ORDER = OrderId("o1")
ENDS = ("done", "snooze", "retry", "dead")


async def ask(world: StorageWorld, ref: str = "o1-1", *, after: timedelta = timedelta(0)) -> JobId:
    """Ask for a job of the order `o1`, due so long after now."""
    now = world.clock.now()
    return await world.jobs.ask(a_job(ref, order_id=ORDER, due_at=now + after), now=now)


async def end(world: StorageWorld, job: ClaimedJob, how: JobEnd) -> None:
    """End a claimed job."""
    await world.jobs.end(JobOutcome(lease=job.lease, end=how), now=world.clock.now())


async def rows(world: StorageWorld) -> tuple[JobRow, ...]:
    """All jobs of the order `o1`, ended ones too."""
    return (await world.queries.dossier(ORDER)).jobs


def an_end(how: str, world: StorageWorld) -> JobEnd:
    """One of the ways to end a job, by its name; those that go on do so in two minutes."""
    later = world.clock.now() + LEASE
    ends: dict[str, JobEnd] = {
        "done": Done(),
        "snooze": Snooze(until=later),
        "retry": Retry(at=later, error="busy"),
        "dead": a_dead_end(),
    }
    return ends[how]


def a_dead_end() -> Dead:
    """Giving up, with the finding that says so."""
    finding = Finding(
        id=FindingId("dead-1"),
        order_id=None,
        reason=FindingReason.DEAD_JOB,
        subject="reserve o1-1",
        text="It killed its worker 25 times.",
        amount=None,
        blocking=False,
        opened_at=PLACED_AT,
    )
    return Dead(error="gave up", finding=finding)


class WakeContract:
    """(Name, subject) is one living job, and asking for it again makes it due again."""

    async def test_a_job_is_asked_for_once(self, world: StorageWorld) -> None:
        """Asking again for a living job is the same job; another name or subject is another one."""
        first = await ask(world)

        again = await ask(world)
        other = await ask(world, "o1-2")
        named = await world.jobs.ask(a_job(name=JobName.CHECK_RESERVATION), now=world.clock.now())

        assert first == again
        assert len({first, other, named}) == 3

    async def test_of_many_that_ask_for_a_job_one_makes_it(self, world: StorageWorld) -> None:
        """Ten askers at the same moment: one job."""
        ids = await asyncio.gather(*(ask(world) for _ in range(10)))

        assert len(set(ids)) == 1
        assert tuple(set(ids)) == await due(world)

    async def test_asking_again_moves_the_due_time_forward_only(self, world: StorageWorld) -> None:
        """The earlier time wins, whichever is asked first."""
        job_id = await ask(world, after=3 * LEASE)
        await ask(world, after=LEASE)
        await ask(world, after=2 * LEASE)

        world.clock.advance(LEASE)

        assert (job_id,) == await due(world)

    async def test_a_snoozed_job_can_be_woken(self, world: StorageWorld) -> None:
        """A webhook that arrives while its job waits makes it due at once."""
        job_id = await ask(world)
        await end(world, await claim(world, job_id), Snooze(until=world.clock.now() + LEASE))

        woken = await ask(world)

        assert (job_id,) == (woken,) == await due(world)

    @pytest.mark.parametrize("how", ENDS)
    async def test_a_job_that_is_woken_while_it_runs_is_due_again(self, world: StorageWorld, how: str) -> None:
        """What arrived during the run is not lost, however the run ends."""
        job = await claim(world, await ask(world))
        await ask(world)

        assert await try_claim(world, job.lease.job_id, token="token-2") is None
        await end(world, job, an_end(how, world))

        again = only(await due(world))
        assert (await claim(world, again, token="token-3")).ref == "o1-1"

    async def test_a_wake_counts_once(self, world: StorageWorld) -> None:
        """The run that follows a wake has seen it: the job is over when that run is."""
        job = await claim(world, await ask(world))
        await ask(world)
        await end(world, job, Done())
        again = only(await due(world))

        await end(world, await claim(world, again, token="token-2"), Done())

        world.clock.advance(LEASE * 2)
        assert await due(world) == ()

    async def test_success_clears_the_attempts(self, world: StorageWorld) -> None:
        """A job that succeeds and is woken again and again is no poison: its attempts start anew."""
        job_id = await ask(world)
        for _ in range(5):
            job = await claim(world, job_id)
            await ask(world)
            await end(world, job, Done())
            job_id = only(await due(world))

        assert (await claim(world, job_id)).attempts == 1

    async def test_a_take_over_has_seen_earlier_wakes(self, world: StorageWorld) -> None:
        """Who takes a job over runs it once for all that woke it before."""
        job_id = await ask(world)
        await claim(world, job_id)
        await ask(world)
        world.clock.advance(LEASE * 2)

        await end(world, await claim(world, job_id, token="token-2"), Done())

        assert await due(world) == ()
