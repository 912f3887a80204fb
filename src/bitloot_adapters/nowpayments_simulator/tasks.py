"""
The background tasks that the simulator owns.

What lives here: starting, awaiting and ending them. What must not: what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class TaskPool:
    """Tasks that leave no trace when they end well, and whose failures are kept until somebody closes the pool."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run a coroutine in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def idle(self) -> None:
        """Wait until no task is left, those included that are started meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """
        Cancel what still runs and wait for its end.

        Raises:
            ExceptionGroup: tasks of this pool had failed: a defect of the simulator or of a test's own callback.
        """
        running = tuple(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        failures, self._failures = self._failures, []
        if failures:
            raise ExceptionGroup("background work of the simulator failed", failures)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if isinstance(failure, Exception):
            self._failures.append(failure)
