"""
Every small change to the core, and whether a test notices it: `make mutants`.

Goes on where it was stopped: only what has no verdict is judged, or what was written anew since. A verdict "killed"
stays; `--anew` judges everything once more, and `--again` what lives, after tests were written. Ends with a report.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest
from judge import Judge, Limits
from mutations import WORDS, Mutation, mutations_of
from rich.console import Console
from verdicts import LIVING, Ledger, Verdict, explained, report

PACKAGES = ("values", "order", "ports", "usecases")
TESTS = (
    "tests/unit/core",
    "tests/unit/usecases",
    "tests/unit/test_any_page.py",
    "tests/unit/test_memory_faults.py",
    "tests/unit/test_order_builders.py",
    "tests/unit/test_scenario.py",
    "tests/contract/test_fake_*.py",
    "tests/contract/test_broken_*.py",
    "tests/contract/test_memory_storage.py",
)
"""Those that need no server: the rest of the tests would notice some more, and take hours."""
_QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov", "-p", "no:randomly", "-o", "timeout=0")


def main() -> int:
    """Judge what the command line asks for; returns what the process exits with."""
    asked = _parser().parse_args()
    ledger = Ledger(path=asked.folder / "verdicts.jsonl")
    asked.folder.mkdir(parents=True, exist_ok=True)
    packages = _mutations(asked.root / "src/bitloot_core")
    todo = tuple(_wanted(packages, {} if asked.anew else ledger.read(), asked))
    say = Console(soft_wrap=True, highlight=False, markup=False).print
    code = 0
    if todo and not asked.report:
        say(f"{len(todo)} changes to judge.")
        judge = Judge(
            sources=tuple(asked.root / "src/bitloot_core" / name for name in PACKAGES),
            mutations=todo,
            ledger=ledger,
            limits=Limits(seconds=asked.seconds, processes=asked.processes),
            say=say,
        )
        tests = [str(path) for pattern in asked.tests for path in sorted(asked.root.glob(pattern))]
        code = int(pytest.main([*_QUIET, *tests], plugins=[judge]))
    for line in report(packages, ledger.read(), explained()):
        say(line)
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Change the core in small ways, and see whether a test notices.")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the repository")
    parser.add_argument("--folder", type=Path, default=Path("build/mutants"), help="where the verdicts are kept")
    parser.add_argument("--only", default="", help="only changes with this in their name, `order/effects:` say")
    parser.add_argument("--again", action="store_true", help="judge once more what lives")
    parser.add_argument("--anew", action="store_true", help="judge everything, whatever was found before")
    parser.add_argument("--report", action="store_true", help="judge nothing")
    parser.add_argument("--seconds", type=float, default=2.5, help="for the tests of one change together")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="changes at once")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="which tests are to notice")
    return parser


def _mutations(core: Path) -> dict[str, list[Mutation]]:
    return {
        name: [mutation for path in sorted((core / name).glob("*.py")) for mutation in mutations_of(path)]
        for name in PACKAGES
    }


def _wanted(packages: dict[str, list[Mutation]], done: dict[str, Verdict], asked: argparse.Namespace) -> list[Mutation]:
    """What has no verdict yet, and with `--again` what lives, in the order of the modules."""
    every = (mutation for mutations in packages.values() for mutation in mutations if mutation.kind != WORDS)
    wanted: list[Mutation] = []
    for mutation in every:
        verdict = done.get(mutation.name)
        is_done = verdict is not None and verdict.is_of(mutation)
        lives = verdict is not None and verdict.verdict in LIVING
        if asked.only in mutation.name and (not is_done or (asked.again and lives)):
            wanted.append(mutation)
    return wanted


if __name__ == "__main__":
    sys.exit(main())
