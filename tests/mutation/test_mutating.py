"""Changes are made where they can be noticed, are told apart from noticed ones, and add up."""

from pathlib import Path

import attrs
import pytest
from judge import Judge, Limits, functions_of, swap
from mutations import WORDS, Mutation, mutated, mutations_of
from verdicts import KILLED, SURVIVED, Ledger, Verdict, explained, report

SHOP = '''
"""A module like those that are changed."""


class Till:
    """It adds."""

    def __init__(self, start):
        """Begin."""
        super().__init__()
        self.sum = start

    def add(self, price, count=1):
        """Take money."""
        if price < 0 or count < 1:
            raise ValueError(f"not {price} times {count}")
        self.sum += price * count
        return self.sum


def all_of(prices):
    """Hand them on."""
    for price in prices:
        yield price


def never(kind):
    """Whatever comes."""
    return kind  # pragma: no cover
'''


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The module as a file."""
    path = tmp_path / "shop.py"
    path.write_text(SHOP, encoding="utf-8")
    return path


def made(module: Path, change: str) -> Mutation:
    """The change that reads like this."""
    return next(one for one in mutations_of(module) if one.what.endswith(change))


def running(module: Path) -> dict[str, object]:
    """The module's own names, as if it had been imported."""
    names: dict[str, object] = {}
    exec(compile(module.read_text(encoding="utf-8"), str(module), "exec"), names)  # noqa: S102 - our own text, above
    return names


def test_every_change_leads_to_code(module: Path) -> None:
    """And has a name of its own; docstrings, defaults and what is not covered anyway are left alone."""
    changes = list(mutations_of(module))

    codes = [mutated(one.path, one.where, one.number) for one in changes]

    assert len({one.name for one in changes}) == len(changes) == len(codes)
    assert {one.where for one in changes} == {"Till.__init__", "Till.add", "all_of"}


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ("price < 0 -> price <= 0", 12),
        ("self.sum += price * count -> self.sum -= price * count", -12),
        ("price * count -> price / count", 0.75),
        ("super().__init__() -> pass", 12),
    ],
)
def test_a_function_is_changed_where_it_runs(module: Path, change: str, total: float) -> None:
    """Whoever holds it already runs the changed code; one that calls `super` can be changed, too."""
    till = running(module)["Till"]

    swap(made(module, change), functions_of((module.parent,)))

    assert till(0).add(3, 4) == total  # type: ignore[operator]  # what runs here has no types


def test_a_generator_that_yields_nothing_is_still_one(module: Path) -> None:
    """It must not fail where it is called."""
    all_of = running(module)["all_of"]

    swap(made(module, "yield price -> pass"), functions_of((module.parent,)))

    assert list(all_of([1, 2])) == []  # type: ignore[operator]  # what runs here has no types


def test_what_runs_nowhere_cannot_be_changed(module: Path) -> None:
    """A verdict about it would be about nothing."""
    with pytest.raises(LookupError, match="runs nowhere"):
        swap(made(module, "price < 0 -> price <= 0"), {})


def test_a_sentence_is_told_apart(module: Path) -> None:
    """Only a person would notice that it reads differently."""
    assert {one.what.rpartition(": ")[2] for one in mutations_of(module) if one.kind == WORDS} == {
        "'not ' -> 'XXnot XX'",
        "' times ' -> 'XX times XX'",
    }


def test_a_verdict_is_of_a_change_and_not_of_its_place(module: Path, tmp_path: Path) -> None:
    """A line more above it changes nothing; the last verdict counts."""
    change = made(module, "price < 0 -> price <= 0")
    ledger = Ledger(path=tmp_path / "verdicts.jsonl")
    for verdict in (SURVIVED, KILLED):
        ledger.add(Verdict(name=change.name, what=change.what, verdict=verdict))

    module.write_text(f"# A line more.\n{SHOP}", encoding="utf-8")

    (found,) = ledger.read().values()
    assert found.verdict == KILLED
    assert found.is_of(made(module, "price < 0 -> price <= 0"))
    assert not found.is_of(made(module, "price * count -> price / count"))


def test_the_report_says_what_lives_without_a_reason(module: Path) -> None:
    """And what has one, and is dead; what is equivalent does not count against the tests."""
    first, second, third, *_ = (one for one in mutations_of(module) if one.kind != WORDS)
    verdicts = {
        one.name: Verdict(name=one.name, what=one.what, verdict=verdict)
        for one, verdict in ((first, KILLED), (second, SURVIVED), (third, SURVIVED))
    }
    reasons = {second.what: ("equivalent", "it is the same"), first.what: ("left", "it was hard")}

    lines = list(report({"shop": [first, second, third]}, verdicts, reasons))

    assert "| shop | 3 | 1 | 1 | 0 | 0 | 1 | 50.0 % |" in lines
    assert any(line.startswith("survived: ") and third.what in line for line in lines)
    assert f"explained, and not alive: {first.what}" in lines


def test_an_explanation_has_a_class_and_a_reason(tmp_path: Path) -> None:
    """One without is none."""
    path = tmp_path / "explained.txt"
    path.write_text("# a comment\nequivalent | a | b -> c | the same\n", encoding="utf-8")
    assert explained(path) == {"a | b -> c": ("equivalent", "the same")}

    path.write_text("because | a -> b | why not\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"explained\.txt:1 is not"):
        explained(path)


def test_what_is_explained_here_can_be_read() -> None:
    """The list of this repository."""
    assert {word for word, _ in explained().values()} <= {"equivalent", "told", "left"}


def test_a_change_is_judged_by_the_tests_that_come_by(module: Path, tmp_path: Path) -> None:
    """Quickest first, as many as fit into the time, and at least one."""
    change = made(module, "price < 0 -> price <= 0")
    limits = Limits(seconds=1, processes=1)
    judge = Judge(
        sources=(tmp_path,), mutations=(change,), ledger=Ledger(path=tmp_path / "v"), limits=limits, say=print
    )
    judge.seconds.update({"slow": 3.0, "quick": 0.1, "other": 0.8, "third": 0.2})
    judge.items.update(dict.fromkeys(judge.seconds))

    lines = {change.lines[0]: ["slow", "quick", "other", "third", "it fails by itself"]}

    assert judge.tests_of(change, lines) == ["quick", "third"]
    assert judge.tests_of(change, {change.lines[0]: ["slow"]}) == ["slow"]
    assert judge.tests_of(attrs.evolve(change, lines=(1, 1)), lines) == []
