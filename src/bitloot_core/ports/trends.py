"""
How the shop has been doing over time, in bars for a picture; never used to decide anything.

A picture must not cost more for a large shop: a bar stops counting at `MOST_COUNTED`, and tells delivery times of its
newest orders only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import attrs

MOST_COUNTED = 10_000
"""A count that has reached this stands for so many or more."""
SAMPLE = 20
"""Of so many orders of a bar, the newest, delivery times are told."""
MOST_BARS = 60


@attrs.frozen(kw_only=True)
class OrdersBar:
    """
    The orders that were placed in one stretch of time.

    Attributes:
        since: when it begins; the next one begins where it ends.
        placed: how many.
        fulfilled: how many of those are fulfilled by now.
    """

    since: datetime
    placed: int
    fulfilled: int


@attrs.frozen(kw_only=True)
class DeliveryBar:
    """
    How long the fulfilled orders took that were placed in one stretch of time, from payment to the last key.

    Attributes:
        since: when it begins.
        typical: the median; None if no order of it is fulfilled.
        slowest: the longest; None likewise.
    """

    since: datetime
    typical: timedelta | None
    slowest: timedelta | None


class Trends(Protocol):
    """Counts and measures, stretch by stretch: `bars` of them (1 to `MOST_BARS`), each `step` long, oldest first."""

    async def orders(self, *, since: datetime, step: timedelta, bars: int) -> tuple[OrdersBar, ...]:
        """How many orders were placed, and how many of those are fulfilled."""
        ...

    async def deliveries(self, *, since: datetime, step: timedelta, bars: int) -> tuple[DeliveryBar, ...]:
        """How long they took."""
        ...
