"""
Doing a job now that waits, or that was given up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.staff_commands import RetryJob
from bitloot_core.ports.backlog import FindingFilter
from bitloot_core.ports.queries import JobRow, Slice
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound, Refused
from bitloot_core.values.ids import JobId, OrderId

_AT_ONCE = 100


async def retry_job(shop: Shop, job_id: JobId, *, by: str, reason: str) -> None:
    """
    Ask for a job once more, now; that it was given up is settled with it. Idempotent while it lives.

    One that was given up stays in the list as it is: what is done now is a new job of the same name.

    Raises:
        NotFound: there is no such job.
        Refused: it is done (`job-done`), or this version knows no such job (`unknown-job`).
    """
    job = await shop.backlog.job(job_id)
    if job.status == "done":
        raise Refused("job-done", "the job is done: ask for what it is about instead")
    try:
        name = JobName(job.name)
    except ValueError:
        raise Refused("unknown-job", "this version knows no job of that name") from None
    deed = Deed(action=Action.RETRY_JOB, by=by, reason=reason, subject=f"{name}:{job.ref}")
    if job.order_id is None or not await _exists(shop, job.order_id):
        await _ask(shop, job, name, deed)
    else:
        command = RetryJob(name=name, ref=job.ref, by=by, reason=reason)
        await change_order(shop, job.order_id, command, deed=deed)


async def _exists(shop: Shop, order_id: OrderId) -> bool:
    try:
        await shop.orders.get(order_id)
    except NotFound:
        return False
    return True


async def _ask(shop: Shop, job: JobRow, name: JobName, deed: Deed) -> None:
    """Ask for a job that is about no order of ours."""
    now = shop.clock.now()
    change = Change(
        at=now,
        jobs=(JobRequest(name=name, ref=job.ref, order_id=job.order_id, due_at=now),),
        settled=tuple([one async for one in _told(shop, deed)]),
        acts=(deed.done(at=now, order_id=job.order_id),),
    )
    committed = await shop.orders.commit(change)
    await shop.notifier.ring(committed.due)


async def _told(shop: Shop, deed: Deed) -> AsyncIterator[SettledFinding]:
    """The open findings, about no order, that say that the job was given up."""
    for reason in (FindingReason.DEAD_JOB, FindingReason.OUT_OF_REACH):
        part: Slice | None = Slice(limit=_AT_ONCE)
        while part is not None:
            page = await shop.backlog.findings(FindingFilter(status="open", reason=reason), part)
            for finding in (row.finding for row in page.items):
                if finding.order_id is None and finding.subject == deed.subject:
                    yield SettledFinding(id=finding.id, by=deed.by, reason=deed.reason)
            part = None if page.next_cursor is None else Slice(limit=_AT_ONCE, cursor=page.next_cursor)
