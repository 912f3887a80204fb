"""
Starts the real service with a hand at its seams: each commit and each outgoing request is a boundary.

Argument: a folder, shared by several services. Told `arm`, the process dies by SIGKILL at the first boundary that
nobody has died at before; told `arm new`, only where nobody died at one of that name; told `disarm`, it lives on. A
boundary's name is what it writes or asks, which side of it, and how often it came since the last order.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import select
import signal
import sys
import threading
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Engine, event
from sqlalchemy.engine import RootTransaction

from bitloot_http.app import build_app
from bitloot_http.cli.running import run_loop
from bitloot_http.container import open_service
from bitloot_http.environment import read_environment
from bitloot_http.logs import configure_logs
from bitloot_http.reading_settings import read_settings
from bitloot_http.service import Seams
from bitloot_http.serving import serving

_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\s+(?:OR \w+\s+)?(?:INTO\s+|FROM\s+)?\"?(\w+)", re.IGNORECASE)
_JOB = re.compile(r"\bUPDATE jobs\b.* WHERE id = (\d+)", re.IGNORECASE | re.DOTALL)
_NAME_IN_PATH = re.compile(r"/(?=[^/]*\d)[^/]{5,}")


class Graveyard:
    """
    The boundaries that a process has died at, one file each: of several that come there at once, one dies.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._met: Counter[str] = Counter()
        self._mode = "disarm"
        self._lock = threading.Lock()

    def order(self, mode: str) -> None:
        """Do as told from now on, and count anew."""
        with self._lock:
            self._mode = mode
            self._met.clear()

    def pass_by(self, boundary: str) -> None:
        """Come to a boundary: die there, or go on."""
        with self._lock:
            if self._mode == "disarm":
                return
            self._met[boundary] += 1
            # Under `arm new` the first of a name counts, whatever its number elsewhere.
            is_taken = self._take(boundary, 1)
            if self._mode == "arm" and not is_taken and self._met[boundary] > 1:
                is_taken = self._take(boundary, self._met[boundary])
            if is_taken:
                os.kill(os.getpid(), signal.SIGKILL)

    def _take(self, boundary: str, occurrence: int) -> bool:
        name = f"{boundary} #{occurrence}"
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()[:24]
        try:
            with path.open("x", encoding="utf-8") as grave:
                grave.write(name)
        except FileExistsError:
            return False
        return True


class Transactions:
    """
    Names a commit by what its transaction wrote, each table once, and the jobs that it touched by name and status.

    SQLite itself tells what it runs, whichever way it was asked.
    """

    def __init__(self) -> None:
        self._tables: set[str] = set()
        self._jobs: set[str] = set()

    def listen(self) -> None:
        """Hear of every statement of every engine in this process."""

        @event.listens_for(Engine, "connect")
        def watch(connection: Any, _: object) -> None:
            connection.set_trace_callback(self._note)

    def name(self, transaction: RootTransaction) -> str:
        """What was written since the last commit."""
        tables = ", ".join(sorted(self._tables - {"jobs"}))
        ids = ", ".join(sorted(self._jobs)) or "NULL"
        query = f"SELECT DISTINCT name, status FROM jobs WHERE id IN ({ids}) ORDER BY 1, 2"  # noqa: S608 - numbers
        jobs = ", ".join(f"{name} {status}" for name, status in transaction.connection.exec_driver_sql(query))
        return "; ".join(part for part in (tables, jobs) if part) or "nothing"

    def forget(self) -> None:
        """A new transaction begins."""
        self._tables.clear()
        self._jobs.clear()

    def _note(self, statement: str) -> None:
        found = _WRITE.match(statement)
        if found is not None:
            self._tables.add(found[1])
            job = _JOB.search(statement) if found[1] == "jobs" else None
            if job is not None:
                self._jobs.add(job[1])


def seams(graveyard: Graveyard) -> Seams:
    """Stand at both sides of each commit and of each request."""
    transactions = Transactions()
    transactions.listen()

    def commit(transaction: RootTransaction) -> None:
        name = transactions.name(transaction)
        graveyard.pass_by(f"before commit: {name}")
        transaction.commit()
        graveyard.pass_by(f"after commit: {name}")
        transactions.forget()

    async def before(_: object, __: object, asked: aiohttp.TraceRequestStartParams) -> None:
        """A request is about to leave."""
        graveyard.pass_by(f"before request: {asked.method} {_template(asked.url.path)}")

    async def after(_: object, __: object, asked: aiohttp.TraceRequestEndParams) -> None:
        """Its answer has begun to come in."""
        graveyard.pass_by(f"after request: {asked.method} {_template(asked.url.path)}")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(before)
    trace.on_request_end.append(after)
    return Seams(commit=commit, traces=(trace,))


def _template(path: str) -> str:
    return _NAME_IN_PATH.sub("/*", path)


class Nursery:
    """
    Gives life to one service after another, each a process of its own, without importing everything again.

    Args:
        folder: of the boundaries that somebody died at.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: int | None = None
        self._ear = -1
        self._pulse = -1

    def run(self) -> None:
        """Do what standard input says until it ends: `live MODE`, or a mode for the one that lives."""
        lines = b""
        while True:
            watched = [sys.stdin.fileno()] if self._child is None else [sys.stdin.fileno(), self._pulse]
            ready, _, _ = select.select(watched, [], [])
            if self._pulse in ready:
                self._bury()
                continue
            read = os.read(sys.stdin.fileno(), 4096)
            if not read:
                return
            *whole, lines = (lines + read).split(b"\n")
            for line in whole:
                self._obey(line.decode())

    def _obey(self, line: str) -> None:
        if line.startswith("live "):
            self._bear(line.removeprefix("live "))
        elif self._child is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just died
                os.write(self._ear, line.encode() + b"\n")

    def _bear(self, mode: str) -> None:
        hearing, speaking = os.pipe()
        pulse, heart = os.pipe()
        child = os.fork()
        if child == 0:
            # The heart stays open for as long as the child lives, and tells the nursery when it stops.
            os.close(speaking)
            os.close(pulse)
            _live(self._folder, mode, hearing)
            os._exit(0)
        os.close(hearing)
        os.close(heart)
        self._child, self._ear, self._pulse = child, speaking, pulse

    def _bury(self) -> None:
        _, status = os.waitpid(self._child or 0, 0)
        os.close(self._ear)
        os.close(self._pulse)
        self._child = None
        _say(f"died {os.waitstatus_to_exitcode(status)}")


def _live(folder: Path, mode: str, ear: int) -> None:
    """One life of the service, as `bitloot serve` has it."""
    graveyard = Graveyard(folder)
    graveyard.order(mode)
    try:
        run_loop(_serve(graveyard, ear))
    except BaseException:  # noqa: BLE001 - the last words of a process
        traceback.print_exc()
        os._exit(1)


async def _serve(graveyard: Graveyard, ear: int) -> None:
    settings = read_settings(read_environment())
    configure_logs(settings.log_level)
    async with (
        open_service(settings, seams(graveyard)) as service,
        serving(build_app(service, probes=service.probes), host=settings.host, port=settings.port) as address,
    ):
        _say(f"listening on {address}")
        reader = asyncio.StreamReader()
        pipe = os.fdopen(ear, "rb", 0)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        async for line in reader:
            graveyard.order(line.decode().strip())
            _say("understood")


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), line.encode() + b"\n")


if __name__ == "__main__":
    Nursery(Path(sys.argv[1])).run()
