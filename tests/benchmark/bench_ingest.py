"""
Webhooks a second: the real service, durable, against a bare handler; interleaved, five times or more.

Target (issue 2): at least 0.25 of the bare handler's requests/s at 16 connections, 0.45 at 64.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
from figures import about_this_machine, cpu_seconds, figure, note, title

from harness.service import SERVE, ServiceProcess
from harness.surroundings import Surroundings, surroundings
from harness.system import make_stocked_database

HERE = Path(__file__).parent
TARGETS = {16: "0.25", 64: "0.45"}
PATHS = {"/kinguin/webhooks": "KINGUIN_WEBHOOK_SECRET", "/payments/ipn": "NOWPAYMENTS_IPN_SECRET"}
SECRET = "the-same-for-both-so-that-both-sides-check-the-same-bytes"
SERVICES = {"web": (sys.executable, str(HERE / "web_only.py")), "web and worker in one process": SERVE}


@attrs.define(kw_only=True)
class Side:
    """One of the two that are compared."""

    port: int
    pid: int
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
    """Sends load from a process of its own; never the same delivery twice."""

    def __init__(self, process: asyncio.subprocess.Process, requests: int) -> None:
        self._process = process
        self._requests = requests
        self._sent = 0

    async def send(self, side: Side, path: str, connections: int) -> dict[str, Any]:
        """One run against one side."""
        order = {
            "port": side.port, "path": path, "secret": SECRET, "connections": connections,
            "count": self._requests, "first": self._sent,
        }  # fmt: skip
        self._sent += self._requests
        if self._process.stdin is None:
            raise ValueError("no pipe")
        used = cpu_seconds(side.pid)
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        found: dict[str, Any] = json.loads(await line_of(self._process))
        seconds = self._requests / found["per_second"]
        found["server_busy"] = (cpu_seconds(side.pid) - used) / seconds
        return found

    async def measure(self, side: Side, path: str, connections: int) -> None:
        """One run, written down."""
        found = await self.send(side, path, connections)
        if found["statuses"] != {"200": self._requests}:
            note(f"!! not all were taken: {found['statuses']}")
        side.per_second.append(found["per_second"])
        side.p50_ms.append(found["p50_ms"])
        side.p99_ms.append(found["p99_ms"])
        side.busy.append(found["server_busy"])
        side.generator_busy.append(found["busy"])


async def compare(place: Surroundings, program: Sequence[str], bare: Side, generator: Generator, repeats: int) -> None:
    """Ours against the bare handler: A B A B, for each path and number of connections."""
    service = ServiceProcess(place, program)
    await service.start()
    port = int(place.url.rpartition(":")[2])
    try:
        for path in PATHS:
            for connections, target in TARGETS.items():
                ours, theirs = Side(port=port, pid=service.pid), Side(port=bare.port, pid=bare.pid)
                await generator.send(ours, path, connections)  # both are warm when it counts
                await generator.send(theirs, path, connections)
                for _ in range(repeats):
                    await generator.measure(ours, path, connections)
                    await generator.measure(theirs, path, connections)
                tell(path, connections, target, ours, theirs)
    finally:
        await service.kill()


def tell(path: str, connections: int, target: str, ours: Side, bare: Side) -> None:
    """Print one comparison."""
    ratios = [mine / theirs for mine, theirs in zip(ours.per_second, bare.per_second, strict=True)]
    note(f"POST {path}, {connections} connections")
    figure("  ours", ours.per_second, "/s")
    figure("  bare handler", bare.per_second, "/s")
    figure("  ratio", ratios, "", target=f">= {target}")
    figure("  ours, p50", ours.p50_ms, "ms")
    figure("  ours, p99", ours.p99_ms, "ms")
    shares = (
        statistics.median(ours.busy),
        statistics.median(ours.generator_busy),
        statistics.median(bare.generator_busy),
    )
    note("  processor: ours {:.0%} of a core, generator {:.0%} (with the bare handler {:.0%})".format(*shares))


async def main(requests: int, repeats: int, which: Sequence[str]) -> None:
    """Measure and print."""
    title("Ingest of webhooks: requests a second, durable, against a bare aiohttp handler")
    about_this_machine()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bitloot-bench-")))
        stocked = make_stocked_database(folder / "stocked")
        bare_process = await stack.enter_async_context(child(str(HERE / "bare_server.py"), SECRET))
        bare = Side(port=int((await line_of(bare_process)).split()[-1]), pid=bare_process.pid)
        load = await stack.enter_async_context(child(str(HERE / "load_generator.py")))
        generator = Generator(load, requests)
        for name in which:
            title(f"{name}: {requests:,} deliveries a run, {repeats} runs each")
            place = stack.enter_context(
                surroundings(folder / name.replace(" ", "-"), LOG_LEVEL="info", **dict.fromkeys(PATHS.values(), SECRET))
            )
            place.database.write_bytes(stocked.read_bytes())
            await compare(place, SERVICES[name], bare, generator, repeats)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=SERVICES, action="append")
    asked = parser.parse_args()
    asyncio.run(main(asked.requests, asked.repeats, asked.only or list(SERVICES)))
