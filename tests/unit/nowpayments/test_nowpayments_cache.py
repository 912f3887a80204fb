"""What the NOWPayments adapter remembers of answers."""

import asyncio
from datetime import timedelta

import pytest

from bitloot_adapters.nowpayments.cache import Cache
from bitloot_core.testing.clock import ManualClock


class Source:
    """Answers with the number of times that it was asked; can hold its answer back, and fail."""

    def __init__(self) -> None:
        """Ready to answer."""
        self.asked = 0
        self.fails = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> int:
        """Count, wait, answer."""
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        if self.fails:
            raise LookupError(number)
        return number


def a_cache(clock: ManualClock, most: int = 3) -> Cache[str, int]:
    """Good for ten seconds."""
    return Cache(good_for=timedelta(seconds=10), monotonic=clock.monotonic, most=most)


async def test_age_counts_from_when_it_was_asked() -> None:
    """A slow answer is as old as its question."""
    clock, source = ManualClock(), Source()
    cache = a_cache(clock)
    source.may_answer.clear()
    asking = asyncio.ensure_future(cache.get("a", source))
    await asyncio.wait([asking], timeout=0)
    clock.advance(timedelta(seconds=9))
    source.may_answer.set()

    first = await asking
    clock.advance(timedelta(seconds=1))
    second = await cache.get("a", source)

    assert (first, second) == (1, 2)


async def test_an_error_is_shared_and_not_remembered() -> None:
    """A gateway that is down is asked once for all who wait, and again by the next."""
    source = Source()
    source.fails = True
    source.may_answer.clear()
    cache = a_cache(ManualClock())

    asking = [asyncio.ensure_future(cache.get("a", source)) for _ in range(50)]
    await asyncio.wait(asking, timeout=0)
    source.may_answer.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    source.fails = False

    assert all(isinstance(outcome, LookupError) for outcome in outcomes)
    assert source.asked == 1
    assert await cache.get("a", source) == 2


async def test_the_oldest_makes_room() -> None:
    """Names do not pile up."""
    source = Source()
    cache = a_cache(ManualClock(), most=2)
    for name in ("a", "b", "a", "c"):
        await cache.get(name, source)

    again = [await cache.get(name, source) for name in ("c", "b", "a")]

    assert again == [3, 2, 4]


async def test_a_lone_error_leaves_no_warning() -> None:
    """Warnings are errors here: a failure that nobody shares is not reported as never retrieved."""
    source = Source()
    source.fails = True

    with pytest.raises(LookupError):
        await a_cache(ManualClock()).get("a", source)
