"""The reckoning finds what is wrong: a demo that could not fail would show nothing."""

from typing import Any

import attrs
import pytest

from bitloot_http.demo.evidence import Evidence, Webhooks
from bitloot_http.demo.reckoning import percentile, reckon

HOOKS = Webhooks(
    taken=12, refused=2, unanswered=1, lost=3, stored=10, deliveries=12, statuses={"processed": 9, "ignored": 1}
)
GOOD = Evidence(
    placed=2,
    paid=2,
    through=2,
    needed={"tide": 2, "moth": 1},
    bought={"tide": 2, "moth": 1},
    purchases={"o1-1": 1, "o2-1": 1},
    delivered=("A", "B", "C"),
    held=3,
    revealed=("C", "A", "B"),
    accesses=3,
    webhooks=HOOKS,
    findings={"payment-second": 1},
    expected_findings=1,
    seconds=(0.5, 1.5),
    files=7,
    leaks=(),
)


def failing(evidence: Evidence) -> set[str]:
    """The lines that do not hold."""
    return {tally.subject for tally in reckon(evidence) if tally.holds is False}


def test_a_good_run_holds_in_every_line() -> None:
    """What was lost, repeated or forged on the way is no fault of ours."""
    assert failing(GOOD) == set()


@pytest.mark.parametrize(
    ("changed", "subject"),
    [
        ({"paid": 1}, "orders"),
        ({"through": 1}, "orders"),
        ({"held": 2}, "keys"),
        ({"revealed": ("A", "B")}, "keys"),
        ({"revealed": ("A", "B", "B")}, "keys"),
        ({"revealed": ("A", "B", "X")}, "keys"),
        ({"purchases": {"o1-1": 2, "o2-1": 1}}, "purchases"),
        ({"bought": {"tide": 1, "moth": 2}}, "purchases"),
        ({"bought": {"tide": 3, "moth": 1}}, "keys"),
        ({"findings": {}}, "a person"),
        ({"findings": {"payment-second": 1, "supplier-doubt": 1}}, "a person"),
        ({"accesses": 2}, "audit"),
        ({"leaks": ("bitloot.db",)}, "secrecy"),
        ({"webhooks": attrs.evolve(HOOKS, deliveries=11)}, "webhooks"),
        ({"webhooks": attrs.evolve(HOOKS, statuses={"processed": 9, "pending": 1})}, "webhooks"),
        ({"webhooks": attrs.evolve(HOOKS, statuses={"processed": 9, "failed": 1})}, "webhooks"),
    ],
)
def test_each_thing_that_can_be_wrong_is_found(changed: dict[str, Any], subject: str) -> None:
    """A unit bought twice, a key lost, mixed up or shown without a trace, a webhook that vanished."""
    assert subject in failing(attrs.evolve(GOOD, **changed))


def test_speed_is_told_and_not_judged() -> None:
    """How quick it is depends on the machine."""
    (told,) = (tally for tally in reckon(attrs.evolve(GOOD, seconds=(90.0,))) if tally.holds is None)

    assert "90.0 s" in told.text


def test_no_order_has_no_speed() -> None:
    """A run in which nothing came through still ends with a reckoning."""
    reckon(attrs.evolve(GOOD, seconds=()))


@pytest.mark.parametrize(("percent", "expected"), [(1, 1.0), (50, 2.0), (75, 3.0), (95, 4.0), (100, 4.0)])
def test_a_percentile_is_one_of_the_values(percent: int, expected: float) -> None:
    """Nearest rank: no order took a time that no order took."""
    assert expected == percentile([4.0, 1.0, 3.0, 2.0], percent)
