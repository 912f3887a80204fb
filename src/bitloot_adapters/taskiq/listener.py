"""
Answering the doorbell inside our own process and loop.

taskiq's own worker program is not used: it restarts processes for ever, abandons what runs when it ends, and on Python
3.11 can miss the signal to end at all. Its `Receiver` reads the messages and finds the task.

**Source:** taskiq 0.13.0, `cli/worker/run.py`, `cli/worker/process_manager.py` and `receiver/receiver.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta

from taskiq import AckableMessage, AsyncBroker
from taskiq.receiver import Receiver
from taskiq.utils import maybe_awaitable

from bitloot_adapters.taskiq.tasks import register_run_job, run_contained
from bitloot_core.values.ids import JobId

_INSIST_SECONDS = 0.5
_MOST_INSISTENCE = 10

_log = logging.getLogger(__name__)


class RingListener:
    """
    Listens to a broker and runs the jobs that are rung for.

    A message is acknowledged before its job runs: whether the job is tried again is up to the job table, not the queue.

    Args:
        broker: started and shut down by whoever opened it.
        run: claims the job and does it. What it raises is logged by its class alone.
        concurrency: how many jobs run at a time; while so many do, further messages stay with the broker.
    """

    def __init__(self, broker: AsyncBroker, run: Callable[[JobId], Awaitable[None]], *, concurrency: int = 16) -> None:
        self._broker = broker
        self._run = run
        self._most = concurrency
        self._in_hand: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        register_run_job(broker, self._take)
        self._receiver = Receiver(broker, max_async_tasks=concurrency, run_startup=False)

    @property
    def in_hand(self) -> int:
        """How many jobs are being done."""
        return len(self._in_hand)

    def start(self) -> None:
        """Begin to listen; returns at once, also while the broker's server is away."""
        self._listening = asyncio.get_running_loop().create_task(self._listen(), name="doorbell")

    async def stop(self, *, grace: timedelta) -> None:
        """
        Stop listening, finish what is in hand within `grace`, and cancel the rest: its leases run out by themselves.

        Args:
            grace: zero if `run` shields its work and somebody else waits for that.
        """
        await self._stop_listening()
        if not self._in_hand:
            return
        _, late = await asyncio.wait(set(self._in_hand), timeout=grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _stop_listening(self) -> None:
        # A cancellation can get lost inside a library (`asyncio.wait_for` on Python 3.11), so it is said again.
        for _ in range(_MOST_INSISTENCE):
            if self._listening is None or self._listening.done():
                return
            self._listening.cancel()
            await asyncio.wait({self._listening}, timeout=_INSIST_SECONDS)

    async def _listen(self) -> None:
        async with aclosing(self._broker.listen()) as messages:
            async for message in messages:
                await self._answer(message)
                # Before the next one is fetched: what stays on the stream can be had by another worker.
                await self._free_hand()

    async def _free_hand(self) -> None:
        while len(self._in_hand) >= self._most:
            await asyncio.wait(set(self._in_hand), return_when=asyncio.FIRST_COMPLETED)

    async def _answer(self, message: bytes | AckableMessage) -> None:
        """Acknowledge a message, whatever it is, then see whether it makes sense."""
        try:
            if isinstance(message, AckableMessage):
                await maybe_awaitable(message.ack())
                message = message.data
            await self._receiver.callback(message)
        except Exception as exc:  # noqa: BLE001 - one message must not end the listening
            _log.warning("ring not understood", extra={"error": type(exc).__name__})

    async def _take(self, job_id: JobId) -> None:
        """Begin a job, in a task of our own: taskiq would swallow its cancellation."""
        task = asyncio.get_running_loop().create_task(run_contained(self._run, job_id), name=f"ring for {job_id}")
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
