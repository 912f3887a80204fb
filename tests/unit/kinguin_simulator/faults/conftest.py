"""A supplier whose faults the tests script."""

from decimal import Decimal

import pytest

from bitloot_adapters.kinguin_simulator import KinguinSimulator


@pytest.fixture
def simulator() -> KinguinSimulator:
    """A supplier that lists one product."""
    simulator = KinguinSimulator(balance=Decimal(100))
    simulator.add_product("p-1", price=Decimal(5))
    return simulator
