"""
Answers that are kept for a while: what is dear to count and does not change within a minute.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar, cast

import attrs

from bitloot_core.ports.system import Clock

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Counted(Generic[T]):
    """
    An answer.

    Attributes:
        at: as of when it is.
    """

    what: T
    at: datetime


class Kept:
    """
    Keeps answers by name, in this process. Of many that ask at the same time, one counts and the others wait for it.

    Args:
        clock: tells how old an answer is.
        good_for: how long one is kept.
    """

    def __init__(self, clock: Clock, *, good_for: timedelta) -> None:
        self._clock = clock
        self._good_for = good_for
        self._answers: dict[str, Counted[object]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, name: str, ask: Callable[[], Awaitable[T]]) -> Counted[T]:
        """The answer of that name, counted anew if there is none or it is too old."""
        async with self._turns[name]:
            known, now = self._answers.get(name), self._clock.now()
            if known is None or now - known.at >= self._good_for:
                known = self._answers[name] = Counted(what=await ask(), at=now)
            return cast("Counted[T]", known)
