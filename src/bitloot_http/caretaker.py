"""
Clearing away what has had its time: bodies of old webhooks, jobs that are long done, idempotency keys of yesterday.

Rows of webhooks and their hashes stay: they are the memory of what has been seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from bitloot_http.ending import end

_LOG = structlog.get_logger("bitloot.caretaker")
EVERY = timedelta(hours=1)
DONE_JOBS_KEPT = timedelta(days=7)
"""How long a job that is done can still be looked at."""

Round = Callable[[], Awaitable[int]]
"""Clears a batch away and tells how many there were; 0 when nothing is left."""


class Caretaker:
    """
    Goes round now and then; several of them at once do no harm.

    Args:
        rounds: what is cleared away, by name.
        every: how long between two rounds.
    """

    def __init__(self, rounds: Mapping[str, Round], *, every: timedelta = EVERY) -> None:
        self._rounds = rounds
        self._every = every.total_seconds()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first round is at once."""
        self._task = asyncio.get_running_loop().create_task(self._go_round(), name="caretaker")

    async def stop(self) -> None:
        """End, between two batches."""
        await end(self._task)

    async def clear(self) -> dict[str, int]:
        """Clear everything away that has had its time; how many of each."""
        return {name: await self._clear(name, batch) for name, batch in self._rounds.items()}

    async def _clear(self, name: str, batch: Round) -> int:
        cleared = 0
        try:
            while found := await batch():
                cleared += found
        except Exception as error:  # noqa: BLE001  # the store is away: there is another round
            _LOG.warning("not cleared away", what=name, error=type(error).__name__)
        return cleared

    async def _go_round(self) -> None:
        while True:
            cleared = {name: count for name, count in (await self.clear()).items() if count}
            if cleared:
                _LOG.info("cleared away", **cleared)
            await asyncio.sleep(self._every)
