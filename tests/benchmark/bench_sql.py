"""How fast the SQL adapter is by itself: no HTTP, no vendor. Prints figures, asserts none."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import attrs
import pytest

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.storage import SqlStorage, open_storage
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.testing.orders import PLACED_AT, placed, settled
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.ids import OrderId

T = TypeVar("T")
LEASE = timedelta(seconds=120)
ROWS = 2000


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    """An empty database on the disk of this machine."""
    url = f"sqlite:///{tmp_path}/shop.db"
    upgrade(url)
    async with open_storage(url, PayloadSealer(MasterKeys({"k1": bytes(32)}))) as storage:
        yield storage


async def rate(todo: Iterable[T], do: Callable[[T], Awaitable[object]], *, at_once: int) -> float:
    """So many a second, `at_once` of them under way."""
    rest = list(todo)
    count, pending = len(rest), iter(rest)

    async def worker() -> None:
        """Take one after the other."""
        for one in pending:
            await do(one)

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return count / (time.perf_counter() - start)


def test_flushing(tmp_path: Path) -> None:
    """What one flush of this disk costs: nothing durable can be quicker."""
    with (tmp_path / "flushed").open("wb") as file:
        costs = []
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            costs.append(time.perf_counter() - start)

    print(f"\nfsync: median {statistics.median(costs) * 1000:.2f} ms, worst {max(costs) * 1000:.2f} ms")


@pytest.mark.parametrize("at_once", [1, 16, 64])
async def test_receiving(storage: SqlStorage, at_once: int) -> None:
    """Webhooks stored with their jobs, sealed and durable."""

    async def receive(webhook: VerifiedWebhook) -> None:
        """Store one."""
        await storage.inbox.receive(webhook, now=PLACED_AT)

    bodies = (b'{"n":%d,"pad":"%s"}' % (n, b"y" * 300) for n in range(ROWS))

    speed = await rate((a_webhook(body) for body in bodies), receive, at_once=at_once)

    print(f"\nreceive, {at_once:2} at once: {speed:8.0f} webhooks/s")


@pytest.mark.parametrize("at_once", [1, 16])
async def test_an_order_on_its_way(storage: SqlStorage, at_once: int) -> None:
    """Orders placed with a job; then each job claimed, its order read, changed, and the job ended in the same write."""
    ids = [OrderId(f"o{n}") for n in range(ROWS)]

    async def place(order_id: OrderId) -> None:
        """Write a new order."""
        order = placed(order_id)
        await storage.store.commit(attrs.evolve(a_change(order), jobs=(a_job(f"{order_id}-1", order_id=order_id),)))

    async def work(order_id: OrderId) -> None:
        """Do a job: three steps, two of them commits."""
        job_id = await storage.jobs.ask(a_job(f"{order_id}-1", order_id=order_id), now=PLACED_AT)
        job = await storage.jobs.claim(job_id, now=PLACED_AT, lease=LEASE, token=order_id)
        order = await storage.store.get(order_id)
        if job is None:
            raise AssertionError("a job that nobody else wants is free")
        await storage.store.commit(
            attrs.evolve(a_change(settled(order), before=order), outcome=JobOutcome(lease=job.lease, end=Done()))
        )

    placing = await rate(ids, place, at_once=at_once)
    reading = await rate(ids, storage.store.get, at_once=at_once)
    working = await rate(ids, work, at_once=at_once)

    print(f"\n{at_once:2} at once: place {placing:.0f}/s, read {reading:.0f}/s, do a job {working:.0f}/s")
