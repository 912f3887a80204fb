"""
A backup is put back: the drill that `docs/run-the-service.md` walks through, on the real service.

Nothing is bought twice, every key of an order that the backup knows is collected, and what it cannot know is told.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.backups import Backups, backups_of
from harness.buyer import Placed
from harness.commands import Said, command
from harness.databases import Stock
from harness.stages import Orders, at_every_stage, bought, delivered, pay, purchases_of
from harness.system import System, open_system
from harness.waiting import eventually

SETTLE_BY_HAND = (
    "UPDATE findings SET resolved_at = opened_at + 1, resolved_by = 'admin:ann', resolution = 'the keys went back' "
    "WHERE resolved_at IS NULL AND reason = 'forgotten-purchase'"
)
"""What a person answers to everything that the books have forgotten."""


@pytest.fixture(params=["stocked", "postgres_stock"])
def stock(request: pytest.FixtureRequest) -> Stock | Path:
    """Databases with products, of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def system(tmp_path: Path, stock: Stock | Path) -> AsyncIterator[System]:
    """A running service whose supplier delivers only when it is told to."""
    async with open_system(tmp_path / "shop", stock) as opened:
        opened.vendors.kinguin.knobs.delivery_delay = None
        yield opened


@pytest.fixture
def backups(request: pytest.FixtureRequest, system: System, tmp_path: Path) -> Backups:
    """Its database, as an operator handles it."""
    return backups_of(system.place, tmp_path / "backup.db", lambda: request.getfixturevalue("postgres"))


async def reconcile(system: System, *more: str) -> Said:
    """What an operator does before anything is started."""
    return await command(system.place, "reconcile", "--after-restore", "--json", *more)


async def life_after_the_backup(system: System, orders: Orders) -> tuple[dict[str, list[str]], Placed]:
    """Everything goes on, and one more order comes that the backup has never heard of."""
    system.vendors.kinguin.faults.clear()
    await pay(system, orders.paid_late)
    seen = {one.order_id: await delivered(system, one) for one in (orders.unbought, orders.paid_late)}
    seen[orders.undelivered.order_id] = await delivered(system, orders.undelivered)
    forgotten = await system.buyer.place(quantity=3)
    await pay(system, forgotten)
    seen[forgotten.order_id] = await delivered(system, forgotten)
    return seen, forgotten


async def test_a_backup_that_is_put_back_loses_no_key_and_buys_nothing_twice(system: System, backups: Backups) -> None:
    """I1, I2, I6, I10: orders at every stage, an order that the backup does not know, and a new one meanwhile."""
    orders = await at_every_stage(system)
    backups.make()
    seen, forgotten = await life_after_the_backup(system, orders)
    sold = len(system.vendors.kinguin.purchases)
    await system.service.kill()
    backups.put_back()

    first = await reconcile(system)
    await system.service.start()
    again = {one.order_id: await revealed_anew(system, one, mails=1) for one in orders.since}
    again[orders.whole.order_id] = await system.deliver_paid(orders.whole)
    await pay(system, orders.unpaid)
    await system.buyer.sees(orders.unpaid, "paid")
    second = await reconcile(system)
    waits = await system.buyer.look(orders.unpaid)
    backups.execute(SETTLE_BY_HAND)
    third = await reconcile(system)
    system.vendors.kinguin.deliver(await bought(system, orders.unpaid))
    await system.deliver_paid(orders.unpaid)

    told = {one["subject"]: one for one in first.json["items"]}
    (name,) = purchases_of(system, forgotten)
    assert (first.code, first.json["buyingPaused"]) == (1, True)
    assert (told[name]["reason"], told[name]["orderId"]) == ("forgotten-purchase", None)
    assert told[name]["amount"] == f"{system.vendors.kinguin.purchases_of(f'{forgotten.order_id}-1')[0].charged} EUR"
    assert "behind" in {one["kind"] for one in first.json["items"]}
    assert {order_id: keys for order_id, keys in again.items() if order_id in seen} == {
        order_id: keys for order_id, keys in seen.items() if order_id in again
    }
    assert [one["subject"] for one in second.json["items"]] == [name]
    assert waits is not None
    assert waits["status"] == "paid"
    assert (third.code, third.json["clean"], third.json["answered"], third.json["buyingPaused"]) == (0, True, 1, False)
    assert len(system.vendors.kinguin.purchases) == sold + 1
    assert all(len(purchases_of(system, one)) == 1 for one in (*orders.known, orders.unpaid))
    assert system.books.forgotten_orders() == []


async def revealed_anew(system: System, placed: Placed, *, mails: int) -> list[str]:
    """
    The keys of an order, through the link of its newest mail.

    Args:
        mails: how many the order had before: older books do not know the links that were made since.
    """
    await system.buyer.sees(placed, "fulfilled")
    sent = await eventually(lambda: system.buyer.mails(placed)[mails:], f"a new mail for {placed.order_id}")
    return await system.buyer.reveal(sent[-1])
