"""
An event loop whose time is virtual: where others would wait, it turns its clock.

Nothing in it depends on the machine: no thread, no socket that anybody reads, no clock. Two runs of the same program
take the same steps in the same order.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any


class Deadlock(RuntimeError):
    """Everything waits, and nothing will ever wake it: a fault of the simulated program or of its world."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    A loop for one simulation; `time()` begins at 0 and counts virtual seconds.

    >>> loop = VirtualLoop()
    >>> loop.run_until_complete(asyncio.sleep(86_400))
    >>> loop.time()
    86400.0
    >>> loop.close()
    """

    def __init__(self) -> None:
        self._turner = _TimeTurner()
        super().__init__(self._turner)

    def time(self) -> float:
        """The virtual time in seconds."""
        return self._turner.now


class _TimeTurner(selectors.BaseSelector):
    """Waits for no file: a wait of so many seconds is over at once, and so much later."""

    def __init__(self) -> None:
        self.now = 0.0
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        return self._keys[number]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("nothing is due, and nothing ever will be")
        if timeout > 0:
            self.now += timeout
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys
