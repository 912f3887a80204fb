"""
Work on many things, a bounded number at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def side_by_side(
    things: AsyncIterator[T], work: Callable[[T], Awaitable[R]], *, at_once: int
) -> AsyncIterator[R]:
    """
    Work on things as they come, and yield what came of each as soon as it is there; in no promised order.

    The first error ends it, and whatever is under way with it; so does whoever stops listening.

    Args:
        at_once: how many are worked on at the same time. No more than these are taken from `things` ahead.
    """
    hand: set[asyncio.Future[R]] = set()
    is_more = True
    try:
        while is_more or hand:
            while is_more and len(hand) < at_once:
                try:
                    hand.add(asyncio.ensure_future(work(await anext(things))))
                except StopAsyncIteration:
                    is_more = False
            if hand:
                done, _ = await asyncio.wait(hand, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    # It stays in hand until it is asked, so that one that failed beside the first is asked, too.
                    result = one.result()
                    hand.discard(one)
                    yield result
    finally:
        for one in hand:
            one.cancel()
        await asyncio.gather(*hand, return_exceptions=True)
