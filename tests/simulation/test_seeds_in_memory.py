"""Histories full of faults, on the store in memory: no invariant is broken in any."""

from collections import Counter

import pytest

from bitloot_core.testing.simulation import Outcome, Weather, simulate
from bitloot_core.testing.simulation.chance import Chance

SEEDS = range(100)


def told(outcome: Outcome) -> str:
    """What a person needs to see of a violation."""
    about = outcome.violation.order_id if outcome.violation else None
    return f"seed {outcome.seed}: {outcome.violation}\n{outcome.history.text(about=about)}"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Each seed, lived to its end."""
    return [simulate(seed) for seed in SEEDS]


def test_no_invariant_is_broken(outcomes: list[Outcome]) -> None:
    """I1 to I13, after every step and at rest."""
    assert [told(outcome) for outcome in outcomes if outcome.violation is not None] == []


def test_everything_that_can_go_wrong_does(outcomes: list[Outcome]) -> None:
    """A simulation in which nothing happens proves nothing."""
    faults = sum((outcome.faults for outcome in outcomes), start=Counter())

    assert set(faults) >= {
        *("refused", "request lost", "answer lost", "late effect", "object spoiled", "rings flushed"),
        *("process dies", "process stands still", "supplier cancels", "supplier refunds", "key sold before"),
        *("webhook vanishes", "webhook repeated", "webhook forged", "webhook given up", "notice lies"),
    }
    assert sum(outcome.orders for outcome in outcomes) > 10 * len(outcomes)
    assert sum(outcome.kills for outcome in outcomes) > 20 * len(outcomes)


def test_a_calm_day_is_one_without_faults() -> None:
    """Every buyer pays and gets keys, or is told that there are none: what breaks in a storm is broken by it."""
    calm = simulate(4, weather=Weather(orders=12, processes=2, storm=3_600))

    assert (calm.violation, calm.faults.total(), calm.kills, calm.orders) == (None, 0, 0, 12)
    assert calm.history.text().count("-> fulfilled") + calm.history.text().count("(out-of-stock)") == 12


def test_the_weather_differs_from_seed_to_seed() -> None:
    """Not every seed has every kind of fault: with some switched off, others reach further."""
    weathers = [Weather.drawn(Chance(seed)) for seed in range(40)]

    assert {0.0} < {weather.kill_every for weather in weathers}
    assert {1, 2, 3} == {weather.processes for weather in weathers}
