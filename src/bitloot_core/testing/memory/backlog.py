"""
The lists of findings and jobs in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitloot_core.ports.backlog import Backlog, FindingFilter, JobFilter
from bitloot_core.ports.queries import FindingRow, JobRow, Page, Slice
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.testing.memory.paging import newest_first, soonest_first
from bitloot_core.testing.memory.queries import job_row
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import FindingId, JobId


class MemoryBacklog:
    """What waits. See `Backlog` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def findings(self, which: FindingFilter, part: Slice) -> Page[FindingRow]:
        """Findings, newest first."""
        rows = (row for row in self._database.findings.values() if _admits(which, row))
        return newest_first(rows, part, at=lambda row: row.finding.opened_at, name=lambda row: row.finding.id)

    async def finding(self, finding_id: FindingId) -> FindingRow:
        """One finding."""
        row = self._database.findings.get(finding_id)
        if row is None:
            raise NotFound("finding", finding_id)
        return row

    async def jobs(self, which: JobFilter, part: Slice) -> Page[JobRow]:
        """Jobs: the ready ones by when they are due, all others newest first."""
        rows = (
            row
            for row in map(job_row, self._database.jobs.values())
            if which.status in (None, row.status)
            and which.name in (None, row.name)
            and which.order_id in (None, row.order_id)
        )
        if which.status == "ready":
            return soonest_first(rows, part, at=lambda row: row.due_at, name=lambda row: f"{row.id:020}")
        return newest_first(rows, part, at=lambda row: row.created_at, name=lambda row: f"{row.id:020}")

    async def job(self, job_id: JobId) -> JobRow:
        """One job."""
        job = self._database.jobs.get(job_id)
        if job is None:
            raise NotFound("job", str(job_id))
        return job_row(job)


def _admits(which: FindingFilter, row: FindingRow) -> bool:
    return (
        which.status in (None, "open" if row.resolved_at is None else "resolved")
        and which.reason in (None, row.finding.reason)
        and which.order_id in (None, row.finding.order_id)
    )


if TYPE_CHECKING:
    _: type[Backlog] = MemoryBacklog
