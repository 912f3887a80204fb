"""
A hand at the seams of a process: each commit and each outgoing request is a boundary, and something happens there.

What it is, is a blow: the process is killed; it stands still for longer than a lease; the commit is done and then
raises; or whoever waits for the commit is cancelled while it runs.
"""

from __future__ import annotations

import asyncio
import enum
import os
import re
import signal
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import attrs
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_cursor
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import OperationalError

from bitloot_http.service import Seams
from harness.graveyard import Graveyard

_WRITE = re.compile(r"(?:^\s*|\()(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE)
"""At the head of a statement, or of a part of one: PostgreSQL takes several writes in one."""
_JOB = re.compile(r"\bUPDATE jobs\b.*\sWHERE (?:jobs\.)?id = (\d+)", re.IGNORECASE | re.DOTALL)
_ASKED_FOR = re.compile(r"\('([a-zA-Z.-]+)', '([^']+)', (?:NULL|'[^']*'), '?ready'?")
"""A job in the values of an `INSERT INTO jobs`: its name and subject."""
_NAME_IN_PATH = re.compile(r"/(?=[^/]*[\dA-Z])[^/]{5,}")
"""Of an order or a payment: words of an API have neither numbers nor capitals."""
_CANCEL_SECONDS = 5.0
_JOBS_OF_THIS_TRANSACTION = (
    "SELECT DISTINCT name, status FROM jobs WHERE xmin = pg_current_xact_id()::xid ORDER BY 1, 2"
)
"""As PostgreSQL tells them apart."""


class Blow(enum.Enum):
    """What happens at a boundary; the value completes "the process ..."."""

    KILL = "is killed"
    STALL = "stands still"
    RAISE = "hears of an error after a commit"
    CANCEL = "is cancelled in a commit"


@attrs.define
class _Noted:
    """
    What one connection has written since its last commit: the tables, and on SQLite the jobs.

    Attributes:
        jobs: those that were changed, by number.
        asked: those that were asked for, by name and subject.
    """

    tables: set[str] = attrs.field(factory=set)
    jobs: set[str] = attrs.field(factory=set)
    asked: set[tuple[str, str]] = attrs.field(factory=set)

    def note(self, statement: str) -> None:
        """Hear of a statement."""
        written = set(_WRITE.findall(statement))
        self.tables |= written
        if "jobs" in written:
            self.jobs |= set(_JOB.findall(statement))
            self.asked |= set(_ASKED_FOR.findall(statement))

    def forget(self) -> None:
        """A new transaction begins."""
        self.tables.clear()
        self.jobs.clear()
        self.asked.clear()


class Transactions:
    """Names a commit by what it writes: each table once, and the jobs that it touches by name and status."""

    def __init__(self) -> None:
        self._noted: defaultdict[Any, _Noted] = defaultdict(_Noted)

    def listen(self) -> None:
        """Hear of every statement of every engine in this process, whichever way it is asked."""

        @event.listens_for(Engine, "connect")
        def watch(connection: Any, _: object) -> None:
            if isinstance(connection, sqlite3.Connection):
                # SQLite itself tells what it runs, with the values in it.
                connection.set_trace_callback(self._noted[connection].note)

        @event.listens_for(Engine, "begin")
        def begin(connection: Connection) -> None:
            """What was rolled back does not count."""
            self._noted[connection.connection.driver_connection].forget()

        for method in ("execute", "executemany"):
            setattr(AsyncAdapt_asyncpg_cursor, method, self._overheard(getattr(AsyncAdapt_asyncpg_cursor, method)))

    def name(self, transaction: RootTransaction) -> str:
        """What was written since it began."""
        connection = transaction.connection
        noted = self._noted[connection.connection.driver_connection]
        query = _JOBS_OF_THIS_TRANSACTION
        if connection.dialect.name == "sqlite":
            ids = ", ".join(sorted(noted.jobs)) or "NULL"
            asked = ", ".join(f"('{name}', '{ref}')" for name, ref in sorted(noted.asked)) or "(NULL, NULL)"
            query = (
                f"SELECT DISTINCT name, status FROM jobs WHERE id IN ({ids}) "  # noqa: S608 - ours, on a file of ours
                f"OR (name, ref) IN (VALUES {asked}) AND status IN ('ready', 'running') ORDER BY 1, 2"
            )
        tables = ", ".join(sorted(noted.tables - {"jobs"}))
        jobs = ", ".join(f"{name} {status}" for name, status in connection.exec_driver_sql(query))
        noted.forget()
        return "; ".join(part for part in (tables, jobs) if part) or "nothing"

    def _overheard(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def execute(cursor: AsyncAdapt_asyncpg_cursor, operation: Any, *values: Any) -> Any:
            self._noted[cursor._connection].note(str(operation))  # noqa: SLF001 - SQLAlchemy names no other way
            return method(cursor, operation, *values)

        return execute


def seams(graveyard: Path, blow: Blow, say: Callable[[str], None]) -> tuple[Seams, Graveyard]:
    """
    Stand at both sides of each commit and of each request; to be called on the running loop.

    Args:
        graveyard: the folder of the boundaries that somebody visited.
        blow: what happens at them.
        say: is told of a blow that the process survives, before it falls.
    """
    strike = {
        Blow.KILL: lambda _: os.kill(os.getpid(), signal.SIGKILL),
        Blow.STALL: partial(_stall, say),
        Blow.RAISE: partial(_raise, say),
        Blow.CANCEL: partial(_cancel, say, asyncio.get_running_loop()),
    }[blow]
    visited = Graveyard(graveyard, strike)
    transactions = Transactions()
    transactions.listen()

    def commit(transaction: RootTransaction) -> None:
        name = transactions.name(transaction)
        if blow is not Blow.RAISE:
            visited.pass_by(f"before commit: {name}")
        transaction.commit()
        if blow is not Blow.CANCEL:
            visited.pass_by(f"after commit: {name}")

    if blow in {Blow.RAISE, Blow.CANCEL}:
        return Seams(commit=commit), visited

    async def before(_: object, __: object, asked: aiohttp.TraceRequestStartParams) -> None:
        """A request is about to leave."""
        visited.pass_by(f"before request: {asked.method} {_template(asked.url.path)}")

    async def after(_: object, __: object, asked: aiohttp.TraceRequestEndParams) -> None:
        """Its answer has begun to come in."""
        visited.pass_by(f"after request: {asked.method} {_template(asked.url.path)}")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(before)
    trace.on_request_end.append(after)
    return Seams(commit=commit, traces=(trace,)), visited


def _stall(say: Callable[[str], None], _: str) -> None:
    say(f"stalls {os.getpid()}")
    os.kill(os.getpid(), signal.SIGSTOP)


def _raise(say: Callable[[str], None], boundary: str) -> None:
    say("struck")
    raise OperationalError(boundary, None, ConnectionError("the answer got lost"))


def _cancel(say: Callable[[str], None], loop: asyncio.AbstractEventLoop, _: str) -> None:
    """
    Cancel whoever may wait for this commit: the jobs in hand, and the requests that are being answered.

    On PostgreSQL the commit itself runs in a task of the loop, which is cancelled, too; on SQLite it runs on a thread.
    """
    say("struck")
    if threading.current_thread() is threading.main_thread():
        _cancel_all(loop)
        return
    done = threading.Event()
    loop.call_soon_threadsafe(lambda: (_cancel_all(loop), done.set()))
    done.wait(_CANCEL_SECONDS)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    here = asyncio.current_task(loop)
    for task in asyncio.all_tasks(loop):
        coroutine = getattr(task.get_coro(), "__qualname__", "")
        if task is here or task.get_name().startswith("job ") or coroutine == "RequestHandler._handle_request":
            task.cancel()


def _template(path: str) -> str:
    return _NAME_IN_PATH.sub("/*", path)
