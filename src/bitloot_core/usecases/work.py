"""
One claimed job in hand: what it may still write, and for how long.

A step of a job either goes on after its write (the write is fenced by the lease) or ends with it (the job's end is part
of the write). `StaleOrder` after an outside effect reads again and decides again with the same outcome, for as long as
the lease holds; it never repeats the effect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.commands import OrderCommand
from bitloot_core.order.findings import Finding
from bitloot_core.order.order import Order
from bitloot_core.ports.inbox import ConsumedWebhook
from bitloot_core.ports.jobs import ClaimedJob, Done, JobEnd, JobOutcome, Snooze
from bitloot_core.ports.store import Change
from bitloot_core.usecases.change_order import commit, decide_all
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import LeaseLost, StaleOrder

EndOf = Callable[[Order], JobEnd]


@attrs.frozen(kw_only=True)
class Work:
    """
    A claimed job and what is needed to do it.

    Attributes:
        started: the monotonic time of the claim: a wall clock may be set while we work.
        ends: whether a step of it may end the job; False for a part of a longer job.
    """

    shop: Shop
    job: ClaimedJob
    started: float
    ends: bool = True

    @property
    def now(self) -> datetime:
        """The time."""
        return self.shop.clock.now()

    @property
    def left(self) -> timedelta:
        """How much of the lease is left."""
        return self.shop.policy.lease - timedelta(seconds=self.shop.clock.monotonic() - self.started)

    def part(self) -> Work:
        """The same job, seen by one part of it: its writes are fenced, and do not end the job."""
        return attrs.evolve(self, ends=False)

    def hold(self) -> None:
        """
        Go on only while the lease holds.

        Raises:
            LeaseLost: it may have run out.
        """
        if self.left <= timedelta(0):
            raise LeaseLost(self.job.lease.job_id)

    async def go_on(self, order: Order, *commands: OrderCommand) -> Order:
        """Write what has happened so far; the job is not over. `order` is as it was read last."""
        return await self._write(order, commands, None, None)

    async def finish(
        self,
        order: Order,
        *commands: OrderCommand,
        end: JobEnd | EndOf | None = None,
        consumed: ConsumedWebhook | None = None,
    ) -> Order:
        """Write the outcome, and end the job with it (done, unless `end` says otherwise)."""
        return await self._write(order, commands, end or Done(), consumed)

    async def end(
        self, end: JobEnd, *, consumed: ConsumedWebhook | None = None, findings: tuple[Finding, ...] = ()
    ) -> None:
        """End the job without touching an order."""
        if not self.ends:
            return
        outcome = JobOutcome(lease=self.job.lease, end=end)
        if consumed is None and not findings:
            await self.shop.jobs.end(outcome, now=self.now)
        else:
            await self.shop.orders.commit(Change(at=self.now, consumed=consumed, findings=findings, outcome=outcome))

    async def snooze(self, pause: timedelta) -> None:
        """Put the job off, waiting for somebody else."""
        await self.end(Snooze(until=self.now + pause))

    async def _write(
        self,
        order: Order,
        commands: tuple[OrderCommand, ...],
        end: JobEnd | EndOf | None,
        consumed: ConsumedWebhook | None,
    ) -> Order:
        while True:
            self.hold()
            change = decide_all(order, commands, now=self.now, policy=self.shop.policy)
            after = change.after or order
            try:
                return await commit(self.shop, self._close(change, after, end, consumed))
            except StaleOrder:
                order = await self.shop.orders.get(order.id)

    def _close(
        self, change: Change, after: Order, end: JobEnd | EndOf | None, consumed: ConsumedWebhook | None
    ) -> Change:
        lease = self.job.lease
        if end is None or not self.ends:
            return attrs.evolve(change, fence=lease, consumed=consumed)
        last = end(after) if callable(end) else end
        return attrs.evolve(change, outcome=JobOutcome(lease=lease, end=last), consumed=consumed)
