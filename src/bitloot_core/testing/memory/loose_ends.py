"""
What has come apart, found in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bitloot_core.order.policy import Policy
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.upkeep import needs_of
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.ports.loose_ends import Horizon, KnownJob, LooseEnds, PendingWebhook, Suspects
from bitloot_core.testing.memory.database import MemoryDatabase, StoredOrder
from bitloot_core.values.ids import OrderId

_ENDED = frozenset({Status.EXPIRED, Status.FAILED, Status.FULFILLED, Status.REFUNDED, Status.CANCELLED})

_LONG = timedelta(days=365)
_PATIENT = Policy(payment_afterlife=_LONG, supplier_quiet=_LONG, supplier_alarm=_LONG)
"""Whose rules the shop goes by is not known here: under these, what may be called for is."""


class MemoryLooseEnds:
    """Finds what may lack a job. See `LooseEnds` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def webhooks(self, *, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """The webhooks that are pending and have no living job."""
        pending = (
            PendingWebhook(id=stored.id, source=stored.webhook.source, order_id=stored.order_id)
            for stored in sorted(self._database.webhooks.values(), key=lambda one: (one.received_at, one.id))
            if stored.status is WebhookStatus.PENDING and stored.received_at < before
        )
        alone = [one for one in pending if (str(one.source.job), str(one.id)) not in self._database.living]
        return tuple(alone[:limit])

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Look at one page of orders, by id."""
        ids = sorted(one for one, stored in self._database.orders.items() if _is_in_sight(stored, which))
        page = [one for one in ids if after is None or one > after][:limit]
        lacking = [one for one in page if any(self._lacks(one, which))]
        return Suspects(orders=tuple(lacking), after=page[-1] if page and page[-1] != ids[-1] else None)

    async def jobs_of(self, order_id: OrderId) -> tuple[KnownJob, ...]:
        """Every job that was asked for an order."""
        return tuple(
            KnownJob(name=job.name, ref=job.ref, lives=(job.name, job.ref) in self._database.living)
            for job in self._database.jobs.values()
            if job.order_id == order_id
        )

    def _lacks(self, order_id: OrderId, which: Horizon) -> Iterator[bool]:
        stored = self._database.orders[order_id]
        known = {(job.name, job.ref) for job in self._database.jobs.values() if job.order_id == order_id}
        for need in needs_of(stored.order, now=which.before, policy=_PATIENT):
            name = (str(need.job.name), need.job.ref)
            if need.once:
                yield name not in known and stored.updated_at >= which.recalled_since
            else:
                yield name not in self._database.living


def _is_in_sight(stored: StoredOrder, which: Horizon) -> bool:
    ended = shown_status(stored.order) in _ENDED
    return stored.updated_at < which.before and (not ended or stored.updated_at >= which.ended_since)


if TYPE_CHECKING:
    _: type[LooseEnds] = MemoryLooseEnds
