"""
Webhooks a second: the real service, durable, against a bare handler; interleaved, five times or more.

Targets: on SQLite at least 0.25 of the bare handler's requests/s at 16 connections, 0.45 at 64; on PostgreSQL 0.4 and
0.6. The bare handler runs twice: on asyncio, as aiohttp comes, and on uvloop, which is what our service runs on.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import attrs
from figures import about_this_machine, cpu_seconds, figure, note, title
from one_database import OneDatabase

from harness.databases import ShopDatabase, SqliteFile, SqliteStock, Stock
from harness.postgres_server import postgres_server
from harness.postgres_stock import PostgresShop, PostgresStock, stocked_postgres
from harness.service import SERVE, ServiceProcess
from harness.surroundings import Surroundings, surroundings
from harness.system import make_stocked_database, open_system
from harness.waiting import pause

HERE = Path(__file__).parent
TARGETS = {"sqlite": {16: "0.25", 64: "0.45"}, "postgresql": {16: "0.4", 64: "0.6"}}
CONNECTIONS = (16, 64)
PATHS = {"/kinguin/webhooks": "KINGUIN_WEBHOOK_SECRET", "/payments/ipn": "NOWPAYMENTS_IPN_SECRET"}
SECRET = "the-same-for-both-so-that-both-sides-check-the-same-bytes"
SENDERS = {
    "client": "asked by aiohttp's client, which is busier than the bare handler",
    "wire": "asked by a generator that writes prepared bytes, so that nothing but the two servers is measured",
}
_LOOK_SECONDS, _LITTLE, _MOST_LOOKS = 0.3, 0.2, 200
SERVICES = {"web": (sys.executable, str(HERE / "web_only.py")), "web and worker in one process": SERVE}


@attrs.frozen(kw_only=True)
class Server:
    """One of those that are compared."""

    name: str
    port: int
    pid: int


@attrs.frozen
class Runs:
    """What was measured against one server."""

    per_second: list[float] = attrs.field(factory=list)
    p50_ms: list[float] = attrs.field(factory=list)
    p99_ms: list[float] = attrs.field(factory=list)
    busy: list[float] = attrs.field(factory=list)
    generator_busy: list[float] = attrs.field(factory=list)


@asynccontextmanager
async def child(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process that listens to us and answers in lines."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> bytes:
    """The next line that a child says."""
    if process.stdout is None:
        raise ValueError("no pipe")
    return await process.stdout.readline()


class Generator:
    """
    Sends load from a process of its own; never the same delivery twice.

    Args:
        process: the child that sends.
        about: the names of the order that all deliveries are about.
        requests: how many make a run.
        sender: the way of `load_generator` to send.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, about: Mapping[str, str], requests: int, sender: str
    ) -> None:
        self._process = process
        self._about = about
        self._requests = requests
        self._sender = sender
        self._sent = 0

    async def send(self, server: Server, path: str, connections: int) -> dict[str, Any]:
        """One run against one server."""
        order = {
            "port": server.port, "path": path, "secret": SECRET, "connections": connections,
            "count": self._requests, "first": self._sent, "sender": self._sender, **self._about,
        }  # fmt: skip
        self._sent += self._requests
        if self._process.stdin is None:
            raise ValueError("no pipe")
        used = cpu_seconds(server.pid)
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        found: dict[str, Any] = json.loads(await line_of(self._process))
        found["server_busy"] = (cpu_seconds(server.pid) - used) * found["per_second"] / self._requests
        return found

    async def measure(self, server: Server, path: str, connections: int, runs: Runs) -> None:
        """One run, written down."""
        found = await self.send(server, path, connections)
        if found["statuses"] != {"200": self._requests}:
            note(f"!! {server.name} did not take all: {found['statuses']}")
        runs.per_second.append(found["per_second"])
        runs.p50_ms.append(found["p50_ms"])
        runs.p99_ms.append(found["p99_ms"])
        runs.busy.append(found["server_busy"])
        runs.generator_busy.append(found["busy"])


async def at_rest(pid: int) -> None:
    """Wait until a process has little to do."""
    used = cpu_seconds(pid)
    for _ in range(_MOST_LOOKS):
        await pause(_LOOK_SECONDS)
        before, used = used, cpu_seconds(pid)
        if used - before <= _LOOK_SECONDS * _LITTLE:
            return


async def order_that_is_over(folder: Path, database: ShopDatabase) -> tuple[Stock, Mapping[str, str]]:
    """A database in which one order was delivered, to be copied; and the names of its payment and its purchase."""
    async with open_system(folder, OneDatabase(database), **dict.fromkeys(PATHS.values(), SECRET)) as system:
        placed = await system.buyer.place()
        await system.deliver(placed)
        await system.at_rest()
        (bought,) = system.vendors.kinguin.purchases
        await system.service.stop()
        names = {"order": placed.order_id, "payment": placed.payment_id, "purchase": bought.order_id}
    match database:
        case SqliteFile():
            return SqliteStock(database.path), names
        case PostgresShop():
            return PostgresStock(database.server, database.name), names
    raise TypeError(database)


@contextmanager
def stock_of(engine: str, folder: Path) -> Iterator[Stock]:
    """Databases of one kind with products in them."""
    if engine == "sqlite":
        yield SqliteStock(make_stocked_database(folder))
        return
    with postgres_server(durable=True) as server, stocked_postgres(server, folder) as stock:
        yield stock


async def compare(
    place: Surroundings,
    program: Sequence[str],
    bare: Sequence[Server],
    generator: Generator,
    *,
    repeats: int,
    targets: Mapping[int, str],
) -> None:
    """Ours against the bare handlers: A B C A B C, for each path and number of connections."""
    service = ServiceProcess(place, program)
    await service.start()
    servers = [Server(name="ours", port=int(place.url.rpartition(":")[2]), pid=service.pid), *bare]
    try:
        for path, connections in itertools.product(PATHS, CONNECTIONS):
            for server in servers:
                await generator.send(server, path, connections)  # warm when it counts
            runs = [Runs() for _ in servers]
            for _ in range(repeats):
                for server, seen in zip(servers, runs, strict=True):
                    await at_rest(service.pid)  # what it owes from the last run must not slow the others down
                    await generator.measure(server, path, connections, seen)
            note(f"POST {path}, {connections} connections")
            others = {server.name: seen for server, seen in zip(servers[1:], runs[1:], strict=True)}
            tell(runs[0], others, targets[connections])
    finally:
        await service.kill()


def tell(ours: Runs, bare: Mapping[str, Runs], target: str) -> None:
    """Print one comparison."""
    figure("  ours", ours.per_second, "/s")
    for name, seen in bare.items():
        ratios = [mine / theirs for mine, theirs in zip(ours.per_second, seen.per_second, strict=True)]
        figure(f"  {name}", seen.per_second, "/s")
        figure("    ratio", ratios, "", target=f">= {target}")
    figure("  ours, p50", ours.p50_ms, "ms")
    figure("  ours, p99", ours.p99_ms, "ms")
    shares = [statistics.median(seen.generator_busy) for seen in (ours, *bare.values())]
    note(f"  processor: ours {statistics.median(ours.busy):.0%} of a core, the generator {max(shares):.0%} at most")


async def main(requests: int, repeats: int, which: Sequence[str], engine: str, sender: str) -> None:
    """Measure and print."""
    title(f"Ingest of webhooks on {engine}: requests a second, durable, against a bare aiohttp handler")
    note(SENDERS[sender])
    about_this_machine()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bitloot-bench-")))
        stocked = stack.enter_context(stock_of(engine, folder / "stocked"))
        database = stack.enter_context(stocked.fresh(folder / "order"))
        stock, about = await order_that_is_over(folder / "order", database)
        bare = []
        for loop in ("asyncio", "uvloop"):
            process = await stack.enter_async_context(child(str(HERE / "bare_server.py"), SECRET, loop))
            port = int((await line_of(process)).split()[-1])
            bare.append(Server(name=f"bare handler on {loop}", port=port, pid=process.pid))
        load = await stack.enter_async_context(child(str(HERE / "load_generator.py")))
        generator = Generator(load, about, requests, sender)
        for name in which:
            title(f"{name}: {requests:,} deliveries a run, {repeats} runs each")
            home = folder / name.replace(" ", "-")
            with (
                stock.fresh(home) as copy,
                surroundings(
                    home, LOG_LEVEL="info", DATABASE_URL=copy.url, **dict.fromkeys(PATHS.values(), SECRET)
                ) as place,
            ):
                await compare(place, SERVICES[name], bare, generator, repeats=repeats, targets=TARGETS[engine])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=SERVICES, action="append")
    parser.add_argument("--database", choices=TARGETS, action="append")
    parser.add_argument("--sender", choices=SENDERS, action="append")
    asked = parser.parse_args()
    for engine, sender in itertools.product(asked.database or TARGETS, asked.sender or SENDERS):
        asyncio.run(main(asked.requests, asked.repeats, asked.only or list(SERVICES), engine, sender))
