"""The doorbell: tells workers that a job is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bitloot_core.values.ids import JobId


class JobNotifier(Protocol):
    """Rings. A ring that gets lost costs time, never a job: workers look for due jobs by themselves too."""

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Tell workers that these jobs are due. Carries ids and nothing else; never raises, never waits long."""
        ...
