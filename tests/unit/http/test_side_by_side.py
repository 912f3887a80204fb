"""Work on many things, a bounded number at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bitloot_http.side_by_side import side_by_side


class Gate:
    """Work that waits until it is let go, and how much of it is under way."""

    def __init__(self) -> None:
        """Closed."""
        self.taken: list[int] = []
        self.under_way: set[int] = set()
        self.cut_short: set[int] = set()
        self.open = asyncio.Event()

    async def numbers(self, count: int) -> AsyncIterator[int]:
        """So many numbers."""
        for number in range(count):
            self.taken.append(number)
            yield number

    async def work(self, number: int) -> int:
        """Wait, and give it back; the number 66 brings bad luck."""
        self.under_way.add(number)
        try:
            await self.open.wait()
            if number == 66:
                raise ValueError("bad luck")
            return number
        except asyncio.CancelledError:
            self.cut_short.add(number)
            raise
        finally:
            self.under_way.discard(number)


async def test_each_thing_is_worked_on_once() -> None:
    """Also when there are fewer of them than could be worked on at once, or none."""
    gate = Gate()
    gate.open.set()

    for count in (0, 3, 20):
        done = [one async for one in side_by_side(gate.numbers(count), gate.work, at_once=8)]

        assert sorted(done) == list(range(count))


async def test_only_so_many_are_under_way() -> None:
    """And no more are taken than are worked on."""
    gate = Gate()
    results = side_by_side(gate.numbers(13), gate.work, at_once=4)
    first = asyncio.ensure_future(anext(results))
    while len(gate.under_way) < 4:
        await asyncio.wait({first}, timeout=0.01)

    assert (gate.taken, gate.under_way) == ([0, 1, 2, 3], {0, 1, 2, 3})

    gate.open.set()
    rest = [await first] + [one async for one in results]
    assert sorted(rest) == list(range(13))


async def test_the_first_error_ends_it() -> None:
    """Nothing is left under way behind the caller's back."""
    gate = Gate()
    gate.open.set()

    with pytest.raises(ValueError, match="bad luck"):
        async for _ in side_by_side(gate.numbers(100), gate.work, at_once=4):
            pass

    assert gate.under_way == set()
    assert len(gate.taken) < 100


async def test_whoever_stops_listening_ends_it() -> None:
    """What is under way is cut short."""
    gate = Gate()
    results = side_by_side(gate.numbers(8), gate.work, at_once=4)
    first = asyncio.ensure_future(anext(results))
    while len(gate.under_way) < 4:
        await asyncio.wait({first}, timeout=0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await results.aclose()

    assert gate.cut_short == {0, 1, 2, 3}
    assert gate.under_way == set()
