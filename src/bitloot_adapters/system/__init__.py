"""The machine's own clock and its source of randomness."""

from bitloot_adapters.system.clock import SystemClock
from bitloot_adapters.system.ids import SystemIds

__all__ = ["SystemClock", "SystemIds"]
