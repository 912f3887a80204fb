"""Every job that was still to be done is gone: the service reads off the orders what they need (I1, I2, I10)."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.stages import at_every_stage, bought, delivered, pay, purchases_of
from harness.system import System, open_system
from harness.waiting import eventually


@pytest.fixture
async def system(tmp_path: Path, stocked: Path) -> AsyncIterator[System]:
    """A running service whose supplier delivers only when it is told to, and whose vendors send no webhooks."""
    async with open_system(tmp_path, stocked, RELAY_SECONDS="0.05") as opened:
        opened.vendors.kinguin.knobs.delivery_delay = None
        opened.vendors.kinguin.webhooks.target = None
        yield opened


def lose_all_jobs(system: System) -> int:
    """What a bad restore does, or somebody who clears out a queue; how many there were."""
    with closing(sqlite3.connect(system.place.database, timeout=10)) as connection:
        lost = connection.execute("DELETE FROM jobs WHERE status IN ('ready', 'running')").rowcount
        connection.commit()
    return lost


@pytest.mark.parametrize("dies", [True, False], ids=["it was down", "it was running"])
async def test_orders_at_every_stage_come_through_without_their_jobs(system: System, *, dies: bool) -> None:
    """Bought once, delivered, mailed; whether the jobs went while the service was down, or under its hands."""
    orders = await at_every_stage(system)
    if dies:
        await system.service.kill()
    assert lose_all_jobs(system) > len(orders.since)
    system.vendors.kinguin.faults.clear()
    if dies:
        await system.service.start()

    for placed in (orders.paid_late, orders.unpaid):
        await pay(system, placed)
    keys = [(placed, await delivered(system, placed)) for placed in (*orders.since, orders.unpaid)]
    await system.at_rest()

    system.check(keys)
    assert all(len(purchases_of(system, placed)) == 1 for placed, _ in keys)


async def test_jobs_that_are_lost_again_and_again_are_found_again_and_again(system: System) -> None:
    """Whoever empties the table in the middle of everything delays it, and nothing more."""
    placed = [await system.buyer.place() for _ in range(5)]
    for one in placed:
        await pay(system, one)
        lose_all_jobs(system)
    for one in placed:
        system.vendors.kinguin.deliver(await bought(system, one))
        lose_all_jobs(system)

    keys = [(one, await system.deliver_paid(one)) for one in placed]
    await eventually(lambda: not system.books.jobs_due(), "no job is due")

    system.check(keys)
