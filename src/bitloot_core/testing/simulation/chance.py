"""
Chance that can be repeated: each draw is a function of the seed and of what is drawn for.

Draws do not follow one another, so that a history from which an order or a fault is taken away keeps the rest of its
luck: that is what makes a failing history short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_WHOLE = 1 << 64


class Chance:
    """
    The luck of one simulation.

    Args:
        seed: equal seeds draw equally, on every machine and in every process.

    >>> chance = Chance(7)
    >>> chance.fraction("o1", "pays") == chance.fraction("o1", "pays")
    True
    >>> chance.pick(("exact", "short"), "o1") in ("exact", "short")
    True
    """

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed).encode()

    def pair(self, *what: object) -> tuple[float, float]:
        """Two independent numbers from 0 up to (not including) 1."""
        name = "|".join(map(str, what)).encode()
        drawn = hashlib.blake2b(name, digest_size=16, key=self._seed).digest()
        return int.from_bytes(drawn[:8], "big") / _WHOLE, int.from_bytes(drawn[8:], "big") / _WHOLE

    def fraction(self, *what: object) -> float:
        """A number from 0 up to (not including) 1."""
        return self.pair(*what)[0]

    def happens(self, probability: float, *what: object) -> bool:
        """Whether something of this probability happens."""
        return self.fraction(*what) < probability

    def between(self, least: float, most: float, *what: object) -> float:
        """A number from `least` up to `most`."""
        return least + (most - least) * self.fraction(*what)

    def count(self, least: int, most: int, *what: object) -> int:
        """A whole number from `least` to `most`, both included."""
        return least + int(self.fraction(*what) * (most - least + 1))

    def pick(self, some: Sequence[T], *what: object) -> T:
        """One of several, each as likely as the others."""
        return some[int(self.fraction(*what) * len(some))]
