"""The one task: run the job with this id."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from taskiq import AsyncBroker

from bitloot_core.values.ids import JobId

RUN_JOB = "bitloot.run-job"
"""The task's name. It stands in messages between versions of the program, so it never changes."""
_LARGEST = 2**63 - 1

_log = logging.getLogger(__name__)


def register_run_job(broker: AsyncBroker, run: Callable[[JobId], Awaitable[None]]) -> None:
    """
    Let a worker of this broker run jobs.

    Args:
        broker: whose messages it answers.
        run: claims the job and does it. What it raises is logged by its class alone: the job's lease runs out, and the
            job is taken up again.
    """

    # `object`: of what is not an integer, taskiq would log the text, and pass it on all the same.
    async def run_job(job_id: object) -> None:
        if isinstance(job_id, bool) or not isinstance(job_id, int) or not 0 <= job_id <= _LARGEST:
            _log.warning("ring not understood", extra={"kind": type(job_id).__name__})
            return
        await run_contained(run, JobId(job_id))

    broker.register_task(run_job, task_name=RUN_JOB)


async def run_contained(run: Callable[[JobId], Awaitable[None]], job_id: JobId) -> None:
    """Run a job and keep what it raises to ourselves: the job table has the retry, the queue must not learn of it."""
    try:
        await run(job_id)
    except Exception as exc:  # noqa: BLE001 - see above
        # taskiq and asyncio would log the traceback, whose texts could hold what belongs in no log.
        _log.error("job crashed", extra={"job_id": job_id, "error": type(exc).__name__})
