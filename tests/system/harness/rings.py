"""
The two ends of a doorbell over Redis: who rings, and who listens, in this process or in one of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bitloot_adapters.taskiq import RingListener, TaskiqNotifier, build_redis_broker
from bitloot_core.values.ids import JobId
from harness.launch_listener import STREAM
from harness.redis_server import RedisServer
from harness.waiting import eventually

_LAUNCH = (sys.executable, str(Path(__file__).with_name("launch_listener.py")))
_FULL_GRACE = timedelta(seconds=20)


class Ear:
    """
    A listener in this process, and what it heard.

    Attributes:
        heard: the jobs that began, in order.
        done: the jobs that came to their end.
        go_on: while it is not set, jobs wait in the middle.
    """

    def __init__(self, redis: RedisServer, *, concurrency: int = 16, take_over_after: timedelta) -> None:
        self.heard: list[JobId] = []
        self.done: list[JobId] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.broker = build_redis_broker(
            redis.url,
            stream=STREAM,
            block=timedelta(milliseconds=100),
            take_over_after=take_over_after,
            forget_after=take_over_after,
        )
        self.listener = RingListener(self.broker, self._run, concurrency=concurrency)

    async def hears(self, *job_ids: int) -> None:
        """Wait until it has heard all of these."""
        await eventually(lambda: set(job_ids) <= set(self.heard), f"{job_ids} are heard")

    async def _run(self, job_id: JobId) -> None:
        self.heard.append(job_id)
        await self.go_on.wait()
        self.done.append(job_id)


@asynccontextmanager
async def listening(
    redis: RedisServer, *, concurrency: int = 16, take_over_after: timedelta = timedelta(minutes=5)
) -> AsyncIterator[Ear]:
    """Listen in this process while the context is open."""
    ear = Ear(redis, concurrency=concurrency, take_over_after=take_over_after)
    await ear.broker.startup()
    ear.listener.start()
    yield ear
    ear.go_on.set()
    await ear.listener.stop(grace=_FULL_GRACE)
    await ear.broker.shutdown()


@asynccontextmanager
async def ringing(redis: RedisServer) -> AsyncIterator[TaskiqNotifier]:
    """Ring while the context is open."""
    broker = build_redis_broker(redis.url, stream=STREAM)
    await broker.startup()
    yield TaskiqNotifier(broker, patience=timedelta(seconds=5))
    await broker.shutdown()


class EarProcess:
    """
    A worker of its own that listens; see `launch_listener.py`.

    Attributes:
        lines: what it has said.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._reader = asyncio.create_task(self._read())
        self.lines: list[str] = []

    async def said(self, start: str) -> None:
        """Wait for a line that starts so."""
        await eventually(lambda: any(line.startswith(start) for line in self.lines), f"it says {start!r}")

    def terminate(self) -> None:
        """Tell it to stop (SIGTERM)."""
        self._process.terminate()

    async def killed(self) -> None:
        """End it with SIGKILL."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def ended(self) -> int:
        """Wait until it ends; the exit code."""
        await self._reader
        return await self._process.wait()

    async def _read(self) -> None:
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                self.lines.append(line.decode().strip())


@asynccontextmanager
async def ear_process(
    redis: RedisServer, *, concurrency: int = 1, job: str = "hang", grace: float = 0.2, take_over_after: float = 300
) -> AsyncIterator[EarProcess]:
    """Run a worker; what is left of it at the end is killed."""
    ear = EarProcess(
        await asyncio.create_subprocess_exec(
            *_LAUNCH, redis.url, str(concurrency), job, str(grace), str(take_over_after), stdout=asyncio.subprocess.PIPE
        )
    )
    try:
        await ear.said("listening")
        yield ear
    finally:
        await ear.killed()
