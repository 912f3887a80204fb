"""
Doing jobs in a simulated process: those that the doorbell rings for, and those that it finds due by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from bitloot_core.ports.notifier import JobNotifier
from bitloot_core.testing.simulation.network import Call, Network
from bitloot_core.testing.simulation.process import SUBJECT, Process
from bitloot_core.usecases.run_job import DueJobs, look_for_jobs, run_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError
from bitloot_core.values.ids import JobId

RELAY_SECONDS = 5.0
_SLOTS = 8


class Worker:
    """
    Does jobs, a few at a time.

    Args:
        alarm: tells it when to look for due jobs.
    """

    def __init__(self, shop: Shop, process: Process, alarm: Alarm) -> None:
        self._shop = shop
        self._process = process
        self._alarm = alarm
        self._in_hand: set[JobId] = set()
        self._lapsed: deque[JobId] = deque()

    async def look(self) -> None:
        """Look for due jobs for ever, every few seconds."""
        while True:
            try:
                found = await look_for_jobs(self._shop, _SLOTS * 2)
            except PortError:
                found = DueJobs()
            for job_id in found.lapsed:
                self._queue(job_id)
            for job_id in found.new:
                self.heard(job_id)
            await self._alarm.next_look(self._process)

    def heard(self, job_id: JobId) -> None:
        """Do a job, unless it is in hand already, or too many are."""
        if job_id not in self._in_hand and job_id not in self._lapsed and len(self._in_hand) < _SLOTS:
            self._in_hand.add(job_id)
            self._process.leave(self._do(job_id))

    def _queue(self, job_id: JobId) -> None:
        """Do a job that a worker may have died of when those before it are done."""
        if job_id not in self._in_hand and job_id not in self._lapsed:
            self._lapsed.append(job_id)
            if len(self._lapsed) == 1:
                self._process.leave(self._do_next())

    async def _do_next(self) -> None:
        # One task after the other, and no lock: in which order they are cancelled when the process dies is not drawn.
        try:
            await run_job(self._shop, self._lapsed[0])
        finally:
            self._lapsed.popleft()
            if self._lapsed and self._process.is_alive:
                self._process.leave(self._do_next())

    async def _do(self, job_id: JobId) -> None:
        try:
            await run_job(self._shop, job_id)
        finally:
            self._in_hand.discard(job_id)


class Alarm:
    """
    Wakes those who look for due jobs, at the times at which they would find some.

    A look that finds nothing changes nothing: it is left out, and the next one is where it would have been.

    Args:
        next_due: when the next job is due.
        start: the time at which the loop's clock showed 0.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, next_due: Callable[[], datetime | None], start: datetime
    ) -> None:
        self._loop = loop
        self._next_due = next_due
        self._start = start
        self._waiting: dict[Process, tuple[float, asyncio.Future[None], asyncio.TimerHandle | None]] = {}

    async def next_look(self, process: Process) -> None:
        """Wait for the next look of a process that has just looked."""
        woken: asyncio.Future[None] = self._loop.create_future()
        self._waiting[process] = (self._loop.time(), woken, None)
        self.look_again()
        try:
            await woken
        finally:
            self._waiting.pop(process, None)

    def look_again(self) -> None:
        """The store has changed: somebody may have to be woken sooner."""
        due = self._next_due()
        if due is None or not self._waiting:
            return
        due_at = (due - self._start).total_seconds()
        for process, (since, woken, handle) in self._waiting.items():
            steps = max(1, ceil((due_at - process.skew - since) / RELAY_SECONDS))
            at = since + steps * RELAY_SECONDS
            if handle is None or at < handle.when():
                if handle is not None:
                    handle.cancel()
                timer = self._loop.call_at(max(at, self._loop.time()), _wake, woken)
                self._waiting[process] = (since, woken, timer)


class Doorbell:
    """
    Carries rings from process to process, and may lose any of them.

    Args:
        answer: has some process do a job.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: Callable[[JobId], None]) -> None:
        self._loop = loop
        self._answer = answer
        self._on_the_way: dict[int, asyncio.TimerHandle] = {}
        self._rung = 0

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Let each of the rings arrive in a moment."""
        for job_id in job_ids:
            self._rung += 1
            self._on_the_way[self._rung] = self._loop.call_later(0.003, self._arrive, self._rung, job_id)

    def flush(self) -> int:
        """Lose all that is on its way; how many that was."""
        lost = len(self._on_the_way)
        for handle in self._on_the_way.values():
            handle.cancel()
        self._on_the_way.clear()
        return lost

    def _arrive(self, number: int, job_id: JobId) -> None:
        del self._on_the_way[number]
        self._answer(job_id)


class Bell:
    """The doorbell as a process reaches it: over the network, and never to be waited for."""

    def __init__(self, doorbell: Doorbell, process: Process, network: Network) -> None:
        self._doorbell = doorbell
        self._process = process
        self._network = network

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Ring; one that fails is lost."""
        call = Call(process=self._process, name="notifier.ring", args=(job_ids,), kwargs={}, subject=SUBJECT.get())
        try:
            await self._network.carry(call, lambda: self._doorbell.ring(job_ids), remote=False)
        except PortError:
            return


def moment(start: datetime, seconds: float) -> datetime:
    """The time of day so many virtual seconds after the start, in whole microseconds."""
    return start + timedelta(microseconds=round(seconds * 1_000_000))


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


if TYPE_CHECKING:
    _: type[JobNotifier] = Bell
