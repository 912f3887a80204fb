"""
Proof by simulation: the real use cases in a simulated world in which everything goes wrong that we can name.

    outcome = simulate(seed=7)
    assert outcome.violation is None, outcome.history.text()

One seed is one history: buyers come, vendors answer, processes die and come back, and after each step the invariants
I1 to I13 are checked. The same seed gives the same history, to the byte; `shorten` finds the least of it that still
fails.
"""

from bitloot_core.testing.simulation.shrink import shorten
from bitloot_core.testing.simulation.simulate import Outcome, simulate
from bitloot_core.testing.simulation.violation import Violation
from bitloot_core.testing.simulation.weather import Weather

__all__ = ["Outcome", "Violation", "Weather", "shorten", "simulate"]
