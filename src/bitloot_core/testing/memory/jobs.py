"""
The job table in memory.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

import attrs

from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.jobs import ClaimedJob, Dead, Done, JobOutcome, Jobs, Lease, Retry, Snooze
from bitloot_core.testing.memory.database import MemoryDatabase, StoredJob
from bitloot_core.values.errors import LeaseLost
from bitloot_core.values.ids import JobId


class MemoryJobs:
    """Hands out jobs under leases. See `Jobs` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def claim(self, job_id: JobId, *, now: datetime, lease: timedelta, token: str) -> ClaimedJob | None:
        """Take one job, if it is due and free."""
        with self._database.commit("jobs.claim"):
            job = self._database.jobs.get(job_id)
            if job is None or not is_free(job, now):
                return None
            taken = attrs.evolve(job, status="running", attempts=job.attempts + 1, token=token, until=now + lease)
            self._database.jobs[job_id] = taken
            return ClaimedJob(
                lease=Lease(job_id=job_id, token=token, wake=taken.wake, until=now + lease),
                name=taken.name,
                ref=taken.ref,
                order_id=taken.order_id,
                attempts=taken.attempts,
                snoozes=taken.snoozes,
                created_at=taken.created_at,
            )

    async def due(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """The jobs that could be claimed now, those due longest first."""
        living = (self._database.jobs[job_id] for job_id in self._database.living.values())
        free = sorted((job.due_at, job.id) for job in living if is_free(job, now))
        return tuple(job_id for _, job_id in free[:limit])

    async def lapsed(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """The jobs that could be claimed now although somebody had them, those due longest first."""
        due = await self.due(now=now, limit=len(self._database.living))
        return tuple(job_id for job_id in due if self._database.jobs[job_id].status == "running")[:limit]

    async def ask(self, request: JobRequest, *, now: datetime) -> JobId:
        """Ask for a job outside of an order's write."""
        with self._database.commit("jobs.ask"):
            return ask(self._database, request, now)

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """End a job whose outcome changes no order."""
        with self._database.commit("jobs.end"):
            check_lease(self._database, outcome.lease)
            end(self._database, outcome, now)


def is_free(job: StoredJob, now: datetime) -> bool:
    """Whether somebody could claim a job: it is due, or its worker let the lease run out."""
    if job.status == "ready":
        return job.due_at <= now
    return job.status == "running" and job.until is not None and job.until <= now


def check_lease(database: MemoryDatabase, lease: Lease) -> None:
    """
    Check that nobody else has claimed the job; a lease that merely ran out is still good.

    Raises:
        LeaseLost: somebody has, or the job has ended.
    """
    job = database.jobs.get(lease.job_id)
    if job is None or job.status != "running" or job.token != lease.token:
        raise LeaseLost(lease.job_id)


def ask(database: MemoryDatabase, request: JobRequest, now: datetime) -> JobId:
    """Make a job, or bring the living one of that name forward and wake it."""
    key = (str(request.name), request.ref)
    known = database.living.get(key)
    if known is None:
        job = StoredJob(
            id=_fresh_id(database),
            name=key[0],
            ref=request.ref,
            order_id=request.order_id,
            status="ready",
            due_at=request.due_at,
            created_at=now,
        )
        database.living[key] = job.id
    else:
        job = database.jobs[known]
        job = attrs.evolve(job, due_at=min(job.due_at, request.due_at), wake=job.wake + 1)
    database.jobs[job.id] = job
    return job.id


def end(database: MemoryDatabase, outcome: JobOutcome, now: datetime) -> JobId:
    """
    End a job whose lease was checked. What woke it while it ran makes it due again, however it ends.

    Returns:
        The job that is left to be done, or that is over.
    """
    running = database.jobs[outcome.lease.job_id]
    woken = running.wake != outcome.lease.wake
    job = attrs.evolve(running, status="ready", token=None, until=None)
    match outcome.end:
        case Done() if woken:
            # It succeeded: what runs next is new work, with attempts of its own.
            job = attrs.evolve(job, attempts=0, snoozes=0)
        case Snooze(until=until):
            job = attrs.evolve(job, due_at=until, attempts=job.attempts - 1, snoozes=job.snoozes + 1)
        case Retry(at=at, error=error):
            job = attrs.evolve(job, due_at=at, last_error=error)
        case Done():
            return _over(database, attrs.evolve(job, status="done"))
        case Dead(error=error, finding=finding):
            if finding is not None:
                database.open_finding(finding)
            over = _over(database, attrs.evolve(job, status="dead", last_error=error))
            return _afresh(database, job, now) if woken else over
        case never:
            assert_never(never)
    database.jobs[job.id] = attrs.evolve(job, due_at=now) if woken else job
    return job.id


def _over(database: MemoryDatabase, job: StoredJob) -> JobId:
    database.jobs[job.id] = job
    del database.living[job.name, job.ref]
    return job.id


def _fresh_id(database: MemoryDatabase) -> JobId:
    """The number after the newest job's: jobs may be taken out of the table, and their numbers never come again."""
    return JobId(next(reversed(database.jobs), 0) + 1)


def _afresh(database: MemoryDatabase, dead: StoredJob, now: datetime) -> JobId:
    """What woke a job that was then given up is new work."""
    job = StoredJob(
        id=_fresh_id(database),
        name=dead.name,
        ref=dead.ref,
        order_id=dead.order_id,
        status="ready",
        due_at=now,
        created_at=now,
    )
    database.jobs[job.id] = job
    database.living[job.name, job.ref] = job.id
    return job.id


if TYPE_CHECKING:
    _: type[Jobs] = MemoryJobs
