"""
PostgreSQL: a pool of connections on the event loop, and as many hosts and processes as there are.

The work is the same as on SQLite, plain functions over a `Connection`: SQLAlchemy's bridge runs them on a greenlet that
gives way to the loop wherever the driver waits. What passes by itself is repeated here, and only if nothing of the work
can have been written; see `postgres_troubles`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from bitloot_adapters.sql.database import PORT, Database, unavailable, unknown
from bitloot_adapters.sql.postgres_troubles import (
    REFUSED_COMMITS,
    Trouble,
    breaks_the_connection,
    may_pass_at_once,
    sentence_about,
    sqlstate_of,
    trouble_of,
)
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import Unavailable

T = TypeVar("T")
Work = Callable[[Connection], T]
Commit = Callable[[RootTransaction], None]
MOST_WAITING = 4096
PAUSES_SECONDS = (0.0, 0.1, 0.5)
"""Between one try and the next. The first comes at once: most often a connection was cut while it lay in the pool."""
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
_QUEUE_SECONDS = 10.0
_GOODBYE_SECONDS = 5.0
_STATEMENTS_KEPT = 512
# One plan for all values of a filter would go through a million rows for the few of a rare one.
_PLAN_EACH = "SET LOCAL plan_cache_mode = force_custom_plan"
_SESSION = {
    "application_name": "bitloot",
    # What was answered survives a power cut, whatever the server's own default is.
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    # Our statements are short: compiling them takes longer than running them.
    "jit": "off",
}


class HonestConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """
    A connection that remembers whether it has asked for a commit, and believes the server's answer alone.

    PostgreSQL answers COMMIT with ROLLBACK, and no error, if a statement before it has failed.
    """

    commits_sent = 0

    async def execute(self, query: str, *args: object, **options: Any) -> str:
        """Run a command; one that ends a transaction must have ended it as told."""
        is_commit = query == "COMMIT;"
        self.commits_sent += is_commit
        status: str = await super().execute(query, *args, **options)
        if is_commit and status != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("the server has rolled back instead of committing")
        return status


def postgres_engine(
    url: DatabaseUrl, *, pool_size: int, command_seconds: float | None = COMMAND_SECONDS
) -> AsyncEngine:
    """
    Make an engine whose transactions are READ COMMITTED and durable.

    Every write is conditional and every name unique, so nothing more is needed; a level above it would only make
    writers fail that do not hinder one another.

    Args:
        pool_size: how many connections are kept; there are never more.
        command_seconds: how long one statement may take; None for as long as it likes.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_QUEUE_SECONDS,
        # The connections used last are warm, and those that are never needed fall asleep.
        pool_use_lifo=True,
        connect_args={
            # In the driver's own hands, so that it understands all that libpq does: sslmode, several hosts, sockets.
            "dsn": url.dsn(),
            "timeout": CONNECT_SECONDS,
            "command_timeout": command_seconds,
            "server_settings": _SESSION,
            "connection_class": HonestConnection,
            "prepared_statement_cache_size": _STATEMENTS_KEPT,
        },
    )

    # A ping would cost three round trips at each write. One that was cut is known to be, without asking; one that is
    # dead without a word is found out by the first statement, before anything is written.
    @event.listens_for(engine.sync_engine, "checkout")
    def give_out_living_ones(connection: Any, *_: object) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("it was cut while it lay in the pool")

    return engine


class PostgresDatabase:
    """
    A PostgreSQL database, for any number of processes. See `Database` for what is promised.

    Args:
        url: where it is; its tables are there already (see `migrate`).
        pool_size: how many connections this process keeps.
        commit: how a transaction is committed, if not as usual; tests count commits, or let one fail.
        most_waiting: how many writes may be under way before the next is turned away.
        pauses_seconds: how long to wait before each further try of what passes by itself.
        command_seconds: how long one statement may take.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        pool_size: int = 10,
        commit: Commit | None = None,
        most_waiting: int = MOST_WAITING,
        pauses_seconds: Iterable[float] = PAUSES_SECONDS,
        command_seconds: float = COMMAND_SECONDS,
    ) -> None:
        self._engine = postgres_engine(url, pool_size=pool_size, command_seconds=command_seconds)
        self._writing: Engine = self._engine.sync_engine
        self._reading: Engine = self._writing.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._looking: Engine = self._writing.execution_options(isolation_level="AUTOCOMMIT")
        self._commit = commit or RootTransaction.commit
        self._most_waiting = most_waiting
        self._pauses_seconds = tuple(pauses_seconds)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def write(self, work: Work[T]) -> T:
        """Run work as one transaction; repeated only where nothing of it can have been written."""
        self._assert_open()
        if len(self._under_way) >= self._most_waiting:
            raise Unavailable(PORT, "too many writes wait")
        # A task of its own: who stops waiting must not cut a commit in two.
        task = asyncio.create_task(self._persist(self._write, work, unavailable))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError as exc:
            if task.cancelled() and not _is_told_to_stop():
                raise unknown(exc) from exc
            raise

    async def read(self, work: Work[T]) -> T:
        """Run work that only reads, on one consistent state, each statement planned for its own values."""

        def planned(connection: Connection) -> T:
            connection.exec_driver_sql(_PLAN_EACH)
            return work(connection)

        self._assert_open()
        return await self._persist(partial(_read, self._reading), planned, _unread)

    async def look(self, work: Work[T]) -> T:
        """Run work that finds a few rows by their key: without a transaction, which would be two more ways to go."""
        self._assert_open()
        return await self._persist(partial(_read, self._looking), work, _unread)

    async def close(self) -> None:
        """Finish what is under way, and let go of the server."""
        self._closed = True
        while self._under_way:
            await asyncio.wait(self._under_way)
        # A server that holds still would never say goodbye.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._engine.dispose()

    def _assert_open(self) -> None:
        if self._closed:
            raise Unavailable(PORT, "it is closed")

    async def _persist(self, run: Callable[[Work[T]], T], work: Work[T], tell: Callable[[Exception], Unavailable]) -> T:
        """Run work until it works or fails for good; each time from the start."""
        pauses = iter(self._pauses_seconds)
        while True:
            try:
                return await greenlet_spawn(run, work)
            except Trouble as trouble:
                pause = next(pauses, None) if trouble.may_pass_at_once else None
                if pause is None:
                    raise tell(trouble.error) from trouble.error
            await asyncio.sleep(pause)

    # ----------------------------------------------------------------------------------------------- behind the bridge

    def _write(self, work: Work[T]) -> T:
        with _connected(self._writing) as connection:
            transaction = connection.begin()
            result = _run(connection, transaction, work)
            self._conclude(connection, transaction)
            return result

    def _conclude(self, connection: Connection, transaction: RootTransaction) -> None:
        """Commit; what raises before the commit is sent has written nothing, and after that nobody knows."""
        session: HonestConnection = connection.connection.driver_connection  # type: ignore[assignment]  # our engine
        sent_before = session.commits_sent
        try:
            self._commit(transaction)
        except BaseException as exc:
            is_sent = session.commits_sent > sent_before
            if is_sent:
                connection.invalidate(exc)
            else:
                _undo(connection, transaction, exc)
            if not isinstance(exc, Exception):
                raise
            if is_sent and sqlstate_of(exc) not in REFUSED_COMMITS:
                raise unknown(exc) from exc
            # What comes neither from the server nor from the driver is for whoever committed to try again.
            raise Trouble(exc, may_pass_at_once=isinstance(exc, DBAPIError) and may_pass_at_once(exc)) from exc


async def run_alone(url: DatabaseUrl, work: Work[T]) -> T:
    """
    Run work as one transaction on a connection of its own, for as long as it takes; for migrations.

    Raises:
        Unavailable: no answer, or one that says that there is no such database or that we may not use it.
    """
    engine = postgres_engine(url, pool_size=1, command_seconds=None)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except Exception as exc:
        if trouble_of(exc) is None:
            raise
        raise Unavailable(PORT, sentence_about(exc)) from exc
    finally:
        await engine.dispose()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    try:
        connection = engine.connect()
    except Exception as exc:
        if (trouble := trouble_of(exc)) is not None:
            raise trouble from exc
        raise
    with connection:
        yield connection


def _read(engine: Engine, work: Work[T]) -> T:
    with _connected(engine) as connection:
        transaction = connection.begin()
        result = _run(connection, transaction, work)
        _undo(connection, transaction)
        return result


def _run(connection: Connection, transaction: RootTransaction, work: Work[T]) -> T:
    try:
        return work(connection)
    except BaseException as exc:
        _undo(connection, transaction, exc)
        if (trouble := trouble_of(exc)) is not None:
            raise trouble from exc
        raise


def _undo(connection: Connection, transaction: RootTransaction, error: BaseException | None = None) -> None:
    """Roll back; where that cannot be done, or not be known to be done, the server does it when we hang up."""
    if error is None or not breaks_the_connection(error):
        try:
            transaction.rollback()
        except Exception as exc:  # noqa: BLE001 - the error that led here is the one to tell
            error = exc
        else:
            return
    connection.invalidate(error)


def _unread(error: Exception) -> Unavailable:
    del error
    return Unavailable(PORT, "it could not be read")


def _is_told_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


if TYPE_CHECKING:
    _: type[Database] = PostgresDatabase
