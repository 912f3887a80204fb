"""A supplier that sends webhooks to a shop on loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from kinguin_webhooks_world import SECRET, Receiver, receiving

from bitloot_adapters.kinguin_simulator import KinguinSimulator


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The shop's webhook endpoint."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def simulator(receiver: Receiver) -> KinguinSimulator:
    """A supplier that lists one product, delivers at once, and retries quickly."""
    simulator = KinguinSimulator(clock=lambda: datetime(2020, 10, 16, 11, 24, 8, 25_000, tzinfo=UTC))
    simulator.add_product("p-1", price=Decimal(5), offer_id="o-1")
    simulator.webhooks.configure(target=receiver.url, secret=SECRET)
    simulator.webhooks.retries = (timedelta(milliseconds=5),) * 3
    return simulator
