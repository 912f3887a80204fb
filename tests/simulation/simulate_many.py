"""
Thousands of seeds, on all cores: `make simulate SEEDS=10000`.

Each seed is a line in a file as soon as it is done, so that a run which was stopped goes on where it was. What breaks
an invariant is run again with ever less in it, and its shortest history is printed. Ends with a report in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from controls import all_mutants, control, table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sql_world import SqlStore

from bitloot_core.testing.simulation import Outcome, shorten, simulate
from bitloot_core.testing.simulation.history import clock
from bitloot_core.testing.simulation.stores import MemoryStore

STORES = {"memory": MemoryStore, "sqlite": SqlStore}
CHUNK = 10
Line = dict[str, Any]


def lived(seeds: Iterable[int], store: str) -> list[Line]:
    """What is worth keeping of some seeds; in a process of its own."""
    return [_lived(seed, store) for seed in seeds]


def _lived(seed: int, store: str) -> Line:
    try:
        outcome = simulate(seed, store=STORES[store])
    except Exception as error:  # noqa: BLE001 - it is told like a broken invariant, and the other seeds go on
        told = {"text": f"fell over: {error!r}", "history": traceback.format_exc()}
        empty = {"ends": {}, "faults": {}, "slowest": [], "fingerprint": ""}
        return {"seed": seed, "orders": 0, "kills": 0, "hours": 0.0, **empty, "violation": told}
    return _line(outcome, store)


def _line(outcome: Outcome, store: str) -> Line:
    violation = None
    if outcome.violation is not None:
        short = shorten(outcome, store=STORES[store])
        about = short.violation.order_id if short.violation else None
        violation = {"text": str(outcome.violation), "history": short.history.text(about=about)}
    slowest = sorted(outcome.recovered.items(), key=lambda one: -one[1])[:3]
    return {
        "seed": outcome.seed,
        "orders": outcome.orders,
        "kills": outcome.kills,
        "hours": round(outcome.hours, 2),
        "ends": dict(outcome.ends),
        "faults": dict(outcome.faults),
        "slowest": [(round(seconds, 1), order_id) for order_id, seconds in slowest],
        "fingerprint": outcome.fingerprint,
        "violation": violation,
    }


class Record:
    """
    The lines of one store and one state of the program, in a file.

    Args:
        commit: names the state of the program; lines of another one are not counted.
    """

    def __init__(self, folder: Path, store: str, commit: str) -> None:
        """Read what is there."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{store}-{commit}.jsonl"
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        self.lines: list[Line] = list(_whole(text.splitlines()))

    def add(self, lines: Iterable[Line]) -> None:
        """Write down what is done."""
        with self.path.open("a", encoding="utf-8") as file:
            for line in lines:
                self.lines.append(line)
                file.write(json.dumps(line) + "\n")


def _whole(lines: Iterable[str]) -> Iterator[Line]:
    """The lines that were written to their end."""
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def run(record: Record, store: str, seeds: range, workers: int, console: Console) -> None:
    """Live every seed that is not in the record yet."""
    done = {line["seed"] for line in record.lines}
    left = [seed for seed in seeds if seed not in done]
    chunks = iter([left[start : start + CHUNK] for start in range(0, len(left), CHUNK)])
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        ProcessPoolExecutor(workers) as pool,
        Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task(f"seeds on {store}", total=len(seeds), completed=len(seeds) - len(left))
        running: set[Future[list[Line]]] = set()
        while True:
            for chunk in chunks:
                running.add(pool.submit(lived, chunk, store))
                if len(running) >= workers * 2:
                    break
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                lines = future.result()
                record.add(lines)
                bar.advance(task, len(lines))
                for line in lines:
                    if line["violation"]:
                        console.print(f"seed {line['seed']}: {line['violation']['text']}", markup=False)
                        console.print(line["violation"]["history"], markup=False, highlight=False)


def report(records: dict[str, Record], commit: str) -> Iterator[str]:
    """What came of all of it, as Markdown."""
    yield f"Program at commit `{commit}`."
    yield ""
    yield "| store | seeds | orders | faults | deaths of a process among them | virtual hours | violations |"
    yield "|---|---|---|---|---|---|---|"
    for store, record in records.items():
        lines = record.lines
        faults = sum(sum(line["faults"].values()) for line in lines)
        broken = sum(line["violation"] is not None for line in lines)
        orders, kills = sum(line["orders"] for line in lines), sum(line["kills"] for line in lines)
        hours = sum(line["hours"] for line in lines)
        yield f"| {store} | {len(lines):,} | {orders:,} | {faults:,} | {kills:,} | {hours:,.0f} | {broken} |"
    every = [line for record in records.values() for line in record.lines]
    yield ""
    yield f"Faults: {_counted(line['faults'] for line in every)}."
    yield ""
    yield f"How the orders ended: {_counted(line['ends'] for line in every)}."
    yield ""
    slowest = sorted(((*one, line["seed"]) for line in every for one in line["slowest"]), reverse=True)[:5]
    told = ", ".join(f"{clock(seconds)} (seed {seed}, {order})" for seconds, order, seed in slowest)
    yield f"Slowest recoveries, from the supplier's last delivery to the fulfilled order: {told}."
    for line in every:
        if line["violation"]:
            yield f"\nSeed {line['seed']}: {line['violation']['text']}"


def _counted(counts: Iterable[dict[str, int]]) -> str:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return ", ".join(f"{what} {count:,}" for what, count in total.most_common())


def run_controls(console: Console) -> bool:
    """Run the mutants, print their table; whether each was caught as it should be."""
    controls = []
    for mutant in all_mutants():
        controls.append(control(mutant))
        console.print(f"{mutant.name}: {controls[-1].survived} seeds", markup=False, highlight=False)
    for line in table(controls):
        sys.stdout.write(line + "\n")
    return all(one.is_right for one in controls)


def _commit() -> str:
    git = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main() -> int:
    """Run what the command line asks for; 1 if an invariant is broken, or a control was not caught."""
    parser = argparse.ArgumentParser(description="Live simulated histories of the shop, and check every invariant.")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--store", choices=(*STORES, "both"), default="both", help="both: each fifth on SQLite")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    parser.add_argument("--folder", type=Path, default=Path("build/simulation"), help="where the lines are kept")
    parser.add_argument("--commit", default=_commit(), help="names the state of the program")
    parser.add_argument("--controls", action="store_true", help="run the mutants instead, and print their table")
    asked = parser.parse_args()
    console = Console(stderr=True)
    if asked.controls:
        return 0 if run_controls(console) else 1
    last = asked.first + asked.seeds
    ranges = {
        "memory": range(asked.first, last if asked.store == "memory" else last - asked.seeds // 5),
        "sqlite": range(asked.first if asked.store == "sqlite" else last - asked.seeds // 5, last),
    }
    stores = STORES if asked.store == "both" else (asked.store,)
    records = {store: Record(asked.folder, store, asked.commit) for store in stores}
    for store, record in records.items():
        run(record, store, ranges[store], asked.workers, console)
    sys.stdout.write("\n".join(report(records, asked.commit)) + "\n")
    return 1 if any(line["violation"] for record in records.values() for line in record.lines) else 0


if __name__ == "__main__":
    sys.exit(main())
