"""Waiting for a fact, with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
"""Far more than anything takes on a busy machine: a deadline that passes is a fault, not a slow day."""
_BETWEEN_LOOKS_SECONDS = 0.02


async def eventually(
    look: Callable[[], T | Awaitable[T]], what: str, *, within: float = PATIENCE_SECONDS, every: float | None = None
) -> T:
    """
    Look until what is seen is true, and return it.

    Args:
        look: a function, or a coroutine function, without effects.
        what: the fact, for the message when it does not come.
        within: seconds.
        every: seconds between two looks.

    Raises:
        AssertionError: it did not come true in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen:
            return seen  # type: ignore[return-value]  # awaited above
        if loop.time() >= deadline:
            raise AssertionError(f"not within {within:g} s: {what} (last seen: {seen!r})")
        await pause(every or _BETWEEN_LOOKS_SECONDS)


async def pause(seconds: float) -> None:
    """Let the loop go on with other things before the next look."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
