"""Histories full of faults, on the real SQL store: no invariant is broken in any."""

import pytest
from sql_world import SqlStore

from bitloot_core.testing.simulation import simulate

SEEDS = range(1_000, 1_025)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_invariant_is_broken(seed: int) -> None:
    """I1 to I13, after every step and at rest, with SQLite's own check of its pages and rows, and the audit chain."""
    outcome = simulate(seed, store=SqlStore)

    about = outcome.violation.order_id if outcome.violation else None
    assert outcome.violation is None, f"seed {seed}: {outcome.violation}\n{outcome.history.text(about=about)}"


def test_two_runs_of_a_seed_are_the_same_to_the_byte() -> None:
    """Threads, group commits and batches of the real store do not show: what is found can be found again."""
    one, other = (simulate(7, store=SqlStore).history.text() for _ in range(2))

    assert one == other
    assert len(one.splitlines()) > 100
