"""
What the system tests and the benchmarks stand on: the real service as a child process, the simulated vendors beside it.

Nothing in here knows the shop's code but the launchers, which start it: what is asserted was seen from outside.
"""
