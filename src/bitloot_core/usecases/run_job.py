"""
Doing a job: claim it, dispatch it, one outside effect, and the outcome committed together with the job's end.

A job that fails is never lost: passing errors come again later, what needs a person is told at once, and a job that has
been claimed too often (one that kills its worker, say) ends as a dead letter.
"""

from __future__ import annotations

from contextlib import suppress
from typing import assert_never

import attrs

from bitloot_core.order.commands import OpenFinding
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.ports.inbox import ConsumedWebhook, Source, WebhookStatus
from bitloot_core.ports.jobs import ClaimedJob, Dead, JobEnd, Retry, Snooze
from bitloot_core.usecases.check_payment import check_payment, expire_order
from bitloot_core.usecases.check_reservation import check_reservation
from bitloot_core.usecases.fulfill_order import fulfill_order
from bitloot_core.usecases.pauses import backoff
from bitloot_core.usecases.receive_payment_notice import receive_payment_notice
from bitloot_core.usecases.receive_supplier_event import receive_supplier_event
from bitloot_core.usecases.refresh_quotes import refresh_quotes
from bitloot_core.usecases.return_keys import give_back
from bitloot_core.usecases.send_mail import send_mail
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.start_reservation import start_reservation
from bitloot_core.usecases.work import Work
from bitloot_core.values.errors import BitlootError, LeaseLost, NotFound, PortError, Unavailable
from bitloot_core.values.ids import ExternalRef, JobId, OrderId, WebhookId

_WEBHOOK_JOBS = frozenset(source.job for source in Source)


async def due_jobs(shop: Shop, limit: int) -> tuple[JobId, ...]:
    """The jobs that could be done now, those due longest first: what a worker looks for by itself."""
    return await shop.jobs.due(now=shop.clock.now(), limit=limit)


@attrs.frozen(kw_only=True)
class DueJobs:
    """
    What a worker finds when it looks for work.

    Attributes:
        new: to be done side by side.
        lapsed: those that were in hand when a worker died, to be done one at a time, each claimed when its turn comes:
            the one that it died of then takes nobody along but what happens to be done beside it, and that once.
        is_all: whether nothing more is due.
    """

    new: tuple[JobId, ...] = ()
    lapsed: tuple[JobId, ...] = ()
    is_all: bool = True


async def look_for_jobs(shop: Shop, limit: int) -> DueJobs:
    """Look for work: up to `limit` new jobs, and as many that have lapsed."""
    now = shop.clock.now()
    # As many as can be among those that are due: none of them may be taken for a new one.
    lapsed = await shop.jobs.lapsed(now=now, limit=limit * 2)
    # Those that wait for their turn are due all the while, and must not hide what is new.
    most = limit + min(limit, len(lapsed))
    found = await shop.jobs.due(now=now, limit=most)
    return DueJobs(
        new=tuple(job_id for job_id in found if job_id not in lapsed),
        lapsed=tuple(job_id for job_id in found if job_id in lapsed),
        is_all=len(found) < most,
    )


async def run_job(shop: Shop, job_id: JobId) -> bool:
    """
    Do one job, if it is due and free. Safe to call for any job, any number of times, from anywhere.

    Returns:
        Whether it was ours to do. What went wrong inside it is written on the job, not raised.

    Raises:
        Exception: only what the store raises when not even that could be written; the lease then runs out by itself.
    """
    work = await take_job(shop, job_id)
    if work is None:
        return False
    await do_job(work)
    return True


async def take_job(shop: Shop, job_id: JobId) -> Work | None:
    """Claim one job under a lease, for whoever may have to put it down again; None if it is not due or not free."""
    started = shop.clock.monotonic()
    job = await shop.jobs.claim(job_id, now=shop.clock.now(), lease=shop.policy.lease, token=shop.ids.token())
    return None if job is None else Work(shop=shop, job=job, started=started)


async def do_job(work: Work) -> None:
    """Do a job that is ours. Raises as `run_job`."""
    with suppress(LeaseLost):  # whoever has it now does it again
        await _try(work)


async def put_down(work: Work) -> None:
    """
    Give back the lease of a job that was broken off, so that another worker can take it up at once.

    Nothing is known of what was under way, as after a crash: whoever takes it up looks first. The try counts. Has no
    effect if the job has ended, or is somebody else's by now. Raises as `run_job`.
    """
    with suppress(LeaseLost):
        await work.end(Retry(at=work.now, error="its worker was told to stop"))


async def _try(work: Work) -> None:
    try:
        await _do(work)
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001  # the one worker loop: nothing a job does may stop it
        await _fail(work, error)


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
        case JobName.RETURN_KEYS:
            await give_back(work, ref)
        case JobName.CHECK_PRICES:
            await refresh_quotes(work)
        case JobName.FULFILL_ORDER:
            await fulfill_order(work, OrderId(ref))
        case never:
            assert_never(never)


async def _fail(work: Work, error: Exception) -> None:
    """
    Write down what went wrong and when the next try is; a job with too many tries behind it is buried.

    Save where an outside system is away: that is no fault of the job, which goes on by itself when the system is back.
    """
    job, policy = work.job, work.shop.policy
    is_spent, is_away = job.attempts >= policy.most_attempts, isinstance(error, Unavailable)
    if is_spent and not is_away:
        await _bury(work, describe_error(error))
        return
    asked = error.retry_after if isinstance(error, Unavailable) else None
    at = work.now + backoff(policy, job.attempts, work.shop.ids.fraction(), asked=asked)
    if is_spent:
        text = f"Job {job.name} ({job.ref}) keeps failing and is still tried: {describe_error(error)}."
        await _tell(work, FindingReason.OUT_OF_REACH, text, Snooze(until=at))
    else:
        await work.end(Retry(at=at, error=describe_error(error)))


def describe_error(error: Exception) -> str:
    """
    Name an error without repeating what it may hold: our own are free of secrets, of others only the kind is told.

    >>> describe_error(ValueError("AAAA-BBBB-CCCC"))
    'ValueError'
    """
    return str(error)[:500] if isinstance(error, BitlootError | PortError) else type(error).__name__


async def _bury(work: Work, why: str) -> None:
    """End the job for good, and tell a person why."""
    text = f"Job {work.job.name} ({work.job.ref}) was given up: {why}."
    dead = Dead(error=why, finding=None)
    try:
        await _tell(work, FindingReason.DEAD_JOB, text, dead, failed=_failed_webhook(work.job, why))
    except LeaseLost:
        raise
    except Exception:  # noqa: BLE001  # its order or webhook may be what is wrong: the job must end all the same
        await work.end(dead, findings=(_finding(work, FindingReason.DEAD_JOB, text),))


async def _tell(
    work: Work, reason: FindingReason, text: str, end: JobEnd, *, failed: ConsumedWebhook | None = None
) -> None:
    """Put a job's trouble before a person: on its order, where it has one that exists."""
    order = await _order_of(work)
    if order is None:
        await work.end(end, consumed=failed, findings=(_finding(work, reason, text),))
        return
    blocking = isinstance(end, Dead)
    told = OpenFinding(reason=reason, subject=_subject(work.job), text=text, blocking=blocking)
    await work.finish(order, told, end=end, consumed=failed)


async def _order_of(work: Work) -> Order | None:
    if work.job.order_id is None:
        return None
    try:
        return await work.shop.orders.get(work.job.order_id)
    except NotFound:
        return None


def _finding(work: Work, reason: FindingReason, text: str) -> Finding:
    return Finding(
        id=work.shop.ids.finding_id(),
        order_id=None,
        reason=reason,
        subject=_subject(work.job),
        text=text,
        amount=None,
        blocking=False,
        opened_at=work.now,
    )


def _subject(job: ClaimedJob) -> str:
    return f"{job.name}:{job.ref}"


def _failed_webhook(job: ClaimedJob, why: str) -> ConsumedWebhook | None:
    """A webhook whose job is given up shows it, and is taken up again when it is delivered again or replayed."""
    if job.name not in _WEBHOOK_JOBS or not job.ref.isdecimal():
        return None
    return ConsumedWebhook(id=WebhookId(int(job.ref)), status=WebhookStatus.FAILED, result=why, order_id=job.order_id)
