"""A supplier that hands out keys when told to."""

from decimal import Decimal

import pytest
from kinguin_world import Clock

from bitloot_adapters.kinguin_simulator import KinguinSimulator


@pytest.fixture
def simulator(clock: Clock) -> KinguinSimulator:
    """A supplier that delivers only when told to."""
    simulator = KinguinSimulator(clock=clock, balance=Decimal(1000))
    simulator.knobs.delivery_delay = None
    return simulator
