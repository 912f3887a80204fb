"""A shop in the shape of production whose every process is struck at its boundaries, one after another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import attrs

from harness.databases import Stock
from harness.fault_proxy import open_fault_proxy
from harness.mortal import MortalProcess
from harness.ports import HOST
from harness.production import Production, open_production
from harness.s3_proxy import open_s3_proxy
from harness.seams import Blow

LEASE_SECONDS = 1.5
CLOCKS = {
    "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    "SUPPLIER_QUIET_SECONDS": "2",
    "PAYMENT_POLL_SECONDS": "0.6,20",
    "SUPPLIER_POLL_SECONDS": "0.6",
    # Of several shops on one server each gets its share.
    "DATABASE_POOL_SIZE": "4",
}
_RING = {b"XADD": "ring"}


@attrs.frozen(kw_only=True)
class MortalShop:
    """
    The shop, and the processes that it is made of.

    Attributes:
        production: all but the processes, which are ours.
        processes: the web process and the workers.
    """

    production: Production
    processes: Sequence[MortalProcess]

    @property
    def blows(self) -> int:
        """How often one of them was struck."""
        return sum(process.blows for process in self.processes)

    async def arm(self, *, mode: str) -> None:
        """From now on each is struck where nobody was before; see `MortalProcess.arm`."""
        for process in self.processes:
            await process.arm(mode=mode)

    async def disarm(self) -> int:
        """They live on from now; how often they were struck since they were armed."""
        return sum([await process.disarm() for process in self.processes])


@asynccontextmanager
async def open_mortal_shop(
    folder: Path, stock: Path | Stock, s3: str, graveyard: Path, blow: Blow, *, workers: int = 1, **changes: str
) -> AsyncIterator[MortalShop]:
    """
    Open a shop with a web process and workers that are struck at what nobody was struck at before.

    Before each process stand proxies of its own, so that it is known whose request came there.

    Args:
        stock: as for `open_system`.
        s3: a server of buckets.
        graveyard: the folder of the boundaries that somebody visited.
        blow: what happens there.
        workers: how many; mails are handed in by the first one, as far as boundaries go.
        changes: settings that differ.
    """
    async with AsyncExitStack() as stack:
        production = await stack.enter_async_context(
            open_production(folder, stock, s3, workers=0, start=False, **CLOCKS | changes)
        )
        vendors = production.system.vendors
        vendors.kinguin.knobs.delivery_delay = timedelta(seconds=0.1)
        vendors.kinguin.knobs.accept_repeats = True  # a supplier that would sell the same reference twice
        vendors.gateway.announces_creation = False
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        processes = []
        for part in ("web", *["worker"] * workers):
            bell = await stack.enter_async_context(open_fault_proxy(production.redis.port))
            bucket = await stack.enter_async_context(open_s3_proxy(s3, session))
            post = await stack.enter_async_context(open_fault_proxy(production.mail.port))
            process = MortalProcess(
                production.system.place,
                graveyard,
                part=part,
                blow=blow,
                stall_seconds=2 * LEASE_SECONDS,
                REDIS_URL=f"redis://{HOST}:{bell.port}/0",
                R2_ENDPOINT=bucket.url,
                SMTP_URL=f"smtp://{HOST}:{post.port}",
            )
            bell.watched = _RING
            bell.witness = bucket.witness = process.witness
            processes.append(process)
        production.mail.witness = processes[1].witness
        for process in processes:
            await stack.enter_async_context(process.watched())
        yield MortalShop(production=production, processes=processes)
