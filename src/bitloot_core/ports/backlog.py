"""What waits: for a person (findings), or for a worker (jobs). Rows for people, never used to decide about an order."""

from __future__ import annotations

from typing import Protocol

import attrs

from bitloot_core.ports.queries import FindingRow, JobRow, Page, Slice
from bitloot_core.values.ids import FindingId, JobId


@attrs.frozen(kw_only=True)
class FindingFilter:
    """
    Which findings; an absent field admits all.

    Attributes:
        status: `open` or `resolved`.
    """

    status: str | None = None
    reason: str | None = None
    order_id: str | None = None


@attrs.frozen(kw_only=True)
class JobFilter:
    """
    Which jobs; an absent field admits all.

    Attributes:
        status: `ready`, `running`, `done` or `dead`.
    """

    status: str | None = None
    name: str | None = None
    order_id: str | None = None


class Backlog(Protocol):
    """Reads for the lists of findings and jobs. A cursor without sense raises `InvalidInput("cursor")`."""

    async def findings(self, which: FindingFilter, part: Slice) -> Page[FindingRow]:
        """Findings, newest first; those about no order, too."""
        ...

    async def finding(self, finding_id: FindingId) -> FindingRow:
        """
        One finding, open or resolved.

        Raises:
            NotFound: there is none.
        """
        ...

    async def jobs(self, which: JobFilter, part: Slice) -> Page[JobRow]:
        """
        Jobs: those that are `ready` by when they are due, soonest first, if they are asked for; else newest first.

        The bounds of `part` are on the time that a list is sorted by: when they are due, or when they were made.
        """
        ...

    async def job(self, job_id: JobId) -> JobRow:
        """
        One job.

        Raises:
            NotFound: there is none, or it is done and no longer kept.
        """
        ...
