"""What all tests of the simulated supplier share: its clock, its client and their patience."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import attrs

from bitloot_adapters.kinguin_simulator import KinguinSimulator

REAL_SECONDS = 5


def deadline() -> asyncio.Timeout:
    """The end of a test's patience."""
    return asyncio.timeout(REAL_SECONDS)


@attrs.define
class Clock:
    """A clock that a test moves."""

    at: datetime = datetime(2025, 7, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time that the test has set."""
        return self.at


@asynccontextmanager
async def serving(simulator: KinguinSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    """The simulator on loopback, and a client with the right API key."""
    async with (
        simulator.serve() as server,
        aiohttp.ClientSession(server.base_url + "/", headers={"X-Api-Key": simulator.api_key}) as client,
    ):
        yield client
