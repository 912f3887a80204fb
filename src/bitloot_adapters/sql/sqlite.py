"""
SQLite: one writer that commits in groups, and a few readers that never wait for it (WAL).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from bitloot_adapters.sql.database import PORT, Database, is_passing
from bitloot_adapters.sql.group_commit import MOST_WAITING, Commit, GroupCommit
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import InvalidInput, Unavailable

T = TypeVar("T")
BUSY_MS = 10_000
READERS = 2
_PRAGMAS = (
    "journal_mode=WAL",
    # Each commit is flushed: what was answered survives a power cut.
    "synchronous=FULL",
    "foreign_keys=ON",
    # 16 MB of log between two moves into the file (the default is 4): a page that changes often is moved once.
    "wal_autocheckpoint=4000",
)
_OLDEST = (3, 37)
"""STRICT tables came with this version, RETURNING before it."""


def sqlite_engine(url: DatabaseUrl, *, begin: str | None, busy_ms: int = BUSY_MS) -> Engine:
    """
    Make an engine whose transactions begin with `begin`: `BEGIN IMMEDIATE` to write; None leaves it to the caller.

    A transaction that begins as a reader and then writes can lose an update or fail at once, so a writer says so first.
    **Source:** SQLAlchemy documentation, SQLite dialect, "Transactions with SQLite and the sqlite3 driver".

    Args:
        busy_ms: how long to wait, in milliseconds, while another process writes.

    Raises:
        InvalidInput: the URL is not of a SQLite database, or the SQLite of this Python is too old.
    """
    file = url.sqlite_file()
    if sqlite3.sqlite_version_info < _OLDEST:
        raise InvalidInput("SQLite", f"is {sqlite3.sqlite_version}; {'.'.join(map(str, _OLDEST))} or newer is needed")
    engine = create_engine(
        url.url,
        hide_parameters=True,
        poolclass=NullPool,
        # The driver begins nothing by itself. Each connection is used by one thread, and closed by another at the end.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": busy_ms / 1000},
    )

    @event.listens_for(engine, "do_connect")
    def make_ours(*_: object) -> None:
        _make_private(file)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        for pragma in (*_PRAGMAS, f"busy_timeout={busy_ms}"):
            connection.execute(f"PRAGMA {pragma}")

    if begin is not None:

        @event.listens_for(engine, "begin")
        def begin_as_told(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _make_private(file: Path) -> None:
    """
    Make the file, if it is not there, for our own account alone; the log beside it gets the same permissions.

    One that is there keeps what its owner chose. Where it cannot be made, SQLite says so with a reason of its own.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


class SqliteDatabase:
    """
    A SQLite file on a local disk, for one host. See `Database` for what is promised.

    Args:
        url: which file; its tables are there already (see `migrate`).
        commit: how a transaction is committed, if not as usual; tests count commits, or let one fail.
        most_waiting: how many writes may wait before the next is turned away.
        busy_ms: how long to wait, in milliseconds, while another process writes.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        commit: Commit | None = None,
        most_waiting: int = MOST_WAITING,
        busy_ms: int = BUSY_MS,
    ) -> None:
        self._writing = sqlite_engine(url, begin="BEGIN IMMEDIATE", busy_ms=busy_ms)
        self._reading = sqlite_engine(url, begin=None, busy_ms=busy_ms)
        self._writer = GroupCommit(self._writing.connect, commit=commit, most_waiting=most_waiting)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sql-reader")
        self._mine = threading.local()
        self._readers: list[_Reader] = []
        # On the event loop: whatever would have to be waited for is left to a thread.
        self._looking = sqlite_engine(url, begin=None, busy_ms=0)
        self._looker = _Reader(self._looking)
        self._closed = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work as one transaction, together with others that wait."""
        return await self._writer.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, on one consistent state."""
        if self._closed:
            raise Unavailable(PORT, "it is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Run work that finds a few rows by their key, here and now."""
        if self._closed:
            raise Unavailable(PORT, "it is closed")
        try:
            return self._looker.read(work)
        except Unavailable:
            return await self.read(work)

    async def close(self) -> None:
        """Write what waits, and close the file."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _read(self, work: Callable[[Connection], T]) -> T:
        reader: _Reader | None = getattr(self._mine, "reader", None)
        if reader is None:
            reader = self._mine.reader = _Reader(self._reading)
            self._readers.append(reader)
        return reader.read(work)

    def _close(self) -> None:
        self._writer.close()
        self._threads.shutdown()
        for reader in (*self._readers, self._looker):
            reader.close()
        for engine in (self._writing, self._reading, self._looking):
            engine.dispose()


class _Reader:
    """
    A connection that reads.

    Args:
        engine: whose transactions do not begin by themselves.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def read(self, work: Callable[[Connection], T]) -> T:
        """
        Run work on one consistent state.

        Raises:
            Unavailable: it could not be read.
        """
        try:
            connection = self._opened()
            driver: Any = connection.connection.driver_connection
            # Said to the driver itself: what SQLAlchemy does for a transaction takes longer than most of the looks.
            driver.execute("BEGIN")
            try:
                return work(connection)
            finally:
                driver.rollback()
        except Exception as exc:
            if is_passing(exc) or isinstance(exc, sqlite3.Error):
                raise Unavailable(PORT, "it could not be read") from exc
            raise

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()

    def _opened(self) -> Connection:
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self._connection = self._engine.connect()
            self._connection.exec_driver_sql("PRAGMA query_only=ON")
        return self._connection


@asynccontextmanager
async def open_sqlite(url: DatabaseUrl, *, commit: Commit | None = None) -> AsyncIterator[SqliteDatabase]:
    """
    Open a SQLite database for the length of a block.

    Args:
        url: which file; its tables are there already (see `migrate`).
        commit: as for `SqliteDatabase`.

    Raises:
        InvalidInput: as `sqlite_engine`.
    """
    database = SqliteDatabase(url, commit=commit)
    try:
        yield database
    finally:
        await database.close()


if TYPE_CHECKING:
    _: type[Database] = SqliteDatabase
