"""
Whole orders through the embedded service: how many a second, and how long from the IPN `finished` to the mail.

Targets (issue 2): 60 orders/s over 500 orders; p50 below 100 ms at 20 orders/s. Vendors without latency, no rate limit
of ours; the vendors, the buyers and the load are in this process, the service in another.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from figures import about_this_machine, cpu_seconds, figure, note, percentile, title

from bitloot_adapters.nowpayments_simulator import SimulatedPayment
from harness.buyer import Placed
from harness.system import System, make_stocked_database, open_system
from harness.waiting import eventually, pause

CLOCKS = {
    "JOB_LEASE_SECONDS": "120",
    "RELAY_SECONDS": "5",
    "SUPPLIER_QUIET_SECONDS": "900",
    "SUPPLIER_POLL_SECONDS": "15,30",
    "PAYMENT_POLL_SECONDS": "30,60",
    "RETRY_BASE_SECONDS": "5",
    "LOG_LEVEL": "info",
}
"""As in production: here nothing goes wrong that a short clock would have to mend."""
BUYERS = 32


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[System]:
    """A service in its usual form, and vendors who answer at once."""
    stocked = make_stocked_database(folder / "stocked")
    async with open_system(folder / "service", stocked, **CLOCKS) as system:
        system.vendors.kinguin.knobs.delivery_delay = timedelta(0)
        yield system


async def pay_at_once(system: System, payment: SimulatedPayment) -> None:
    """What each buyer does with a payment."""
    await system.vendors.gateway.pay(payment.payment_id)


def mails_of(system: System) -> int:
    """How many mails were written."""
    with os.scandir(system.place.mail) as files:
        return sum(file.name.endswith(".eml") for file in files)


async def throughput(system: System, count: int) -> float:
    """Place and pay orders as fast as they are taken; orders a second until the last mail is written."""
    system.vendors.gateway.pay_automatically(lambda payment: pay_at_once(system, payment))
    before, left, started = mails_of(system), iter(range(count)), perf_counter()

    async def buyer() -> None:
        """Places one order after the other."""
        for _ in left:
            await system.buyer.place()

    await asyncio.gather(*(buyer() for _ in range(BUYERS)))
    await eventually(lambda: mails_of(system) >= before + count, "all mails are written", within=600, every=0.02)
    system.vendors.gateway.pay_automatically(None)
    return count / (perf_counter() - started)


async def latencies(system: System, count: int, per_second: float) -> list[float]:
    """At a steady pace: milliseconds from the moment that the IPN `finished` leaves to the mail's last byte."""
    loop, before = asyncio.get_running_loop(), mails_of(system)
    orders: list[Placed] = [await system.buyer.place() for _ in range(count)]
    begun, paying = loop.time(), []
    for number, placed in enumerate(orders):
        await pause(max(0.0, begun + number / per_second - loop.time()))
        paying.append(asyncio.create_task(system.vendors.gateway.pay(placed.payment_id)))
    await asyncio.gather(*paying)
    await eventually(lambda: mails_of(system) >= before + count, "all mails are written", within=120)
    written = {_recipient(path): path.stat().st_mtime for path in system.place.mail.glob("*.eml")}
    return [(written[one.email] - _finished_at(system, one).timestamp()) * 1000 for one in orders]


def _recipient(path: Path) -> str:
    """Who a mail is to."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("To: ").strip() for line in lines if line.startswith("To: "))


def _finished_at(system: System, placed: Placed) -> datetime:
    """When the notice `finished` left: when the one before it was answered, since they leave one after another."""
    return [sent.at for sent in system.vendors.gateway.notices_of(placed.payment_id)][-2]


async def main(orders: int, repeats: int, pace: float) -> None:
    """Measure and print."""
    title("Whole orders: from POST /orders to the mail with the link, service and vendors on this machine")
    about_this_machine()
    with tempfile.TemporaryDirectory(prefix="bitloot-bench-") as folder:
        async with opened(Path(folder)) as system:
            await throughput(system, 50)
            rates, shares, own = [], [], []
            for _ in range(repeats):
                used, mine, started = cpu_seconds(system.service.pid), cpu_seconds(os.getpid()), perf_counter()
                rates.append(await throughput(system, orders))
                seconds = perf_counter() - started
                shares.append((cpu_seconds(system.service.pid) - used) / seconds)
                own.append((cpu_seconds(os.getpid()) - mine) / seconds)
            figure(f"orders a second, {orders} orders", rates, "/s", target=">= 60")
            note(
                f"  processor: service {statistics.median(shares):.0%}, vendors and buyers {statistics.median(own):.0%}"
            )
            times = await latencies(system, max(40, int(pace * 5)), pace)
            figure(f"IPN finished to mail at {pace:g} orders/s, p50", [percentile(times, 0.5)], "ms", target="< 100")
            figure("  p95", [percentile(times, 0.95)], "ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pace", type=float, default=20)
    asked = parser.parse_args()
    asyncio.run(main(asked.orders, asked.repeats, asked.pace))
