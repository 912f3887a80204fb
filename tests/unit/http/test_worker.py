"""Jobs give way to senders who wait for an answer, and not for ever; a worker that ends gives back what it holds."""

import asyncio
from datetime import timedelta

import attrs

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.ports.mailer import Mail
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.run_job import due_jobs, run_job, take_job
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import JobId
from bitloot_http.worker import Worker


async def a_due_job(shop: FakeShop) -> JobId:
    """A job that is due."""
    request = JobRequest(name=JobName.EXPIRE, ref="order-that-is-not-there", order_id=None, due_at=shop.clock.now())
    return await shop.storage.jobs.ask(request, now=shop.clock.now())


async def test_a_job_waits_while_senders_crowd_at_the_door() -> None:
    """It is not even claimed before they have their answers; then it is done."""
    shop = FakeShop()
    job_id = await a_due_job(shop)
    crowd = [True, True, False]
    worker = Worker(
        shop.shop, concurrency=1, look_every=timedelta(hours=1), gives_way=lambda: crowd.pop(0) if crowd else False
    )

    running = asyncio.ensure_future(worker.run(job_id))
    await asyncio.wait({running}, timeout=0)
    untouched = shop.storage.database.jobs[job_id].attempts
    async with asyncio.timeout(10):
        await running

    assert untouched == 0
    assert shop.storage.database.jobs[job_id].attempts == 1


async def test_a_crowd_that_never_ends_holds_up_no_job_for_ever() -> None:
    """After two seconds it is done all the same."""
    shop = FakeShop()
    job_id = await a_due_job(shop)
    worker = Worker(shop.shop, concurrency=1, look_every=timedelta(hours=1), gives_way=lambda: True)

    async with asyncio.timeout(10):
        await worker.run(job_id)

    assert shop.storage.database.jobs[job_id].attempts == 1


class _Stuck:
    """A mailer whose server never answers."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def send(self, mail: Mail, *, key: str) -> None:
        """Wait for ever."""
        self.began.set()
        await asyncio.Event().wait()


async def a_stuck_worker(shop: FakeShop) -> tuple[Worker, JobId]:
    """A worker in the middle of a job that never ends, and that job."""
    mailer = _Stuck()
    order = await shop.buy()
    await shop.deliver(order.id)
    shop.clock.advance(timedelta(seconds=15))
    (collecting,) = await due_jobs(shop.shop, 10)
    await run_job(shop.shop, collecting)
    (mailing,) = await due_jobs(shop.shop, 10)
    worker = Worker(attrs.evolve(shop.shop, mailer=mailer), concurrency=1, look_every=timedelta(hours=1))
    worker.start()
    await mailer.began.wait()
    return worker, mailing


async def test_what_a_dead_worker_had_in_hand_is_done_one_at_a_time() -> None:
    """It may have died of one of them: the next is not even claimed before; what is new goes on beside them."""
    shop, mailer = FakeShop(), _Stuck()
    await shop.offer(a_product())
    for _ in range(2):
        order = await shop.buy()
        await shop.deliver(order.id)
    shop.clock.advance(timedelta(seconds=15))
    for collecting in await due_jobs(shop.shop, 10):
        await run_job(shop.shop, collecting)
    mails = await due_jobs(shop.shop, 10)
    for mailing in mails:
        await take_job(shop.shop, mailing)
    shop.clock.advance(shop.shop.policy.lease)
    new, jobs = await a_due_job(shop), shop.storage.database.jobs
    worker = Worker(attrs.evolve(shop.shop, mailer=mailer), concurrency=16, look_every=timedelta(hours=1))

    async with asyncio.timeout(10):
        worker.start()
        await mailer.began.wait()
        await worker.run(new)

    assert [jobs[job_id].attempts for job_id in (*mails, new)] == [2, 1, 1]
    async with asyncio.timeout(10):
        await worker.stop(grace=timedelta(0))


async def test_what_is_not_finished_in_time_is_given_back() -> None:
    """A worker that is told to stop lets go of its leases: the next one need not wait for them to run out."""
    shop = FakeShop()
    await shop.offer(a_product())
    worker, job_id = await a_stuck_worker(shop)

    async with asyncio.timeout(10):
        await worker.stop(grace=timedelta(0))

    assert worker.in_hand == 0
    assert await due_jobs(shop.shop, 10) == (job_id,)
    assert shop.storage.database.jobs[job_id].last_error == "its worker was told to stop"
    await shop.work()
    assert len(shop.mailer.sent) == 1


async def test_a_worker_stops_also_where_nothing_can_be_given_back() -> None:
    """The store is away, too: the lease runs out by itself."""
    shop = FakeShop()
    await shop.offer(a_product())
    worker, job_id = await a_stuck_worker(shop)
    shop.storage.database.faults.before("jobs.end", Unavailable("database", "it is away"))

    async with asyncio.timeout(10):
        await worker.stop(grace=timedelta(0))

    assert worker.in_hand == 0
    assert await due_jobs(shop.shop, 10) == ()
    assert shop.storage.database.jobs[job_id].attempts == 1
