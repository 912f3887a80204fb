"""Our own limit on calls to NOWPayments, on a clock that only waiting turns."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from bitloot_adapters.nowpayments.rate_limit import TokenBucket, Unlimited, rate_limit
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.errors import Unavailable


@attrs.define
class Bench:
    """A clock, and how long somebody waited on it."""

    clock: ManualClock = attrs.field(factory=ManualClock)
    waits: list[float] = attrs.field(factory=list)

    async def wait(self, seconds: float) -> None:
        """Turn the clock instead of waiting."""
        self.waits.append(round(seconds, 6))
        self.clock.advance(timedelta(seconds=seconds))

    async def note(self, seconds: float) -> None:
        """Note the wait and leave the clock alone."""
        self.waits.append(round(seconds, 6))

    def bucket(self, per_second: float, *, turns: bool = True) -> TokenBucket:
        """A limit on this clock."""
        return TokenBucket(
            per_second=per_second, monotonic=self.clock.monotonic, sleep=self.wait if turns else self.note
        )


async def test_calls_one_after_another_keep_the_rate() -> None:
    """Two at once, then one each half second. **Source:** the third of three calls in a row got a 429."""
    bench = Bench()
    bucket = bench.bucket(2)

    for _ in range(6):
        await bucket.acquire()

    assert bench.waits == [0.5, 0.5, 0.5, 0.5]
    assert bench.clock.monotonic() == 2.0


async def test_calls_at_the_same_time_queue_up() -> None:
    """Each gets a place of its own, in the order of asking."""
    bench = Bench()
    bucket = bench.bucket(2, turns=False)

    await asyncio.gather(*(bucket.acquire() for _ in range(6)))

    assert bench.waits == [0.5, 1.0, 1.5, 2.0]


async def test_whoever_would_wait_too_long_is_told_so() -> None:
    """It takes no place, so the queue stays as short as the patience, and others come later in turn."""
    bench = Bench()
    bucket = bench.bucket(2, turns=False)
    for _ in range(8):
        await bucket.acquire()

    with pytest.raises(Unavailable) as first:
        await bucket.acquire()
    with pytest.raises(Unavailable) as second:
        await bucket.acquire()

    assert first.value.retry_after == second.value.retry_after == timedelta(seconds=3.5)
    bench.clock.advance(timedelta(seconds=0.5))
    await bucket.acquire()
    assert bench.waits[-1] == 3.0


async def test_a_pause_saves_up_no_more_than_a_second() -> None:
    """After a quiet hour two calls go at once, not thousands."""
    bench = Bench()
    bucket = bench.bucket(2)
    await bucket.acquire()
    bench.clock.advance(timedelta(hours=1))

    for _ in range(3):
        await bucket.acquire()

    assert bench.waits == [0.5]


async def test_less_than_one_a_second() -> None:
    """One call at once, and the next after its whole interval."""
    bench = Bench()
    bucket = bench.bucket(0.5)

    for _ in range(3):
        await bucket.acquire()

    assert bench.waits == [2.0, 2.0]


@pytest.mark.parametrize("per_second", [0.2, 1, 2, 3, 7.5, 50])
async def test_no_second_holds_more_than_it_may(per_second: float) -> None:
    """In any window of one second there are at most the rate, and what may come at once."""
    bench = Bench()
    bucket = bench.bucket(per_second)
    times = []
    for number in range(120):
        if number % 17 == 0:
            bench.clock.advance(timedelta(seconds=number % 5))
        try:
            await bucket.acquire()
        except Unavailable as away:
            bench.clock.advance(away.retry_after or timedelta(0))
            continue
        times.append(bench.clock.monotonic())

    most = max(sum(1 for later in times if start <= later < start + 1) for start in times)
    assert most <= max(1, 2 * per_second)
    assert len(times) > 50


async def test_a_rate_of_zero_is_no_limit() -> None:
    """As the setting says; anything above it is a limit."""
    clock = ManualClock()

    none, some = rate_limit(0, monotonic=clock.monotonic), rate_limit(2, monotonic=clock.monotonic)

    assert isinstance(none, Unlimited)
    assert isinstance(some, TokenBucket)
    await asyncio.gather(*(none.acquire() for _ in range(1_000)))
