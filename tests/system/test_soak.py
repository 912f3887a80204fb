"""
Many orders while everything fails at random: what was bought, what is held and what buyers can see is the same.

The dice are seeded, so that a plan can be had again; what meets whom is still up to the machine.

**Source:** issue 3, "The proof": a soak of 2,000 orders with random duplicates, reorders, losses and kills; at the end
purchases == units == revealable keys, and a search for the key text finds nothing.
"""

import asyncio
import random
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.buyer import Placed
from harness.chaos import Chaos
from harness.fault_proxy import open_fault_proxy
from harness.postgres_stock import PostgresStock
from harness.production import Production, open_production
from harness.readdressed import Behind
from harness.service import BITLOOT
from harness.system import check_money
from harness.vendors import CANARY

FEW, MANY = 60, 2_000
AT_A_TIME = 30
PATIENCE_SECONDS = 300.0
SELDOM_SECONDS = 0.5
SHAPE = {"JOB_LEASE_SECONDS": "6", "SUPPLIER_QUIET_SECONDS": "20", "DATABASE_POOL_SIZE": "8", "LOG_LEVEL": "debug"}
"""The quiet window: a request of a worker that was killed can lie at a busy simulator for seconds before it is read."""


async def buy_all(shop: Production, dice: random.Random, count: int) -> list[tuple[Placed, list[str]]]:
    """Orders all their way, so many at a time; each with the keys that its buyer saw."""
    free = asyncio.Semaphore(AT_A_TIME)
    finished: list[tuple[Placed, list[str]]] = []

    async def buy(quantity: int) -> None:
        """One order."""
        async with free:
            placed = await shop.system.buyer.place(quantity=quantity, within=PATIENCE_SECONDS)
            await shop.system.vendors.gateway.pay(placed.payment_id)
            try:
                await shop.system.buyer.sees(placed, "fulfilled", within=PATIENCE_SECONDS, every=SELDOM_SECONDS)
            except AssertionError as late:
                raise AssertionError(f"{late}; {shop.system.books.explain(placed.order_id)}") from None
            mail = await shop.system.buyer.mail(placed, within=PATIENCE_SECONDS, every=SELDOM_SECONDS)
            finished.append((placed, await shop.system.buyer.reveal(mail, within=PATIENCE_SECONDS, every=1.0)))
            if len(finished) % 100 == 0:
                print(f"{len(finished)} of {count} orders")  # noqa: T201 - shown with -s

    await asyncio.gather(*(buy(dice.randint(1, 3)) for _ in range(count)))
    return finished


async def exit_code_of(shop: Production, *command: str) -> int:
    """Give a command as an operator does."""
    place = shop.system.place
    with place.logs.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *BITLOOT, *command, env=place.environ, cwd=place.folder, stdout=log, stderr=log
        )
    return await process.wait()


async def test_what_was_bought_is_what_is_held_is_what_is_seen(
    tmp_path: Path, postgres_stock: PostgresStock, s3: str, request: pytest.FixtureRequest
) -> None:
    """Under lost, doubled and swapped webhooks, bad answers, kills, wiped queues, cut connections, damaged objects."""
    is_full = bool(request.config.getoption("full"))
    dice = random.Random(20_260_731)
    async with (
        open_fault_proxy(urlsplit(postgres_stock.server.url_of("any")).port or 0) as way,
        open_production(tmp_path, Behind(postgres_stock, way), s3, workers=2, **SHAPE) as shop,
    ):
        shop.system.vendors.kinguin.knobs.accept_repeats = True
        chaos = Chaos(shop=shop, way=way, dice=dice, longest_pause_seconds=1.0)
        async with chaos.reigning():
            finished = await buy_all(shop, dice, MANY if is_full else FEW)
        await shop.system.at_rest()

        shop.system.check(finished)
        check_money(shop.system)
        seen = sorted(key for _, keys in finished for key in keys)
        delivered = sorted(key.serial for order in shop.system.vendors.kinguin.orders() for key in order.delivered)
        bought = sum(number for one in shop.system.vendors.kinguin.purchases for _, number in one.products)
        assert bought == len(shop.system.books.units_held()) == len(seen)
        assert delivered == seen
        # Whatever was damaged on its way to a buyer is told, and was right the next time.
        assert {finding["reason"] for finding in shop.system.books.findings()} <= {"key-unreadable"}
        for placed, _ in finished:
            assert len(set(shop.messages(placed))) == 1
        assert await shop.leaks(CANARY) == []
        assert await exit_code_of(shop, "reconcile", "--dry-run", "--deep") == 0
        print(f"\n{len(finished)} orders, {bought} keys; {dict(chaos.done)}")  # noqa: T201 - shown with -s
