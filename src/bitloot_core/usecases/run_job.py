"""
Doing a job: claim it, dispatch it, one outside effect, and the outcome committed together with the job's end.

A job that fails is never lost: passing errors come again later, what needs a person is told at once, and a job that has
been claimed too often (one that kills its worker, say) ends as a dead letter.
"""

from __future__ import annotations

from bitloot_core.order.commands import OpenFinding
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.jobs import ClaimedJob, Dead, Retry
from bitloot_core.usecases.check_payment import check_payment, expire_order
from bitloot_core.usecases.finalize_delivery import check_reservation
from bitloot_core.usecases.fulfill_order import fulfill_order
from bitloot_core.usecases.pauses import backoff
from bitloot_core.usecases.receive_payment_notice import receive_payment_notice
from bitloot_core.usecases.receive_supplier_event import receive_supplier_event
from bitloot_core.usecases.send_mail import send_mail
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.start_reservation import start_reservation
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import BitlootError, LeaseLost, NotFound, PortError, Unavailable
from bitloot_core.values.ids import ExternalRef, JobId, OrderId, WebhookId


async def due_jobs(shop: Shop, limit: int) -> tuple[JobId, ...]:
    """The jobs that could be done now, those due longest first: what a worker looks for by itself."""
    return await shop.jobs.due(now=shop.clock.now(), limit=limit)


async def run_job(shop: Shop, job_id: JobId) -> bool:
    """
    Do one job, if it is due and free. Safe to call for any job, any number of times, from anywhere.

    Returns:
        Whether it was ours to do. What went wrong inside it is written on the job, not raised.

    Raises:
        Exception: only what the store raises when not even that could be written; the lease then runs out by itself.
    """
    started = shop.clock.monotonic()
    job = await shop.jobs.claim(job_id, now=shop.clock.now(), lease=shop.policy.lease, token=shop.ids.token())
    if job is None:
        return False
    work = Work(shop=shop, job=job, started=started)
    try:
        await _do(work)
    except LeaseLost:
        return True
    except Exception as error:  # noqa: BLE001  # the one worker loop: nothing a job does may stop it
        await _fail(work, error)
    return True


async def _do(work: Work) -> None:
    job = work.job
    if job.attempts > work.shop.policy.most_attempts:
        await _bury(work, f"it was claimed {job.attempts} times")
        return
    try:
        name = JobName(job.name)
    except ValueError:
        await _bury(work, "this program knows no such job")
        return
    await _dispatch(work, name, job.ref)


async def _dispatch(work: Work, name: JobName, ref: str) -> None:
    match name:
        case JobName.RESERVE:
            await start_reservation(work, ExternalRef(ref))
        case JobName.CHECK_RESERVATION:
            await check_reservation(work, ExternalRef(ref))
        case JobName.KINGUIN_WEBHOOK:
            await receive_supplier_event(work, WebhookId(int(ref)))
        case JobName.NOWPAYMENTS_IPN:
            await receive_payment_notice(work, WebhookId(int(ref)))
        case JobName.CHECK_PAYMENT:
            await check_payment(work, ref)
        case JobName.SEND_MAIL:
            await send_mail(work, ref)
        case JobName.EXPIRE:
            await expire_order(work, OrderId(ref))
        case JobName.FULFILL_ORDER:
            await fulfill_order(work, OrderId(ref))


async def _fail(work: Work, error: Exception) -> None:
    """Write down what went wrong and when the next try is; a job with too many tries behind it is buried."""
    if work.job.attempts >= work.shop.policy.most_attempts:
        await _bury(work, describe_error(error))
        return
    asked = error.retry_after if isinstance(error, Unavailable) else None
    pause = backoff(work.shop.policy, work.job.attempts, work.shop.ids.fraction(), asked=asked)
    await work.end(Retry(at=work.now + pause, error=describe_error(error)))


def describe_error(error: Exception) -> str:
    """
    Name an error without repeating what it may hold: our own are free of secrets, of others only the kind is told.

    >>> describe_error(ValueError("AAAA-BBBB-CCCC"))
    'ValueError'
    """
    return str(error)[:500] if isinstance(error, BitlootError | PortError) else type(error).__name__


async def _bury(work: Work, why: str) -> None:
    """End the job for good, and tell a person why."""
    job = work.job
    text = f"Job {job.name} ({job.ref}) was given up: {why}."
    if job.order_id is not None:
        told = OpenFinding(reason=FindingReason.DEAD_JOB, subject=f"{job.name}:{job.ref}", text=text, blocking=True)
        try:
            order = await work.shop.orders.get(job.order_id)
            await work.finish(order, told, end=Dead(error=why, finding=None))
        except NotFound:
            pass
        else:
            return
    await work.end(Dead(error=why, finding=_finding(work, job, text)))


def _finding(work: Work, job: ClaimedJob, text: str) -> Finding:
    return Finding(
        id=work.shop.ids.finding_id(),
        order_id=None,
        reason=FindingReason.DEAD_JOB,
        subject=f"{job.name}:{job.ref}",
        text=text,
        amount=None,
        blocking=False,
        opened_at=work.now,
    )
