"""
Our own limit on how often NOWPayments is asked: it answers 429 to the third of three calls in a row.

**Source:** measured; the help centre names 3 payments a second and leaves the rest unpublished. Its limiter counts by
address, so the whole shop shares one limit: `TokenBucket` serves a single process, and a limit that is kept in the
database has the same form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bitloot_adapters.nowpayments.refusals import PORT
from bitloot_core.values.errors import Unavailable

PATIENCE = timedelta(seconds=3)


class RateLimit(Protocol):
    """Says when the next call may be made."""

    async def acquire(self) -> None:
        """
        Wait until one call may be made; each return is good for one call.

        Raises:
            Unavailable: the wait would be longer than a few seconds; `retry_after` says how long.
        """
        ...


class Unlimited:
    """No limit of ours."""

    async def acquire(self) -> None:
        """Never wait."""


class TokenBucket:
    """
    So many calls a second within this process, up to a second's worth of them at once.

    Args:
        per_second: above zero; a rate below one still lets a single call through at once.
        monotonic: seconds that never step back.
        sleep: waits that many seconds.
        patience: the longest wait; a caller that would wait longer is told so and takes no place in the queue.
    """

    def __init__(
        self,
        *,
        per_second: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._interval = 1 / per_second
        # The one place that a call always has; all beyond it are what may come in a burst.
        self._burst = max(0.0, 1.0 - self._interval)
        self._monotonic = monotonic
        self._sleep = sleep
        self._patience = patience.total_seconds()
        self._next_at = monotonic() - self._burst

    async def acquire(self) -> None:
        """Take the next place; places are given out in the order of asking."""
        now = self._monotonic()
        place = max(self._next_at, now - self._burst)
        wait = place - now
        if wait > self._patience:
            raise Unavailable(PORT, "is asked too often by us", retry_after=timedelta(seconds=wait))
        self._next_at = place + self._interval
        if wait > 0:
            await self._sleep(wait)


def rate_limit(per_second: float, *, monotonic: Callable[[], float]) -> RateLimit:
    """The limit of one process; a rate of 0 is none."""
    return TokenBucket(per_second=per_second, monotonic=monotonic) if per_second > 0 else Unlimited()


if TYPE_CHECKING:
    _unlimited: type[RateLimit] = Unlimited
    _bucket: type[RateLimit] = TokenBucket
