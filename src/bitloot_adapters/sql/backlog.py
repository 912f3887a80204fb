"""
The lists of findings and jobs as a port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select, text, union_all
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.dossier import finding_row, job_row
from bitloot_adapters.sql.pages import last_number_first, narrowed, newest_first, page_of, soonest_first
from bitloot_adapters.sql.tables import FINDINGS, JOBS
from bitloot_core.ports.backlog import Backlog, FindingFilter, JobFilter
from bitloot_core.ports.queries import FindingRow, JobRow, Page, Slice
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import FindingId, JobId

JOB_STATUSES = ("ready", "running", "done", "dead")


class SqlBacklog:
    """What waits. See `Backlog` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def findings(self, which: FindingFilter, part: Slice) -> Page[FindingRow]:
        """Findings, newest first."""
        return await self._database.read(lambda c: _findings(c, which, part))

    async def finding(self, finding_id: FindingId) -> FindingRow:
        """One finding."""
        return await self._database.look(lambda c: _finding(c, finding_id))

    async def jobs(self, which: JobFilter, part: Slice) -> Page[JobRow]:
        """Jobs: the ready ones by when they are due, all others newest first."""
        return await self._database.read(lambda c: _jobs(c, which, part))

    async def job(self, job_id: JobId) -> JobRow:
        """One job."""
        return await self._database.look(lambda c: _job(c, job_id))


def _findings(connection: Connection, which: FindingFilter, part: Slice) -> Page[FindingRow]:
    columns = FINDINGS.c
    rows = narrowed(select(FINDINGS), (columns.reason, which.reason), (columns.order_id, which.order_id))
    match which.status:
        case None:
            pass
        case "open":
            rows = rows.where(columns.resolved_at.is_(None))
        case "resolved":
            rows = rows.where(columns.resolved_at.is_not(None))
        case _:
            return Page(items=(), next_cursor=None)
    found = connection.execute(newest_first(rows, part, columns.opened_at, columns.id)).all()
    return page_of(found, part, finding_row, lambda row: (row.opened_at, row.id))


def _finding(connection: Connection, finding_id: FindingId) -> FindingRow:
    row = connection.execute(select(FINDINGS).where(FINDINGS.c.id == finding_id)).first()
    if row is None:
        raise NotFound("finding", finding_id)
    return finding_row(row)


def _jobs(connection: Connection, which: JobFilter, part: Slice) -> Page[JobRow]:
    found = connection.execute(job_page(which, part)).all()
    if which.status == "ready":
        return page_of(found, part, job_row, lambda row: (row.due_at, row.id))
    return page_of(found, part, job_row, lambda row: (row.created_at, row.id))


def job_page(which: JobFilter, part: Slice) -> Select[Any]:
    """What reads a page of jobs, and one more."""
    columns = JOBS.c
    rows = narrowed(
        select(JOBS), (columns.status, which.status), (columns.name, which.name), (columns.order_id, which.order_id)
    )
    if which.status == "ready":
        return soonest_first(rows, part, columns.due_at, columns.id)
    page = last_number_first(rows, part, columns.created_at, columns.id)
    if which.status is None and which.name is not None:
        return _of_each_status(page, part)
    return page


def _of_each_status(page: Select[Any], part: Slice) -> Select[Any]:
    """The page of a name among the jobs of each status, put together: an index has the names of those of a status."""
    # Said in the words of the partial indexes: with values in it, no database would know them again.
    parts = (page.where(text(f"jobs.status = '{status}'")) for status in JOB_STATUSES)
    jobs = union_all(*(select(one.subquery()) for one in parts)).subquery()
    return select(jobs).order_by(jobs.c.id.desc()).limit(part.limit + 1)


def _job(connection: Connection, job_id: JobId) -> JobRow:
    row = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).first()
    if row is None:
        raise NotFound("job", str(job_id))
    return job_row(row)


if TYPE_CHECKING:
    _: type[Backlog] = SqlBacklog
