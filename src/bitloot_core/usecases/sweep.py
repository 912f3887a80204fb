"""
Looking for what nobody has a job for, and asking for that job again.

Every job is committed with the event that calls for it, so there is nothing to find, unless jobs were lost: with a
backup that was put back, by a hand in the database, by a fault of this program. A sweep decides nothing; it asks for
jobs under the names that they had, which is an upsert, and each of them looks before it acts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.upkeep import MEMORY, needs_of
from bitloot_core.ports.loose_ends import Horizon, KnownJob
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import JobId, OrderId

_AT_ONCE = 100
_MARGIN = timedelta(days=2)
"""Beyond the time for which a payment is looked at: a gateway may have given it a little longer than we think."""


async def sweep(shop: Shop, *, untouched_for: timedelta) -> AsyncIterator[int]:
    """
    Go once through all orders and webhooks that may lack a job, and ask for the jobs that they lack. Idempotent.

    Yields after each page how many were asked for, so that whoever sweeps can rest there.

    Args:
        untouched_for: what was written later than so long ago is left alone: its jobs may be on their way.

    Raises:
        Unavailable: the store cannot be asked now; what was asked for stays asked for.
    """
    now = shop.clock.now()
    while lost := await shop.loose_ends.webhooks(before=now - untouched_for, limit=_AT_ONCE):
        yield await _ask(
            shop,
            [JobRequest(name=one.source.job, ref=str(one.id), order_id=one.order_id, due_at=now) for one in lost],
        )
    which = Horizon(
        before=now - untouched_for,
        ended_since=now - shop.policy.payment_lifetime - shop.policy.payment_afterlife - _MARGIN,
        recalled_since=now - MEMORY,
    )
    after: str | None = None
    while True:
        page = await shop.loose_ends.orders(which, after=after, limit=_AT_ONCE)
        yield sum([await _look_after(shop, order_id) for order_id in page.orders])
        after = page.after
        if after is None:
            return


def lacking_jobs(order: Order, known: Sequence[KnownJob], *, now: datetime, policy: Policy) -> list[JobRequest]:
    """
    What an order's state calls for, and nobody was asked for.

    Args:
        known: all jobs of the order, those that are over too.
    """
    living, ever = {(job.name, job.ref) for job in known if job.lives}, {(job.name, job.ref) for job in known}
    needs = needs_of(order, now=now, policy=policy)
    return [need.job for need in needs if (need.job.name, need.job.ref) not in (ever if need.once else living)]


async def _look_after(shop: Shop, order_id: OrderId) -> int:
    """Ask for the jobs that an order lacks; how many there were."""
    known = await shop.loose_ends.jobs_of(order_id)
    try:
        order = await shop.orders.get(order_id)
    except NotFound:
        return 0
    return await _ask(shop, lacking_jobs(order, known, now=shop.clock.now(), policy=shop.policy))


async def _ask(shop: Shop, jobs: list[JobRequest]) -> int:
    now = shop.clock.now()
    due: list[JobId] = []
    for job in jobs:
        job_id = await shop.jobs.ask(job, now=now)
        if job.due_at <= now:
            due.append(job_id)
    if due:
        await shop.notifier.ring(due)
    return len(jobs)
