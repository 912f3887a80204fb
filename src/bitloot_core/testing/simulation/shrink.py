"""
Making a failing history short: whatever can be left out, buyers and faults, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.simulation.chance import Chance
from bitloot_core.testing.simulation.simulate import Outcome, simulate
from bitloot_core.testing.simulation.stores import MemoryStore, Store
from bitloot_core.testing.simulation.weather import Weather

T = TypeVar("T")
MOST_RUNS = 300


def shorten(
    failing: Outcome,
    *,
    weather: Weather | None = None,
    store: Callable[[MemoryStorage], Store] = MemoryStore,
    most_runs: int = MOST_RUNS,
) -> Outcome:
    """
    Find a shorter history of the same seed that breaks the same invariant.

    Args:
        failing: an outcome with a violation; `weather` and `store` as they were for it.
        most_runs: how often the seed is run again, at the most.
    """
    search = _Search(failing, weather or Weather.drawn(Chance(failing.seed)), store, most_runs)
    search.leave_out_buyers()
    search.leave_out_faults()
    search.leave_out_buyers()
    return search.shortest


class _Search:
    def __init__(
        self, failing: Outcome, weather: Weather, store: Callable[[MemoryStorage], Store], most_runs: int
    ) -> None:
        self.shortest = failing
        self._weather = weather
        self._store = store
        self._runs_left = most_runs
        self._buyers = tuple(range(1, weather.orders + 1))
        self._faults: tuple[str, ...] | None = None

    def leave_out_buyers(self) -> None:
        """Keep only those buyers without whom nothing happens."""
        self._buyers = self._fewest(self._buyers, lambda kept: self._fails(kept, self._faults))

    def leave_out_faults(self) -> None:
        """Keep only those faults without which nothing happens."""
        struck = tuple(dict.fromkeys(self.shortest.struck))
        self._faults = self._fewest(struck, lambda kept: self._fails(self._buyers, kept))

    def _fails(self, buyers: Sequence[int], faults: Sequence[str] | None) -> bool:
        if not self._runs_left:
            return False
        self._runs_left -= 1
        outcome = simulate(
            self.shortest.seed,
            weather=self._weather,
            only=None if faults is None else frozenset(faults),
            without=frozenset(range(1, self._weather.orders + 1)) - frozenset(buyers),
            store=self._store,
        )
        same = _invariant(outcome) == _invariant(self.shortest)
        if same:
            self.shortest = outcome
        return same

    def _fewest(self, all_: tuple[T, ...], fails: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
        """Take away halves, then quarters, and so on down to single ones, as long as it still fails."""
        kept, size = all_, len(all_) // 2
        while size:
            start = 0
            while start < len(kept):
                rest = (*kept[:start], *kept[start + size :])
                if fails(rest):
                    kept = rest
                else:
                    start += size
            size //= 2
        return kept


def _invariant(outcome: Outcome) -> str | None:
    return outcome.violation.invariant if outcome.violation else None
