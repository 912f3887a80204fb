"""`make simulate` goes on where it was stopped, and says what came of it."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from simulate_many import Record, lived, report, run

from bitloot_core.testing.simulation import Outcome, simulate

QUIET = Console(quiet=True)


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    """A line that was broken off is lived again; the others are not, and the same seeds give the same lines."""
    run(Record(tmp_path, "memory", "abc"), "memory", range(3), 1, QUIET)
    path = Record(tmp_path, "memory", "abc").path
    whole = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*whole[:2], whole[2][:40]]) + "\n", encoding="utf-8")

    run(Record(tmp_path, "memory", "abc"), "memory", range(4), 1, QUIET)

    again = Record(tmp_path, "memory", "abc").lines
    assert {line["seed"] for line in again} == {0, 1, 2, 3}
    assert json.loads(whole[2]) in again
    assert Record(tmp_path, "memory", "another").lines == []


def test_the_report_counts_what_happened(tmp_path: Path) -> None:
    """Orders, faults, deaths, hours, violations."""
    record = Record(tmp_path, "memory", "abc")
    run(record, "memory", range(2), 1, QUIET)

    told = "\n".join(report({"memory": record}, "abc"))

    orders = sum(line["orders"] for line in record.lines)
    assert f"| memory | 2 | {orders} |" in told
    assert "| 0 |\n" in told
    assert "Slowest recoveries" in told


def test_a_seed_that_falls_over_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected counts as a violation; a run of a night does not end with it."""

    def falls(seed: int, **how: object) -> Outcome:
        """Fall over the second seed."""
        if seed == 1:
            raise IndexError("tuple index out of range")
        return simulate(seed, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("simulate_many.simulate", falls)

    lines = lived(range(3), "memory")

    assert [line["seed"] for line in lines] == [0, 1, 2]
    assert [line["violation"] and line["violation"]["text"] for line in lines] == [
        None,
        "fell over: IndexError('tuple index out of range')",
        None,
    ]
