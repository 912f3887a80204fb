"""
Whole orders in the shape of production: PostgreSQL, a web process, two worker processes, Redis between them.

Targets (issue 3): 80 orders/s; from the webhook that is stored to the order that has moved p50 below 30 ms at low load.
Keys and mails go to folders, vendors answer at once; the vendors, the buyers and the load are in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from bench_orders import CLOCKS, throughput
from figures import about_this_machine, cpu_seconds, figure, note, percentile, title
from one_database import OneDatabase

from harness.ports import HOST
from harness.postgres_server import postgres_server
from harness.postgres_stock import PostgresShop, stocked_postgres
from harness.redis_server import open_redis
from harness.service import SERVE, WORK, ServiceProcess
from harness.system import System, open_system
from harness.waiting import eventually, pause

_MOVES = """
SELECT settled.at - received.received_at AS micros FROM webhook_logs AS received
JOIN order_events AS settled ON settled.order_id = received.order_id AND settled.event = 'PaymentSettled'
WHERE received.type = 'payment.finished' AND settled.at >= received.received_at AND received.received_at >= ?
"""


@asynccontextmanager
async def opened(folder: Path, workers: int) -> AsyncIterator[tuple[System, PostgresShop, list[ServiceProcess]]]:
    """A shop in which each part is a process of its own."""
    with (
        postgres_server(durable=True) as server,
        stocked_postgres(server, folder / "stocked") as stock,
        stock.fresh(folder / "shop") as database,
    ):
        (folder / "redis").mkdir()
        async with open_redis(folder / "redis") as redis:
            assert isinstance(database, PostgresShop)
            changes = {**CLOCKS, "REDIS_URL": f"redis://{HOST}:{redis.port}/0"}
            async with open_system(folder / "shop", OneDatabase(database), program=SERVE, **changes) as system:
                system.vendors.kinguin.knobs.delivery_delay = timedelta(0)
                hands = [ServiceProcess(system.place, WORK, ready=b"working") for _ in range(workers)]
                await asyncio.gather(*(process.start() for process in hands))
                try:
                    yield system, database, hands
                finally:
                    for process in hands:
                        await process.kill()


async def moves(system: System, database: PostgresShop, count: int, per_second: float) -> list[float]:
    """At a steady pace: milliseconds from the moment that `finished` is received to the order's next step."""
    since = int(database.rows("SELECT coalesce(max(received_at), 0) + 1 AS last FROM webhook_logs")[0]["last"])
    orders = [await system.buyer.place() for _ in range(count)]
    for placed in orders:
        await system.vendors.gateway.pay(placed.payment_id)
        await pause(1 / per_second)
    await eventually(lambda: len(database.rows(_MOVES, since)) >= count, "all are paid", within=60, every=0.2)
    return [int(row["micros"]) / 1000 for row in database.rows(_MOVES, since)]


async def main(orders: int, repeats: int, workers: int, pace: float) -> None:
    """Measure and print."""
    title(f"Whole orders on PostgreSQL with {workers} worker processes over Redis")
    about_this_machine()
    with tempfile.TemporaryDirectory(prefix="bitloot-bench-") as folder:
        async with opened(Path(folder), workers) as (system, database, hands):
            await throughput(system, 50)
            rates, web, work, own = [], [], [], []
            for _ in range(repeats):
                pids = [system.service.pid, os.getpid(), *(process.pid for process in hands)]
                before, started = [cpu_seconds(pid) for pid in pids], perf_counter()
                rates.append(await throughput(system, orders))
                seconds = perf_counter() - started
                used = [(cpu_seconds(pid) - then) / seconds for pid, then in zip(pids, before, strict=True)]
                web.append(used[0])
                own.append(used[1])
                work.append(sum(used[2:]))
            figure(f"orders a second, {orders} orders", rates, "/s", target=">= 80")
            shares = [statistics.median(share) for share in (web, work, own)]
            note("  processor: web {:.0%}, workers {:.0%}, vendors and buyers {:.0%}".format(*shares))
            times = await moves(system, database, 40, pace)
            figure(f"webhook stored to order paid at {pace:g}/s, p50", [percentile(times, 0.5)], "ms", target="< 30")
            figure("  p95", [percentile(times, 0.95)], "ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pace", type=float, default=4)
    asked = parser.parse_args()
    asyncio.run(main(asked.orders, asked.repeats, asked.workers, asked.pace))
