"""What has come apart: orders and webhooks for which nobody has a job that they need."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.ports.inbox import Source
from bitloot_core.values.ids import OrderId, WebhookId


@attrs.frozen(kw_only=True)
class PendingWebhook:
    """A webhook that waits to be processed; `order_id` is known where it was worked on before."""

    id: WebhookId
    source: Source
    order_id: OrderId | None


@attrs.frozen(kw_only=True)
class Horizon:
    """
    How far a look at the orders goes.

    Attributes:
        before: orders that were changed at this time or later are left out: their jobs may be on their way.
        ended_since: orders that came to their end, and were left alone since before this time, are left out.
        recalled_since: from when on a job that was done can be told from one that was never asked for; what should
            have been asked for earlier is not missed.
    """

    before: datetime
    ended_since: datetime
    recalled_since: datetime


@attrs.frozen(kw_only=True)
class Suspects:
    """
    One page of the orders that were looked at.

    Attributes:
        orders: those of them that may lack a job.
        after: where the next page starts; None on the last one.
    """

    orders: tuple[OrderId, ...]
    after: str | None


@attrs.frozen(kw_only=True)
class KnownJob:
    """
    A job that was asked for.

    Attributes:
        name: as stored; it may be a word that this version does not know.
        lives: whether it is still to be done; else it is done, or was given up.
    """

    name: str
    ref: str
    lives: bool


class LooseEnds(Protocol):
    """Finds what may lack a job, in pages that cost little however large the shop is."""

    async def webhooks(self, *, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """The webhooks that came before a time, are pending, and have no living job; oldest first."""
        ...

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """
        Look at one page of orders: of those that are not at their end, and those that have come to it lately.

        Never leaves one out that lacks a job which its state calls for (`order.upkeep.needs_of`). May name one that
        lacks nothing, since it knows neither the time nor the shop's rules; where all jobs live, it names hardly any.

        Args:
            after: `Suspects.after` of the page before; None for the first one.
            limit: how many orders are looked at, at most.
        """
        ...

    async def jobs_of(self, order_id: OrderId) -> tuple[KnownJob, ...]:
        """Every job that was asked for an order, as far back as jobs are kept; in no promised order."""
        ...
