"""
The one writer of a SQLite database: a thread that takes what waits and commits it together.

A commit costs one flush of the disk, whoever is in it. So writes that arrive while a commit runs share the next one,
and one that fails takes nothing along. Results are handed out only after the commit.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs
from sqlalchemy.engine import Connection, RootTransaction

from bitloot_adapters.sql.database import PORT, is_passing, unavailable, unknown
from bitloot_core.values.errors import Unavailable

T = TypeVar("T")
Work = Callable[[Connection], Any]
Commit = Callable[[RootTransaction], None]
MOST_IN_A_COMMIT = 64
MOST_WAITING = 4096


@attrs.define(eq=False)
class _Write:
    """One write on its way: what it does, who waits for it, and what came of it."""

    work: Work
    loop: asyncio.AbstractEventLoop
    waiter: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class GroupCommit:
    """
    Runs writes on a thread of its own, many to a commit.

    Args:
        connect: opens the writer's connection, on the writer's thread; its transactions begin as writers.
        commit: how a transaction is committed, if not as usual; tests count commits, or let one fail.
        most_waiting: how many writes may wait before the next is turned away.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        commit: Commit | None = None,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._connect = connect
        self._commit = commit or RootTransaction.commit
        self._most_waiting = most_waiting
        self._waiting: deque[_Write] = deque()
        self._awake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sql-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """
        Queue work and wait until it is durable. See `Database.write`.

        Raises:
            Unavailable: too many writes wait, or the writer is closed.
        """
        loop = asyncio.get_running_loop()
        write = _Write(work, loop, loop.create_future())
        with self._awake:
            if self._closing:
                raise Unavailable(PORT, "it is closed")
            if len(self._waiting) >= self._most_waiting:
                raise Unavailable(PORT, "too many writes wait")
            self._waiting.append(write)
            self._awake.notify()
        return cast("T", await write.waiter)

    def close(self) -> None:
        """Write what waits, then stop the thread; blocks until it has stopped."""
        with self._awake:
            self._closing = True
            self._awake.notify()
        self._thread.join()

    # ------------------------------------------------------------------------------------------- on the writer's thread

    def _run(self) -> None:
        connection: Connection | None = None
        while batch := self._next():
            try:
                if connection is None or connection.invalidated:
                    connection = self._connect()
                self._write_all(connection, batch)
            except Exception as exc:  # noqa: BLE001 - whatever it is, the waiters must hear of it and the thread live on
                _fail(batch, unknown(exc))
                if connection is not None:
                    connection.close()
                connection = None
            _hand_out(batch)
        if connection is not None:
            connection.close()

    def _next(self) -> list[_Write]:
        with self._awake:
            self._awake.wait_for(lambda: self._waiting or self._closing)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_IN_A_COMMIT))]

    def _write_all(self, connection: Connection, batch: list[_Write]) -> None:
        if len(batch) == 1:
            self._write_one(connection, batch[0])
        elif not self._write_together(connection, batch):
            for write in batch:
                self._write_one(connection, write)

    def _write_one(self, connection: Connection, write: _Write) -> None:
        write.error = None
        try:
            transaction = connection.begin()
        except Exception as exc:  # noqa: BLE001 - told to the waiter
            write.error = unavailable(exc)
            return
        try:
            write.result = write.work(connection)
        except Exception as exc:  # noqa: BLE001 - told to the waiter
            transaction.rollback()
            write.error = _told(exc)
            return
        try:
            self._commit(transaction)
        except Exception as exc:  # noqa: BLE001 - told to the waiter
            write.error = _undo(connection, transaction, exc)

    def _write_together(self, connection: Connection, batch: list[_Write]) -> bool:
        """Write all in one transaction; False if that came to nothing, and each must be written alone."""
        try:
            transaction = connection.begin()
        except Exception as exc:  # noqa: BLE001 - told to the waiters; alone each would wait as long again
            _fail(batch, unavailable(exc))
            return True
        try:
            if not _in_one_go(connection, batch):
                for write in batch:
                    _behind_savepoint(connection, write)
        except Exception:  # noqa: BLE001 - the transaction itself broke: who broke it is found out alone
            transaction.rollback()
            return False
        try:
            self._commit(transaction)
        except Exception as exc:  # noqa: BLE001 - told to the waiters, unless nothing was written
            error = _undo(connection, transaction, exc)
            if isinstance(error, Unavailable):
                return False
            _fail(batch, error)
        return True


def _in_one_go(connection: Connection, batch: list[_Write]) -> bool:
    """
    Run the writes of a batch behind one savepoint; False if one of them failed, and nothing of any is left.

    Most batches come through, and a savepoint for each write costs as much as a statement of its own.
    """
    connection.exec_driver_sql("SAVEPOINT batch")
    try:
        for write in batch:
            write.result = write.work(connection)
    except Exception:  # noqa: BLE001 - whose fault it was is found out with a savepoint for each
        connection.exec_driver_sql("ROLLBACK TO batch")
        return False
    finally:
        connection.exec_driver_sql("RELEASE batch")
    return True


def _behind_savepoint(connection: Connection, write: _Write) -> None:
    """Run one write of a batch; only trouble with the transaction itself is raised."""
    connection.exec_driver_sql("SAVEPOINT one")
    try:
        write.result = write.work(connection)
    except Exception as exc:  # noqa: BLE001 - told to the waiter after the others are durable
        # Fails where the error has ended the whole transaction (disk full, I/O): that is the caller's case.
        connection.exec_driver_sql("ROLLBACK TO one")
        write.error = _told(exc)
    connection.exec_driver_sql("RELEASE one")


def _undo(connection: Connection, transaction: RootTransaction, error: Exception) -> Exception:
    """Find out what a commit that raised has left: nothing, if the transaction was still open and is rolled back."""
    driver = connection.connection.driver_connection
    still_open = bool(driver is not None and driver.in_transaction)
    if driver is not None and still_open:
        driver.rollback()
    transaction.close()
    told = unavailable(error) if still_open else unknown(error)
    told.__cause__ = error
    return told


def _told(error: Exception) -> Exception:
    if isinstance(error, StopIteration):
        return RuntimeError("a write raised StopIteration, which no waiter can be told")
    if not is_passing(error):
        return error
    told = unavailable(error)
    told.__cause__ = error
    return told


def _fail(batch: list[_Write], error: Exception) -> None:
    for write in batch:
        write.error = error


def _hand_out(batch: list[_Write]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
    for write in batch:
        by_loop.setdefault(write.loop, []).append(write)
    for loop, writes in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell, writes)
        except RuntimeError:
            # The loop was closed: nobody waits any more, and what is written stays written.
            continue


def _tell(writes: list[_Write]) -> None:
    for write in writes:
        if write.waiter.done():
            continue
        if write.error is not None:
            write.waiter.set_exception(write.error)
        else:
            write.waiter.set_result(write.result)
