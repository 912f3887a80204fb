"""
How long things took, counted into buckets.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


class Distribution:
    """
    Counts observations by the bucket that they fall into.

    Args:
        bounds: the upper bounds of the buckets, rising, each included; what is above the last has one of its own.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self._counts)

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """
        How many fell into each bucket or one below it, as Prometheus wants to be told.

        >>> distribution = Distribution((1, 5))
        >>> for seconds in (0.5, 1, 3, 7):
        ...     distribution.observe(seconds)
        >>> list(distribution.cumulative())
        [('1', 2), ('5', 3), ('+Inf', 4)]
        """
        below = 0
        for bound, count in zip((*(f"{bound:g}" for bound in self._bounds), "+Inf"), self._counts, strict=True):
            below += count
            yield bound, below
