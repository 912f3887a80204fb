"""
The boundaries that something has happened at: each is visited once, by whoever comes there first.

A boundary's name is what is written or asked there, which side of it, and how often it came since the last order.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

MOST_BLOWS = 3
"""To one order: more would only make it long."""


class Graveyard:
    """
    The boundaries of one process, or of what stands before it; one file for each visited one, shared by many.

    Told `arm`, it strikes at the first boundary that nobody has visited, and then goes on as if told `arm new`: where
    nobody visited one of that name. Told `at NAME`, it strikes at that one, once. Told `disarm`, it strikes no more.

    Args:
        folder: where the files are.
        strike: what happens at a boundary.
        most: how often it strikes, at most, before it is told something again.
        furthest: how many of each name there are to strike at. A limit where each blow leaves something
            that makes the way longer, or it would never come to its end.
    """

    def __init__(
        self, folder: Path, strike: Callable[[str], None], *, most: int = MOST_BLOWS, furthest: float = math.inf
    ) -> None:
        self._folder = folder
        self._strike = strike
        self._most = most
        self._furthest = furthest
        self._struck = 0
        self._met: Counter[str] = Counter()
        self._mode = "disarm"
        self._lock = threading.Lock()

    def order(self, mode: str) -> None:
        """Do as told from now on, and count anew."""
        with self._lock:
            self._mode = mode
            self._struck = 0
            self._met.clear()

    def pass_by(self, boundary: str) -> bool:
        """Come to a boundary: be struck there (then true, unless that is the end), or go on."""
        with self._lock:
            is_only_at = self._mode.startswith("at ")
            if self._mode == "disarm" or (is_only_at and self._mode != f"at {boundary}"):
                return False
            self._met[boundary] += 1
            # Under `arm new` the first of a name counts, whatever its number elsewhere.
            is_taken = self._take(boundary, 1)
            if self._mode == "arm" and not is_taken and 1 < self._met[boundary] <= self._furthest:
                is_taken = self._take(boundary, self._met[boundary])
            if is_taken:
                self._struck += 1
                self._mode = "disarm" if is_only_at or self._struck == self._most else "arm new"
                self._strike(boundary)
            return is_taken

    def _take(self, boundary: str, occurrence: int) -> bool:
        name = f"{boundary} #{occurrence}"
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()[:24]
        try:
            with path.open("x", encoding="utf-8") as grave:
                grave.write(name)
        except FileExistsError:
            return False
        return True


def boundaries(folder: Path) -> list[str]:
    """The names of all boundaries that were visited."""
    return sorted(grave.read_text(encoding="utf-8") for grave in folder.iterdir())
