"""The client and the clock of whichever supplier the tests of a folder describe."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from kinguin_world import Clock, serving

from bitloot_adapters.kinguin_simulator import KinguinSimulator


@pytest.fixture
def clock() -> Clock:
    """The simulator's time."""
    return Clock()


@pytest.fixture
async def client(simulator: KinguinSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    """A client with the right API key."""
    async with serving(simulator) as client:
        yield client
