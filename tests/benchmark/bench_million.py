"""
What a great many rows cost: the same questions to a PostgreSQL of a small shop, and to one with a million orders.

Targets: with 1,000,000 orders and 5,000,000 webhooks ingest, claim and every list page within 1.5 times of their
figures without them, and a page under 50 ms. The small shop has 200 orders, so that its pages are
full, too. Filling takes minutes, so `make bench` does it when asked by name: `make bench ARGS=million`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter

import asyncpg
import attrs
from figures import about_this_machine, note, title
from many_orders import APART, Loader, portions
from one_database import OneDatabase
from pages_asked import Ask, pages_asked
from rich.progress import Progress

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_adapters.system import SystemClock
from bitloot_core.ports.backlog import FindingFilter, JobFilter
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.loose_ends import Horizon
from bitloot_core.ports.queries import OrderFilter, Page, ReservationFilter, Slice, WebhookFilter
from bitloot_core.testing.samples import a_webhook
from harness.postgres_server import postgres_server
from harness.postgres_stock import stocked_postgres
from harness.system import open_system

REPEATS = 30
SMALL = 200
_LEASE = timedelta(seconds=120)
_BATCH = 16


@attrs.define
class Questions:
    """
    What is asked of a storage.

    Attributes:
        storage: over the database.
        half: when half of its orders were placed.
        numbers: for webhooks that nobody has sent before.
    """

    storage: SqlStorage
    half: datetime
    numbers: count[int] = attrs.field(factory=count)
    clock: SystemClock = attrs.field(factory=SystemClock)

    def all(self) -> Mapping[str, Ask]:
        """By name."""
        queries, backlog, figures = self.storage.queries, self.storage.backlog, self.storage.figures
        now = self.clock.now()
        lists: dict[str, Callable[[Slice], Awaitable[Page[object]]]] = {
            "orders": lambda part: queries.orders(OrderFilter(), part),
            "orders, fulfilled": lambda part: queries.orders(OrderFilter(status="fulfilled"), part),
            "orders, undelivered": lambda part: queries.orders(OrderFilter(undelivered=True), part),
            "orders, attention": lambda part: queries.orders(OrderFilter(status="attention"), part),
            "reservations": lambda part: queries.reservations(ReservationFilter(), part),
            "reservations, completed": lambda part: queries.reservations(ReservationFilter(status="completed"), part),
            "webhooks": lambda part: queries.webhooks(WebhookFilter(), part),
            "webhooks of kinguin": lambda part: queries.webhooks(WebhookFilter(source="kinguin"), part),
            "webhooks, failed": lambda part: queries.webhooks(WebhookFilter(status="failed"), part),
            "findings": lambda part: backlog.findings(FindingFilter(), part),
            "jobs": lambda part: backlog.jobs(JobFilter(), part),
            "jobs, of one name": lambda part: backlog.jobs(JobFilter(name="send-mail"), part),
            "jobs, dead": lambda part: backlog.jobs(JobFilter(status="dead"), part),
        }
        horizon = Horizon(before=now, ended_since=now - timedelta(hours=1), recalled_since=now - timedelta(days=1))
        return {
            f"{_BATCH} webhooks stored at once": self.receive,
            "a job asked for, claimed and ended": self.claim,
            **{f"first page: {name}": _first(ask) for name, ask in lists.items()},
            **{f"a page in the middle: {name}": _middle(ask, self.half) for name, ask in lists.items()},
            "one order with everything": self.dossier,
            "summary: orders": lambda: figures.orders(now=now),
            "summary: queue": lambda: figures.queue(now=now),
            "summary: webhooks of a day": lambda: figures.webhooks(since=now - timedelta(days=1)),
            "summary: money of a day": lambda: figures.money(
                sold_since=now - timedelta(days=1), spent_since=now - timedelta(days=1)
            ),
            "summary: money of a week": lambda: figures.money(
                sold_since=now - timedelta(days=7), spent_since=now - timedelta(days=7)
            ),
            "summary: bars of a day": lambda: self.bars(now - timedelta(days=1), timedelta(hours=1), 24),
            "summary: bars of a fortnight": lambda: self.bars(now - timedelta(days=14), timedelta(days=1), 14),
            "sweep: webhooks": lambda: self.storage.loose_ends.webhooks(before=now, limit=100),
            "sweep: orders": lambda: self.storage.loose_ends.orders(horizon, after=None, limit=100),
        }

    def with_pages(self, asked: Mapping[str, Ask]) -> Mapping[str, Ask]:
        """Those, and pages and lists over HTTP."""
        return {**self.all(), **asked}

    async def bars(self, since: datetime, step: timedelta, bars: int) -> None:
        """What the console's pictures show."""
        await self.storage.trends.orders(since=since, step=step, bars=bars)
        await self.storage.trends.deliveries(since=since, step=step, bars=bars)

    async def receive(self) -> None:
        """Webhooks that arrive together."""
        now = self.clock.now()
        bodies = [b'{"n":%d}' % next(self.numbers) for _ in range(_BATCH)]
        await asyncio.gather(*(self.storage.inbox.receive(a_webhook(body), now=now) for body in bodies))

    async def claim(self) -> None:
        """What a worker does around a job."""
        now = self.clock.now()
        received = await self.storage.inbox.receive(a_webhook(b'{"n":%d}' % next(self.numbers)), now=now)
        await self.storage.jobs.due(now=now, limit=16)
        assert received.job_id is not None
        claimed = await self.storage.jobs.claim(received.job_id, now=now, lease=_LEASE, token="token")
        assert claimed is not None
        await self.storage.jobs.end(JobOutcome(lease=claimed.lease, end=Done()), now=now)

    async def dossier(self) -> None:
        """The newest order."""
        page = await self.storage.queries.orders(OrderFilter(), Slice(limit=1))
        await self.storage.queries.dossier(page.items[0].id)


def _first(ask: Callable[[Slice], Awaitable[Page[object]]]) -> Ask:
    return lambda: ask(Slice(limit=100))


def _middle(ask: Callable[[Slice], Awaitable[Page[object]]], half: datetime) -> Ask:
    return lambda: ask(Slice(limit=100, until=half))


async def measure(storage: SqlStorage, orders: int) -> dict[str, float]:
    """Milliseconds for each question to a shop with so many orders: the median."""
    found = {}
    half = SystemClock().now() - APART * (orders / 2)
    async with pages_asked(storage, half) as asked:
        for name, ask in Questions(storage, half).with_pages(asked).items():
            times = []
            for _ in range(REPEATS):
                started = perf_counter()
                await ask()
                times.append((perf_counter() - started) * 1000)
            found[name] = statistics.median(times)
    return found


async def fill(url: str, numbers: range) -> None:
    """Make copies of the first order, each under a number."""
    connection = await asyncpg.connect(url)
    try:
        loader = Loader(connection)
        await loader.prepare()
        with Progress() as progress:
            task = progress.add_task("orders", total=len(numbers))
            for first, many in portions(numbers):
                await loader.copy(first, many)
                progress.advance(task, many)
        await loader.finish()
    finally:
        await connection.close()


def tell(before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """One line for each question."""
    note(f"{'':<50} {'few':>11} {'many':>11} {'ratio':>8}")
    for name, few in before.items():
        many = after[name]
        note(f"{name:<50} {few:>8.2f} ms {many:>8.2f} ms {many / few:>8.2f}")


async def main(orders: int) -> None:
    """Measure, fill, measure again, and print."""
    title(f"PostgreSQL with {orders:,} orders and {orders * 5:,} webhooks, against one with a few")
    about_this_machine()
    with (
        tempfile.TemporaryDirectory(prefix="bitloot-bench-") as name,
        postgres_server(durable=True) as server,
        stocked_postgres(server, Path(name) / "stocked") as stock,
        stock.fresh(Path(name) / "shop") as database,
    ):
        async with open_system(Path(name) / "shop", OneDatabase(database)) as system:
            await system.deliver(await system.buyer.place())
            await system.at_rest()
            await system.service.stop()
        postgres = PostgresDatabase(DatabaseUrl.parse(database.url))
        storage = SqlStorage.over(postgres, PayloadSealer(MasterKeys({"k1": bytes(32)})))
        await fill(database.url, range(1, SMALL + 1))
        before = await measure(storage, SMALL)
        started = perf_counter()
        await fill(database.url, range(SMALL + 1, orders + 1))
        note(f"filled in {perf_counter() - started:,.0f} s")
        after = await measure(storage, orders)
        await postgres.close()
        tell(before, after)
        note("target: each ratio at most 1.5, each page below 50 ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().orders))
