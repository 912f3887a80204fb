"""Each defence of what people decide is needed, and so is the sweep: without it, the simulation finds what it stops."""

import pytest
from controls import control, mutants_of
from mutants import Mutant


@pytest.mark.parametrize("mutant", mutants_of("mutants_of_staff"), ids=lambda one: one.name)
def test_a_broken_program_is_caught(mutant: Mutant) -> None:
    """By the invariant that its defence upholds."""
    seen = control(mutant)

    assert seen.is_right, f"{mutant.name}: {seen.survived} seeds, then {seen.caught and seen.caught.violation}"
