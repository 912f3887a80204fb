"""
Things that the simulator does later, without a task for each: timers of the event loop that end with the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta


class Timers:
    """
    Timers that can all be dropped at once; each forgets itself when it fires.
    """

    def __init__(self) -> None:
        self._handles: set[asyncio.TimerHandle] = set()

    def after(self, delay: timedelta, action: Callable[[], object]) -> None:
        """
        Run the action once the delay has passed, unless `drop` comes first.
        """

        def fire() -> None:
            self._handles.discard(handle)
            action()

        handle = asyncio.get_running_loop().call_later(delay.total_seconds(), fire)
        self._handles.add(handle)

    def drop(self) -> None:
        """
        Cancel all that have not fired.
        """
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()
