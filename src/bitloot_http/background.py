"""
What runs beside the requests and the jobs of a process, from its start to its end.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol


class RunsByItself(Protocol):
    """Does something again and again."""

    def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End."""
        ...


def keep_running(stack: AsyncExitStack, *hands: RunsByItself) -> None:
    """Start them, and stop them when the stack is left, the last one first."""
    for hand in hands:
        hand.start()
        stack.push_async_callback(hand.stop)
