"""
What became of each change, a line each in a file; what is said of those that live; and what it comes to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from mutations import WORDS, Mutation

KILLED = "killed"
SURVIVED = "survived"
NO_TEST = "no test"
LIVING = frozenset({SURVIVED, NO_TEST})
CLASSES = ("equivalent", "told", "left")
"""
`equivalent`: no test could tell the two apart. `told`: only the words or the name in an error differ, for a person.
`left`: a test could tell, and none does.
"""
EXPLAINED = Path(__file__).with_name("explained.txt")


@attrs.frozen(kw_only=True)
class Verdict:
    """
    What became of one change.

    Attributes:
        name: the change, by its function and number; `what` is the change itself.
        verdict: `killed`, `survived`, `no test`, or `error` if it could not be made.
        by: the test that noticed it, or what went wrong.
    """

    name: str
    what: str
    verdict: str
    by: str = ""

    def is_of(self, mutation: Mutation) -> bool:
        """Whether it still is about this change: the function may have been written anew since."""
        return (self.name, self.what) == (mutation.name, mutation.what)


@attrs.frozen(kw_only=True)
class Ledger:
    """The verdicts of all runs, in one file to which each is added as soon as it is there."""

    path: Path

    def read(self) -> dict[str, Verdict]:
        """The last verdict on each change, by the change's name."""
        if not self.path.exists():
            return {}
        lines: Iterable[dict[str, Any]] = map(json.loads, self.path.read_text(encoding="utf-8").splitlines())
        return {line["name"]: Verdict(**line) for line in lines}

    def add(self, verdict: Verdict) -> None:
        """Write one down."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(attrs.asdict(verdict)) + "\n")


def explained(path: Path = EXPLAINED) -> dict[str, tuple[str, str]]:
    """
    What is said of changes that live: the class and the reason, by the change itself.

    A line each, `class | change | reason`.

    Raises:
        ValueError: a line is not like that.
    """
    found: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        word, *rest = line.split(" | ")
        if word not in CLASSES or len(rest) < 2 or not rest[-1]:
            raise ValueError(f"{path.name}:{number} is not `class | change | reason`")
        found[" | ".join(rest[:-1])] = (word, rest[-1])
    return found


def report(
    packages: Mapping[str, Iterable[Mutation]],
    verdicts: Mapping[str, Verdict],
    reasons: Mapping[str, tuple[str, str]],
) -> Iterator[str]:
    """
    A table with a row for each package, then what lives and is not explained, then what is explained and dead.

    Args:
        packages: the changes of each.
        reasons: what is said of those that live, by `Mutation.what`.
    """
    yield "| package | judged | killed | equivalent | told | left | not explained | killed of what is not equivalent |"
    yield "|---|---|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    unexplained: list[str] = []
    dead: set[str] = set()
    alive: set[str] = set()
    for package, mutations in packages.items():
        counts: Counter[str] = Counter()
        for mutation in mutations:
            if mutation.kind == WORDS:
                continue
            verdict = verdicts.get(mutation.name)
            if verdict is None or not verdict.is_of(mutation):
                counts["not judged"] += 1
                continue
            word = verdict.verdict
            (dead if word == KILLED else alive).add(mutation.what)
            if word != KILLED:
                word = reasons.get(mutation.what, ("not explained", ""))[0]
            if word == "not explained":
                where = f"{mutation.path.parent.name}/{mutation.path.name}:{mutation.lines[1]}"
                unexplained.append(f"{verdict.verdict}: {where} {mutation.what} {verdict.by}".rstrip())
            counts[word] += 1
        total += counts
        yield _row(package, counts)
    yield _row("together", total)
    if total["not judged"]:
        yield f"Not judged yet: {total['not judged']}."
    yield from unexplained
    yield from (f"explained, and not alive: {what}" for what in reasons if what in dead - alive)


def _row(name: str, counts: Counter[str]) -> str:
    words = (KILLED, *CLASSES, "not explained")
    judged = sum(counts[word] for word in words)
    matter = judged - counts["equivalent"]
    share = f"{100 * counts[KILLED] / matter:.1f} %" if matter else "-"
    return f"| {name} | {judged} | " + " | ".join(str(counts[word]) for word in words) + f" | {share} |"
