"""
Memory of the embedded service after many whole orders, and whether it grows with their number.

Target (issue 2): under 150 MiB after 10,000 orders, and flat.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench_orders import opened, throughput
from figures import about_this_machine, figure, note, resident_mib, title


async def main(orders: int) -> None:
    """Measure and print."""
    title("Memory of the service (RSS)")
    about_this_machine()
    step = max(1, orders // 10)
    with tempfile.TemporaryDirectory(prefix="bitloot-bench-") as folder:
        async with opened(Path(folder)) as system:
            figure("at rest, before the first order", [resident_mib(system.service.pid)], "MiB")
            seen = []
            for done in range(step, orders + 1, step):
                rate = await throughput(system, step)
                seen.append(resident_mib(system.service.pid))
                note(f"  after {done:>6,} orders {seen[-1]:8.1f} MiB  ({rate:.0f} orders/s)")
            figure(f"after {orders:,} orders", [seen[-1]], "MiB", target="< 150")
            figure(f"growth from {step:,} to {orders:,} orders", [seen[-1] - seen[0]], "MiB", target="flat")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().orders))
