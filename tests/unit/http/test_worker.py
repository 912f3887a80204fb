"""Jobs give way to senders who wait for an answer, and not for ever."""

import asyncio
from datetime import timedelta

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.testing.shop import FakeShop
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
