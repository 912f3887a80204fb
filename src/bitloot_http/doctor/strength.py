"""
Whether a secret can be guessed. A guess of ours: what looks like chance may not be, but what does not, is not.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

ENOUGH_BITS = 64
"""By the frequency of its characters alone; a random hex text of 32 characters has about 115."""
_STEPS = 2


def weakness(secret: str | bytes) -> str | None:
    """
    Say why a secret is weak; None if nothing speaks against it.

    >>> weakness("l" * 32), weakness("hunter2"), weakness("password" * 4)
    ('repeats a few characters', 'is short', 'repeats itself')
    >>> weakness("0f1e9ab7c2d84365af0912bc7e53d468") is None
    True
    """
    marks = tuple(map(ord, secret)) if isinstance(secret, str) else tuple(secret)
    if _bits(marks) < ENOUGH_BITS:
        return "is short" if len(set(marks)) * 2 > len(marks) else "repeats a few characters"
    if any(marks[period:] == marks[:-period] for period in range(1, len(marks) // 2 + 1)):
        return "repeats itself"
    if len({(after - before) % 256 for before, after in itertools.pairwise(marks)}) <= _STEPS:
        return "counts up or down"
    return None


def _bits(marks: Sequence[int]) -> float:
    """How much the frequencies of its characters admit (Shannon), over its length."""
    whole = len(marks)
    return -sum(count * math.log2(count / whole) for count in Counter(marks).values())
