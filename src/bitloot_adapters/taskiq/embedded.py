"""
The broker inside the service process, for one machine without Redis.

taskiq's own in-memory broker starts every message at once, without a limit, and forgets the running ones when it is
shut down (0.13.0, `InMemoryBroker.kick` and `shutdown`); what is added here is a bounded backlog in front of a fixed
number of workers, and an orderly end.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from datetime import timedelta

from taskiq import BrokerMessage, InMemoryBroker
from taskiq.result_backends.dummy import DummyResultBackend

_log = logging.getLogger(__name__)


class EmbeddedBroker(InMemoryBroker):
    """
    Runs tasks in the running event loop.

    Args:
        workers: how many tasks run at a time.
        backlog: how many messages may wait. One more is dropped: it is a ring, and the job stays in the table.
        drain: how long `shutdown` waits for the tasks that run; then it cancels them.
    """

    def __init__(self, *, workers: int, backlog: int, drain: timedelta) -> None:
        super().__init__(cast_types=False)
        self.with_result_backend(DummyResultBackend())
        self._workers = workers
        self._longest = backlog
        self._drain = drain
        self._waiting: deque[tuple[bytes, contextvars.Context]] = deque()
        self._busy = 0
        self._closing = False

    async def startup(self) -> None:
        """Take messages from now on."""
        self._closing = False
        await super().startup()

    async def kick(self, message: BrokerMessage) -> None:
        """Queue a message; returns at once. Its task runs in the context of whoever sent it."""
        if self._closing or len(self._waiting) >= self._longest:
            _log.info("ring dropped", extra={"waiting": len(self._waiting), "closing": self._closing})
            return
        self._waiting.append((message.message, contextvars.copy_context()))
        # Counted by the workers themselves: a task that has found nothing more to do is among the running ones until
        # the loop comes round, and a message that counted on it would be stranded.
        if self._busy < self._workers:
            self._busy += 1
            worker = asyncio.create_task(self._work())
            # The loop itself keeps only weak references to tasks.
            self._running_tasks.add(worker)
            worker.add_done_callback(self._running_tasks.discard)

    async def shutdown(self) -> None:
        """Forget what waits, let what runs come to its end, cancel what takes too long."""
        self._closing = True
        self._waiting.clear()
        if running := set(self._running_tasks):
            _, late = await asyncio.wait(running, timeout=self._drain.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await super().shutdown()

    async def _work(self) -> None:
        try:
            while self._waiting:
                message, context = self._waiting.popleft()
                await asyncio.create_task(self.receiver.callback(message), context=context)
        finally:
            self._busy -= 1


def build_broker(
    *, workers: int = 16, backlog: int = 10_000, drain: timedelta = timedelta(seconds=20)
) -> EmbeddedBroker:
    """
    Make the broker of a service without Redis.

    It neither loses a job when the process dies nor needs to keep messages: the job table has them.
    """
    return EmbeddedBroker(workers=workers, backlog=backlog, drain=drain)
