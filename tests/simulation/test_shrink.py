"""A failing seed is told as a story that a person can follow: one buyer, and the faults that it takes."""

import pytest
from controls import all_mutants, control

from bitloot_core.testing.simulation import shorten


def test_a_failing_history_is_made_short() -> None:
    """Of some twenty buyers and a hundred faults, those are left without which nothing happens."""
    (mutant,) = (one for one in all_mutants() if one.name == "takes no answer for a no")
    caught = control(mutant).caught
    assert caught is not None

    with pytest.MonkeyPatch.context() as patch:
        mutant.apply(patch)
        short = shorten(caught)

    assert short.violation is not None
    assert short.violation.invariant == "I1"
    assert short.orders == 1
    assert len(short.struck) < 5 < len(caught.struck)
    assert len(short.history) < 40 < len(caught.history)
    assert "was bought 2 times" in short.history.text()


def test_what_holds_is_left_alone() -> None:
    """Without a failure to look for, the search ends with what it was given."""
    (mutant,) = (one for one in all_mutants() if one.name == "skips the audit row")
    caught = control(mutant).caught
    assert caught is not None

    assert shorten(caught, most_runs=0) is caught
