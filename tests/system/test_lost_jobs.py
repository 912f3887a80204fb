"""Every job that was still to be done is gone: the service reads off the orders what they need (I1, I2, I10)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.backups import Backups, backups_of
from harness.databases import Stock
from harness.stages import at_every_stage, bought, delivered, pay, purchases_of
from harness.system import System, open_system
from harness.waiting import eventually

LOSE_ALL_JOBS = "DELETE FROM jobs WHERE status IN ('ready', 'running')"
"""What a bad restore does, or whoever clears out a queue."""


@pytest.fixture(params=["stocked", "postgres_stock"])
def stock(request: pytest.FixtureRequest) -> Stock | Path:
    """Databases with products, of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def system(tmp_path: Path, stock: Stock | Path) -> AsyncIterator[System]:
    """A running service whose supplier delivers only when it is told to, and whose vendors send no webhooks."""
    async with open_system(tmp_path / "shop", stock, RELAY_SECONDS="0.05") as opened:
        opened.vendors.kinguin.knobs.delivery_delay = None
        opened.vendors.kinguin.webhooks.target = None
        yield opened


@pytest.fixture
def backups(request: pytest.FixtureRequest, system: System, tmp_path: Path) -> Backups:
    """Its database, as somebody handles it who should not."""
    return backups_of(system.place, tmp_path / "backup.db", lambda: request.getfixturevalue("postgres"))


@pytest.mark.parametrize("dies", [True, False], ids=["it was down", "it was running"])
async def test_orders_at_every_stage_come_through_without_their_jobs(
    system: System, backups: Backups, *, dies: bool
) -> None:
    """Bought once, delivered, mailed; whether the jobs went while the service was down, or under its hands."""
    orders = await at_every_stage(system)
    if dies:
        await system.service.kill()
    assert len(system.books.rows("SELECT id FROM jobs WHERE status = 'ready'")) > len(orders.since)
    backups.execute(LOSE_ALL_JOBS)
    system.vendors.kinguin.faults.clear()
    if dies:
        await system.service.start()

    for placed in (orders.paid_late, orders.unpaid):
        await pay(system, placed)
    keys = [(placed, await delivered(system, placed)) for placed in (*orders.since, orders.unpaid)]
    await system.at_rest()

    system.check(keys)
    assert all(len(purchases_of(system, placed)) == 1 for placed, _ in keys)


async def test_jobs_that_are_lost_again_and_again_are_found_again_and_again(system: System, backups: Backups) -> None:
    """Whoever empties the table in the middle of everything delays it, and nothing more."""
    placed = [await system.buyer.place() for _ in range(5)]
    for one in placed:
        await pay(system, one)
        backups.execute(LOSE_ALL_JOBS)
    for one in placed:
        system.vendors.kinguin.deliver(await bought(system, one))
        backups.execute(LOSE_ALL_JOBS)

    keys = [(one, await system.deliver_paid(one)) for one in placed]
    await eventually(lambda: not system.books.jobs_due(), "no job is due")

    system.check(keys)
