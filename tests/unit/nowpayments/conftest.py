"""A fresh simulator and its adapter for each test."""

from collections.abc import AsyncIterator
from random import Random

import aiohttp
import pytest
from gateway_world import API_KEY, CALLBACK, IPN_SECRET, Bench

from bitloot_adapters.nowpayments import NowPaymentsGateway, RateLimit, Unlimited
from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.secret import Secret


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A fresh simulator."""
    clock = ManualClock()
    simulator = NowPaymentsSimulator(
        api_keys=[API_KEY], ipn_secret=None, clock=clock.now, rng=Random(7), outcome_currency="btc"
    )
    async with aiohttp.ClientSession() as session, simulator.serve() as served:

        def connect(api_key: str = API_KEY, rate_limit: RateLimit | None = None) -> NowPaymentsGateway:
            """An adapter of the simulator's account, or of a stranger's."""
            return NowPaymentsGateway(
                session=session,
                api_key=Secret(api_key),
                ipn_secrets=Secret(IPN_SECRET),
                ipn_callback_url=CALLBACK,
                clock=clock,
                rate_limit=rate_limit or Unlimited(),
                base_url=served.base_url,
            )

        yield Bench(simulator=simulator, clock=clock, connect=connect, gateway=connect())
