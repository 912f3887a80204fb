"""A merchant that the simulator notifies, and one that only asks."""

import random
from collections.abc import AsyncIterator

import aiohttp
import pytest
from merchant_world import Client
from notices_world import QUICK, SECRET, Shop

from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator


@pytest.fixture
async def client(simulator: NowPaymentsSimulator) -> AsyncIterator[Client]:
    """A client of the served simulator."""
    async with simulator.serve() as served, aiohttp.ClientSession() as session:
        yield Client(session, served.base_url)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A shop with a callback on loopback and a served simulator with quick retries."""
    simulator = NowPaymentsSimulator(api_keys={"key"}, ipn_secret=SECRET, rng=random.Random(1), schedule=QUICK)
    async with aiohttp.ClientSession(headers={"x-api-key": "key"}) as session:
        shop = Shop(simulator, session)
        async with shop.open():
            yield shop
