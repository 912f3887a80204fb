"""
The job table as a port.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bitloot_adapters.sql import job_rows
from bitloot_adapters.sql.database import Database
from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.jobs import ClaimedJob, JobOutcome, Jobs
from bitloot_core.values.ids import JobId

PRUNED_AT_ONCE = 500
"""A write that removes more would make the others wait."""


class SqlJobs:
    """Hands out jobs under leases. See `Jobs` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, job_id: JobId, *, now: datetime, lease: timedelta, token: str) -> ClaimedJob | None:
        """Take one job, if it is due and free."""
        return await self._database.write(lambda c: job_rows.claim(c, job_id, now=now, lease=lease, token=token))

    async def due(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """The jobs that could be claimed now, those due longest first."""
        return await self._database.read(lambda c: job_rows.due(c, now=now, limit=limit))

    async def lapsed(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """The jobs that could be claimed now although somebody had them, those due longest first."""
        return await self._database.look(lambda c: job_rows.lapsed(c, now=now, limit=limit))

    async def ask(self, request: JobRequest, *, now: datetime) -> JobId:
        """Ask for a job outside of an order's write."""
        touched = await self._database.write(lambda c: job_rows.ask(c, request, now=now))
        return touched.id

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """End a job whose outcome changes no order."""
        await self._database.write(lambda c: job_rows.end(c, outcome, now=now))

    async def prune_done(self, *, before: datetime) -> int:
        """Remove a batch of jobs that were done before a time; the number of those removed, 0 when none is left."""
        return await self._database.write(lambda c: job_rows.prune_done(c, before=before, limit=PRUNED_AT_ONCE))


if TYPE_CHECKING:
    _: type[Jobs] = SqlJobs
