"""
Doing jobs: those that the doorbell rings for, and those that we find due by ourselves.

The doorbell only makes it quick. A ring that is lost, a process that died with a lease, a pause that has run out: the
relay finds them all in the job table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from bitloot_core.usecases.run_job import DueJobs, do_job, look_for_jobs, put_down, take_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.work import Work
from bitloot_core.values.ids import JobId
from bitloot_http import log_context
from bitloot_http.ending import end

_LOG = structlog.get_logger("bitloot.worker")
_PAUSE_SECONDS = 0.05
_MOST_PAUSES = 40
_PUT_DOWN_SECONDS = 3.0
_HANDED_ON = frozenset({"request_id"})


class Worker:
    """
    Does jobs, a bounded number at a time; those that a worker may have died of one after the other.

    Args:
        shop: what the jobs work with.
        concurrency: how many jobs are in hand at once.
        look_every: how often due jobs are looked for.
        gives_way: whether senders of webhooks crowd at the door of this process.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        concurrency: int,
        look_every: timedelta,
        gives_way: Callable[[], bool] = lambda: False,
    ) -> None:
        self._shop = shop
        self._slots = asyncio.Semaphore(concurrency)
        self._turn = asyncio.Semaphore(1)
        self._batch = concurrency * 4
        self._look_every = look_every.total_seconds()
        self._gives_way = gives_way
        self._in_hand: dict[JobId, asyncio.Task[None]] = {}
        self._relay: asyncio.Task[None] | None = None

    @property
    def in_hand(self) -> int:
        """How many jobs are being done, or wait for a free slot."""
        return len(self._in_hand)

    def start(self) -> None:
        """Begin to look for due jobs."""
        self._relay = asyncio.get_running_loop().create_task(self._look(), name="relay")

    async def run(self, job_id: JobId) -> None:
        """Do one job; when it is in hand already, the claim would be refused anyway."""
        if job_id not in self._in_hand:
            await asyncio.shield(self._take(job_id, self._slots))

    async def stop(self, *, grace: timedelta) -> None:
        """
        Stop looking, finish what is in hand within `grace`, and break off the rest: its leases are given back.
        """
        await end(self._relay)
        tasks = set(self._in_hand.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _take(self, job_id: JobId, turns: asyncio.Semaphore) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._do(job_id, turns), name=f"job {job_id}")
        self._in_hand[job_id] = task
        task.add_done_callback(lambda _: self._in_hand.pop(job_id, None))
        return task

    async def _do(self, job_id: JobId, turns: asyncio.Semaphore) -> None:
        # A job that was rung for bears the name of the request behind it, where that was in this process.
        log_context.begin(**{name: value for name, value in log_context.names().items() if name in _HANDED_ON})
        log_context.add(job_id=job_id)
        async with turns:
            await self._let_pass()
            try:
                work = await take_job(self._shop, job_id)
                if work is not None:
                    await _finish_or_put_down(work)
            except Exception as error:  # noqa: BLE001  # the store is away: the lease runs out, the job comes again
                _LOG.warning("job left to its lease", error=type(error).__name__)

    async def _let_pass(self) -> None:
        """Give way to senders who wait: they have seconds, a job has the day. Not for ever, though."""
        for _ in range(_MOST_PAUSES):
            if not self._gives_way():
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _look(self) -> None:
        """Look for due jobs for ever; at once again while there are more than we took."""
        while True:
            try:
                found = await look_for_jobs(self._shop, self._batch)
            except Exception as error:  # noqa: BLE001  # the store is away: look again later
                _LOG.warning("cannot look for due jobs", error=type(error).__name__)
                found = DueJobs()
            fresh = [
                self._take(job_id, turns)
                for ids, turns in ((found.new, self._slots), (found.lapsed, self._turn))
                for job_id in ids
                if job_id not in self._in_hand
            ]
            if fresh and not found.is_all:
                await asyncio.wait(fresh, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(self._look_every)


async def _finish_or_put_down(work: Work) -> None:
    """Do a job; if we are told to stop in the middle, give it back before we go."""
    try:
        await do_job(work)
    except asyncio.CancelledError:
        async with asyncio.timeout(_PUT_DOWN_SECONDS):
            await put_down(work)
        _LOG.info("job put down")
        raise
