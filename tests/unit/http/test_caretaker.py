"""What has had its time is cleared away, batch by batch, and one store that is away holds up no other."""

import asyncio
from datetime import timedelta

import pytest

from bitloot_core.values.errors import Unavailable
from bitloot_http.caretaker import Caretaker


class Heap:
    """So many things to clear away, two at a time."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.empty = asyncio.Event()

    async def clear(self) -> int:
        """Clear up to two away."""
        taken = min(2, self.size)
        self.size -= taken
        if not self.size:
            self.empty.set()
        return taken


async def away() -> int:
    """A store that cannot be asked."""
    raise Unavailable("database", "it is closed")


async def test_everything_that_has_had_its_time_is_cleared() -> None:
    """All batches of all kinds, and the counts of each."""
    bodies, jobs = Heap(5), Heap(0)

    cleared = await Caretaker({"bodies": bodies.clear, "jobs": jobs.clear}).clear()

    assert cleared == {"bodies": 5, "jobs": 0}


async def test_a_store_that_is_away_holds_up_no_other() -> None:
    """What cannot be cleared now is left for the next round."""
    jobs = Heap(3)

    cleared = await Caretaker({"bodies": away, "jobs": jobs.clear}).clear()

    assert cleared == {"bodies": 0, "jobs": 3}


@pytest.mark.parametrize("rounds", [1, 3])
async def test_it_goes_round_by_itself(rounds: int) -> None:
    """At the start, and again and again."""
    heap = Heap(2)
    caretaker = Caretaker({"jobs": heap.clear}, every=timedelta(milliseconds=1))

    caretaker.start()
    for _ in range(rounds):
        async with asyncio.timeout(5):
            await heap.empty.wait()
        heap.size = 2
        heap.empty.clear()
    await caretaker.stop()

    assert heap.size in {0, 2}
