"""A supplier that the tests order from."""

from decimal import Decimal

import pytest
from kinguin_world import Clock

from bitloot_adapters.kinguin_simulator import KinguinSimulator


@pytest.fixture
def simulator(clock: Clock) -> KinguinSimulator:
    """A supplier with 100 EUR of ours that delivers only when told to."""
    simulator = KinguinSimulator(clock=clock, balance=Decimal(100))
    simulator.knobs.delivery_delay = None
    return simulator
