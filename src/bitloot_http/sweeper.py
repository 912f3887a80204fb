"""
Looking now and then for orders and webhooks that lost their jobs. There are none, unless jobs were lost.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.sweep import sweep
from bitloot_http.ending import end

_LOG = structlog.get_logger("bitloot.sweeper")
LOOKS_A_SWEEP = 12
"""How many looks for due jobs go to one sweep: with a look every five seconds, it is one a minute."""
_REST_SECONDS = 0.02
"""After each page, so that a sweep through a large shop holds nobody up."""


class Sweeper:
    """
    Sweeps again and again; several of them at once do no harm.

    Args:
        shop: what is swept.
        every: the pause between two sweeps; what was written later than so long ago is left alone.
    """

    def __init__(self, shop: Shop, *, every: timedelta) -> None:
        self._shop = shop
        self._every = every
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first sweep is at once."""
        self._task = asyncio.get_running_loop().create_task(self._sweep_on(), name="sweeper")

    async def stop(self) -> None:
        """End, between two pages or within one: whatever was asked for stays asked for."""
        await end(self._task)

    async def sweep(self) -> int:
        """Sweep once; how many jobs were asked for."""
        asked = 0
        async for found in sweep(self._shop, untouched_for=self._every):
            asked += found
            await asyncio.sleep(_REST_SECONDS)
        return asked

    async def _sweep_on(self) -> None:
        while True:
            try:
                asked = await self.sweep()
            except Exception as error:  # noqa: BLE001  # the store is away: there is another sweep
                _LOG.warning("cannot sweep", error=type(error).__name__)
            else:
                if asked:
                    _LOG.warning("asked again for jobs that were lost", jobs=asked)
            await asyncio.sleep(self._every.total_seconds())
