"""
How the shop is doing, in figures: counts and sums for people and for alarms, never used to decide anything.

Counting must not grow with the shop: a count stops at `MOST_COUNTED`, which then stands for that many or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from bitloot_core.order.findings import FindingReason
from bitloot_core.values.money import Money

MOST_COUNTED = 10_000
"""A count that has reached this stands for so many or more."""
AGES = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=24))
"""Up to which age, from when it was paid, an order without all its keys belongs to each group; the last has no end."""


@attrs.frozen(kw_only=True)
class AgeGroup:
    """
    Orders of about the same age.

    Attributes:
        up_to: they are younger than this; None for all that are older than the other groups.
    """

    up_to: timedelta | None
    count: int


@attrs.frozen(kw_only=True)
class OrderFigures:
    """
    How the orders stand.

    Attributes:
        by_status: how many show each status word; words without orders are not in it.
        undelivered: those that a payment counts for and that are owed a key, by how long ago they were paid.
        oldest_paid_at: when the oldest of those was paid; None if there is none.
        at_stake: what the buyers paid for those, a sum for each currency.
    """

    by_status: Mapping[str, int]
    undelivered: tuple[AgeGroup, ...]
    oldest_paid_at: datetime | None
    at_stake: tuple[Money, ...]


@attrs.frozen(kw_only=True)
class QueueFigures:
    """
    How the jobs stand.

    Attributes:
        due: ready, and could be taken now.
        due_since: when the first of those was due; None if there is none.
        later: ready, and put off.
        running: in somebody's hands.
        overrun: of those, how many their worker has let lapse.
        dead: given up.
    """

    due: int
    due_since: datetime | None
    later: int
    running: int
    overrun: int
    dead: int


@attrs.frozen(kw_only=True)
class OpenFindings:
    """The open findings of one reason."""

    reason: FindingReason
    count: int
    oldest_at: datetime


@attrs.frozen(kw_only=True)
class MoneyFigures:
    """
    What came in and what it cost, a sum for each currency.

    Attributes:
        sold: the totals of the orders that were placed since a time and are fulfilled.
        cost: what the supplier charged for these very orders.
        spent: what the supplier charged for whatever order since another time, less what it returned.
    """

    sold: tuple[Money, ...]
    cost: tuple[Money, ...]
    spent: tuple[Money, ...]


class Figures(Protocol):
    """Counts and adds up."""

    async def orders(self, *, now: datetime) -> OrderFigures:
        """How the orders stand."""
        ...

    async def queue(self, *, now: datetime) -> QueueFigures:
        """How the jobs stand."""
        ...

    async def findings(self) -> tuple[OpenFindings, ...]:
        """What waits for a person, by reason; reasons without an open finding are left out."""
        ...

    async def webhooks(self, *, since: datetime) -> Mapping[str, int]:
        """How many of the webhooks that came since a time have each status."""
        ...

    async def money(self, *, sold_since: datetime, spent_since: datetime) -> MoneyFigures:
        """What came in and what it cost."""
        ...
