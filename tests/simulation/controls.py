"""Running the mutants: how many seeds each survives before the simulation catches it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import mutants_of_buying  # noqa: F401  # adds its mutants to the list
import mutants_of_running  # noqa: F401  # the same
import mutants_of_sql  # the same
import mutants_of_staff  # noqa: F401  # the same
import pytest
from mutants import MUTANTS, Mutant
from sql_world import SqlStore

from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.simulation import Outcome, simulate
from bitloot_core.testing.simulation.stores import MemoryStore, Store

MOST_SEEDS = 120


@attrs.frozen(kw_only=True)
class Control:
    """
    What came of one mutant.

    Attributes:
        survived: how many seeds saw nothing before one did.
        caught: the seed's outcome that shows it; None if none did.
    """

    mutant: Mutant
    survived: int
    caught: Outcome | None

    @property
    def is_right(self) -> bool:
        """Whether it was caught, and by an invariant that it is a control for."""
        if self.caught is None or self.caught.violation is None:
            return False
        return self.caught.violation.invariant in self.mutant.invariants.split()


def control(mutant: Mutant, seeds: Iterable[int] = range(MOST_SEEDS)) -> Control:
    """Break the program, and run seeds until one of them shows it."""
    survived = 0
    of_sql = mutant.apply.__module__ == mutants_of_sql.__name__
    store: Callable[[MemoryStorage], Store] = SqlStore if of_sql else MemoryStore
    with pytest.MonkeyPatch.context() as patch:
        mutant.apply(patch)
        for seed in seeds:
            outcome = simulate(seed, store=store)
            if outcome.violation is not None:
                return Control(mutant=mutant, survived=survived, caught=outcome)
            survived += 1
    return Control(mutant=mutant, survived=survived, caught=None)


def all_mutants() -> list[Mutant]:
    """Every mutant, by the invariants that it is a control for."""
    return sorted(MUTANTS, key=lambda one: (int(one.invariants.split()[0][1:]), one.name))


def mutants_of(module: str) -> list[Mutant]:
    """The mutants that one module has."""
    return [one for one in all_mutants() if one.apply.__module__ == module]


def table(controls: Iterable[Control]) -> Iterator[str]:
    """The controls as a table in Markdown, a line each."""
    yield "| invariant | the program, if it ... | seeds survived | caught by |"
    yield "|---|---|---|---|"
    for one in controls:
        found: Any = one.caught.violation if one.caught else None
        caught = f"{found}".replace("|", "/") if found else "**nothing**"
        yield f"| {one.mutant.invariants} | {one.mutant.name} | {one.survived} | {caught} |"
