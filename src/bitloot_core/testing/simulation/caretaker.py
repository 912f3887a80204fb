"""
What a shop does by itself now and then, whatever happens: it looks for lost jobs, and sets its books against the world.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bitloot_core.testing.simulation.front_door import AGENT, NOBODY, FrontDoor
from bitloot_core.testing.simulation.scene import START, Scene
from bitloot_core.usecases.reconcile import Report, reconcile
from bitloot_core.usecases.reconcile_desk import Terms
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.sweep import sweep
from bitloot_core.values.errors import BitlootError

_EVERY = 900.0
_RECONCILES_EACH = 4
_SWEEPS_AFTERWARDS = 8
_UNTOUCHED_FOR = timedelta(minutes=10)
WHO = "caretaker"


class Caretaker:
    """Comes by every quarter of an hour, while the storm lasts; and afterwards, if jobs were lost."""

    def __init__(self, scene: Scene, door: FrontDoor) -> None:
        self._scene = scene
        self._door = door

    async def live(self) -> None:
        """Sweep each time, and reconcile every hour."""
        rounds = 0
        while self._scene.is_storm:
            await asyncio.sleep(_EVERY)
            rounds += 1
            await self._look_after(everything=rounds % _RECONCILES_EACH == 0)
        # Where nothing was lost nobody sweeps after the storm: the orders must come to rest by themselves.
        for _ in range(_SWEEPS_AFTERWARDS if self._scene.facts.robbed else 0):
            await asyncio.sleep(_EVERY)
            await self._look_after(everything=False)

    async def _look_after(self, *, everything: bool) -> None:
        try:
            asked = await self._door.ask("", sweep_once)
            if everything:
                await self._door.ask("", reconcile_once)
        except BitlootError as error:
            self._scene.history.add(WHO, f"is turned away: {type(error).__name__}")
        else:
            self._scene.history.add(WHO, f"asks again for {asked} job(s)")


async def sweep_once(shop: Shop) -> int:
    """Ask for the jobs that orders and webhooks lack; how many there were."""
    return sum([asked async for asked in sweep(shop, untouched_for=_UNTOUCHED_FOR)])


async def reconcile_once(shop: Shop) -> Report:
    """Set the books against supplier, gateway and vault; keys are opened, and shown to nobody."""
    AGENT.set(NOBODY)
    return await reconcile(shop, Terms(since=START - timedelta(days=1), by=WHO, deep=True), rest=_rest)


async def _rest(pause: timedelta) -> None:
    await asyncio.sleep(pause.total_seconds())
