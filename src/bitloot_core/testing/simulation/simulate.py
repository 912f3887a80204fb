"""
Running a seed: the one function that everything else here is for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping

import attrs

from bitloot_core.order.status import status_of
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.simulation.chance import Chance
from bitloot_core.testing.simulation.history import History
from bitloot_core.testing.simulation.stores import MemoryStore, Store
from bitloot_core.testing.simulation.violation import Violation
from bitloot_core.testing.simulation.virtual_loop import VirtualLoop
from bitloot_core.testing.simulation.weather import Weather
from bitloot_core.testing.simulation.world import World


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What came of one seed.

    Attributes:
        orders: how many were placed.
        kills: how often a process died.
        hours: how much virtual time passed.
        ends: how many orders came to which end, by status.
        recovered: how long after the supplier's last delivery each order was fulfilled, in virtual seconds.
        violation: what was found; None if every invariant held.
        faults: how often each kind of fault struck.
        struck: the names of all faults that could be left out.
    """

    seed: int
    orders: int
    kills: int
    hours: float
    ends: Counter[str]
    recovered: Mapping[str, float]
    violation: Violation | None
    faults: Counter[str]
    struck: tuple[str, ...]
    history: History

    @property
    def fingerprint(self) -> str:
        """Equal for equal histories."""
        return hashlib.sha256(self.history.text().encode()).hexdigest()


def simulate(
    seed: int,
    *,
    weather: Weather | None = None,
    only: frozenset[str] | None = None,
    without: frozenset[int] = frozenset(),
    store: Callable[[MemoryStorage], Store] = MemoryStore,
) -> Outcome:
    """
    Live one history of a shop, with everything going wrong that the seed has it.

    The same arguments give the same outcome, to the byte of the history, in any process.

    Args:
        weather: how bad it is; drawn from the seed, unless it is given.
        only: the names of the faults that may strike; all, if it is None.
        without: the numbers of the buyers who do not come.
        store: makes the store, given the one in memory.
    """
    loop = VirtualLoop()
    loop.set_exception_handler(lambda *_: None)  # what died with its process is nobody's to hear of
    try:
        asyncio.set_event_loop(None)
        world = World(
            loop,
            seed=seed,
            weather=weather or Weather.drawn(Chance(seed)),
            only=only,
            without=without,
            store=store,
        )
        loop.run_until_complete(world.run())
        orders = [world.scene.store.order(order_id) for order_id in world.scene.store.order_ids()]
        return Outcome(
            seed=seed,
            orders=len(orders),
            kills=world.kills,
            hours=loop.time() / 3600,
            ends=Counter(str(status_of(order)) for order in orders if order is not None),
            recovered=world.scene.facts.recovered,
            violation=world.violation,
            faults=world.scene.history.faults,
            struck=tuple(world.scene.fates.struck),
            history=world.scene.history,
        )
    finally:
        loop.close()
