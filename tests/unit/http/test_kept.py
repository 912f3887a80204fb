"""Answers that are kept for a while."""

import asyncio
from datetime import timedelta

import pytest

from bitloot_core.testing.clock import ManualClock
from bitloot_http.kept import Kept

MINUTE = timedelta(minutes=1)


class Counting:
    """Answers how often it was asked."""

    def __init__(self) -> None:
        """Not yet."""
        self.asked = 0

    async def __call__(self) -> int:
        """Count, and let others run meanwhile."""
        self.asked += 1
        await asyncio.to_thread(int)
        return self.asked


async def test_an_answer_is_kept_for_a_while() -> None:
    """And says as of when it is; then it is counted anew."""
    clock, ask = ManualClock(), Counting()
    kept = Kept(clock, good_for=MINUTE)
    start = clock.now()

    first = await kept.get("x", ask)
    clock.advance(MINUTE - timedelta(seconds=1))
    second = await kept.get("x", ask)
    clock.advance(timedelta(seconds=1))
    third = await kept.get("x", ask)

    assert [one.what for one in (first, second, third)] == [1, 1, 2]
    assert [one.at for one in (first, second, third)] == [start, start, start + MINUTE]


async def test_each_name_has_its_own_answer() -> None:
    """A day and a fortnight, say."""
    kept = Kept(ManualClock(), good_for=MINUTE)

    assert [(await kept.get(name, Counting())).what for name in ("x", "y")] == [1, 1]


async def test_of_many_one_counts() -> None:
    """Ten consoles that are left open cost as much as one."""
    kept, ask = Kept(ManualClock(), good_for=MINUTE), Counting()

    answers = await asyncio.gather(*(kept.get("x", ask) for _ in range(10)))

    assert [one.what for one in answers] == [1] * 10


async def test_a_failure_is_not_kept() -> None:
    """The next one asks again."""
    kept, ask = Kept(ManualClock(), good_for=MINUTE), Counting()

    async def fail() -> int:
        """The store is away."""
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        await kept.get("x", fail)

    assert (await kept.get("x", ask)).what == 1
