"""The job table: the truth about what is still to be done. The queue is only a doorbell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import attrs

from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobRequest
from bitloot_core.values.ids import JobId, OrderId


@attrs.frozen(kw_only=True)
class Lease:
    """
    The right to finish one job.

    Attributes:
        token: fresh for every claim; a write that names another token is refused.
        wake: the wake counter as it was when claimed: if it has moved at the end, the job is due again.
    """

    job_id: JobId
    token: str
    wake: int
    until: datetime


@attrs.frozen(kw_only=True)
class ClaimedJob:
    """
    A job that is ours for the length of the lease.

    Attributes:
        name: as stored; it may be a word that this version does not know.
        attempts: how often it has been claimed, this time included.
        snoozes: how often it was put off waiting for somebody, which costs no attempt.
        created_at: when it was first asked for.
    """

    lease: Lease
    name: str
    ref: str
    order_id: OrderId | None
    attempts: int
    snoozes: int
    created_at: datetime


@attrs.frozen(kw_only=True)
class Done:
    """There is nothing more to do."""


@attrs.frozen(kw_only=True)
class Snooze:
    """Waiting for somebody else: look again then. Costs no attempt."""

    until: datetime


@attrs.frozen(kw_only=True)
class Retry:
    """A passing error: try again then."""

    at: datetime
    error: str


@attrs.frozen(kw_only=True)
class Dead:
    """
    Given up, and a person is told.

    Attributes:
        finding: what is told, where the job is about no order (an order's own events tell it otherwise).
    """

    error: str
    finding: Finding | None


JobEnd: TypeAlias = Done | Snooze | Retry | Dead


@attrs.frozen(kw_only=True)
class JobOutcome:
    """How a claimed job ends; part of the commit that writes what it led to."""

    lease: Lease
    end: JobEnd


class Jobs(Protocol):
    """Hands out jobs under leases."""

    async def claim(self, job_id: JobId, *, now: datetime, lease: timedelta, token: str) -> ClaimedJob | None:
        """
        Take one job, if it is due and free (ready, or running under a lease that ran out). Counts an attempt.

        `token` is fresh for each claim. None if there is nothing to take; of several callers at most one gets it.
        """
        ...

    async def due(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """The jobs that could be claimed now, those due longest first."""
        ...

    async def lapsed(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """
        Those of the due jobs that were in somebody's hand when their lease ran out, those due longest first.

        Whoever had them died, perhaps of one of them: they are to be done one at a time, or each death would cost all
        of them a try again.
        """
        ...

    async def ask(self, request: JobRequest, *, now: datetime) -> JobId:
        """Ask for a job outside of an order's write; an upsert on (name, ref) among living jobs, as in a commit."""
        ...

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """
        End a job whose outcome changes no order.

        Raises:
            LeaseLost: the lease is not ours any more; nothing was written.
        """
        ...
