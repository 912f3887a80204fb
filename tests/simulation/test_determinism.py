"""A seed is a history: the same one each time, wherever it is run."""

import subprocess
import sys

import pytest

from bitloot_core.testing.simulation import simulate

RUN = """
import sys
from bitloot_core.testing.simulation import simulate

sys.stdout.write(simulate(int(sys.argv[1])).history.text())
"""


def history_elsewhere(seed: int, *, hash_seed: int) -> str:
    """The history of a seed, from a process that scatters its sets and dictionaries in another way."""
    environment = {"PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-c", RUN, str(seed)]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment, timeout=120, encoding="utf-8"
    ).stdout


@pytest.mark.parametrize("seed", [3, 8])
def test_two_runs_of_a_seed_are_the_same_to_the_byte(seed: int) -> None:
    """In this process and in others, whatever the order of their sets: what a seed shows can be shown again."""
    here = simulate(seed).history.text()

    assert here == simulate(seed).history.text()
    assert {here} == {history_elsewhere(seed, hash_seed=number) for number in (1, 2)}
    assert len(here.splitlines()) > 100


def test_another_seed_is_another_history() -> None:
    """Seeds are worth running."""
    assert simulate(1).fingerprint != simulate(2).fingerprint
