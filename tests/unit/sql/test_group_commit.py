"""Writes share a commit, and nothing else: neither a failure, nor a rollback, nor a cancelled waiter."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import StaleOrder, Unavailable, Unknown

Work = Callable[[Connection], Any]


class Held:
    """A write that keeps the writer busy until it is let go, so that those after it share a commit."""

    def __init__(self) -> None:
        """Neither begun nor let go."""
        self._begun = threading.Event()
        self._go = threading.Event()

    def __call__(self, connection: Connection) -> str:
        """Wait on the writer's thread."""
        self._begun.set()
        assert self._go.wait(timeout=10)
        return "held"

    async def is_running(self) -> None:
        """Wait until the writer has it in hand."""
        assert await asyncio.to_thread(self._begun.wait, 10)

    def let_go(self) -> None:
        """Let the writer go on."""
        self._go.set()


def row(name: str) -> Callable[[Connection], str]:
    """A write of one row; a second one of the same name breaks a unique key."""

    def work(connection: Connection) -> str:
        connection.execute(
            text("INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, '', '', '', 0)"),
            {"name": name},
        )
        return name

    return work


def stale(connection: Connection) -> NoReturn:
    """A write that gives up halfway, as a stale order does."""
    row("half")(connection)
    raise StaleOrder("o1")


def rows(connection: Connection) -> set[str]:
    """The names of the rows that are there."""
    return set(connection.execute(text("SELECT name FROM switches")).scalars())


async def together(database: SqliteDatabase, *works: Work) -> list[Any]:
    """Run writes in one commit, the second one from here; what they return or raise."""
    held = Held()
    first = asyncio.create_task(database.write(held))
    await held.is_running()
    rest = [asyncio.create_task(database.write(work)) for work in works]
    await a_turn()
    held.let_go()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def a_turn() -> Awaitable[None]:
    """Let the tasks that were just made run until they wait."""
    return asyncio.to_thread(lambda: None)


async def test_writes_that_wait_share_a_commit(database: SqliteDatabase, commits: Any) -> None:
    """Ten writes that arrive while the writer is busy are one flush of the disk, and each has its own result."""
    results = await together(database, *(row(f"r{n}") for n in range(10)))

    assert [f"r{n}" for n in range(10)] == results
    assert commits.count == 2


async def test_a_write_that_fails_takes_nothing_along(database: SqliteDatabase, commits: Any) -> None:
    """Its neighbours in the same commit are durable, it is rolled back whole, and only its waiter hears of it."""
    results = await together(database, row("a"), stale, row("b"), row("a"), row("c"))

    assert ["a", StaleOrder, "b", IntegrityError, "c"] == [
        result if isinstance(result, str) else type(result) for result in results
    ]
    assert {"a", "b", "c"} == await database.read(rows)
    assert commits.count == 2


async def test_a_write_that_breaks_the_transaction_takes_nothing_along(database: SqliteDatabase) -> None:
    """Where the common transaction itself is gone (as after a full disk), each write is run again alone."""

    def breaks(connection: Connection) -> NoReturn:
        """End the transaction behind the writer's back."""
        connection.exec_driver_sql("ROLLBACK")
        raise RuntimeError("the transaction is gone")

    results = await together(database, row("a"), breaks, row("b"))

    assert ["a", RuntimeError, "b"] == [result if isinstance(result, str) else type(result) for result in results]
    assert {"a", "b"} == await database.read(rows)


async def test_a_commit_that_came_to_nothing_is_tried_write_by_write(database: SqliteDatabase, commits: Any) -> None:
    """The common commit raises and wrote nothing: alone, each write comes through."""
    commits.fail_before(after=1)

    results = await together(database, row("a"), row("b"), row("c"))

    assert results == ["a", "b", "c"]
    assert {"a", "b", "c"} == await database.read(rows)
    assert commits.count == 5


async def test_a_commit_without_an_answer_is_unknown_to_all(database: SqliteDatabase, commits: Any) -> None:
    """The common commit raises although it is durable: nobody is told that it failed, and nothing is run again."""
    commits.fail_after(after=1)

    results = await together(database, row("a"), row("b"))

    assert [Unknown, Unknown] == [type(result) for result in results]
    assert {"a", "b"} == await database.read(rows)


async def test_a_single_commit_that_fails_is_told_apart(database: SqliteDatabase, commits: Any) -> None:
    """Nothing written is `Unavailable`; no answer is `Unknown`; the writer goes on after both."""
    commits.fail_before()
    with pytest.raises(Unavailable):
        await database.write(row("a"))
    commits.fail_after()
    with pytest.raises(Unknown):
        await database.write(row("b"))
    await database.write(row("c"))

    assert {"b", "c"} == await database.read(rows)


async def test_nobody_is_told_before_the_commit(url: DatabaseUrl) -> None:
    """While the commit runs, no waiter has its result, and another process sees nothing."""
    seen: list[tuple[bool, set[str]]] = []
    waiting: list[asyncio.Task[str]] = []

    def commit(transaction: Any) -> None:
        """Look around, then commit."""
        with sqlite3.connect(url.sqlite_file()) as outside:
            there = {name for (name,) in outside.execute("SELECT name FROM switches")}
        seen.append((waiting[0].done(), there))
        transaction.commit()

    database = SqliteDatabase(url, commit=commit)
    waiting.append(asyncio.create_task(database.write(row("a"))))
    await waiting[0]
    await database.close()

    assert [(False, set())] == seen


async def test_a_cancelled_waiter_does_not_cancel_the_write(database: SqliteDatabase) -> None:
    """Who stops waiting does not take back what was begun, nor disturb who still waits."""
    held = Held()
    first = asyncio.create_task(database.write(held))
    await held.is_running()
    gone, stays = (asyncio.create_task(database.write(row(name))) for name in "ab")
    await a_turn()

    gone.cancel()
    await a_turn()
    held.let_go()
    await asyncio.gather(first, stays)

    assert gone.cancelled()
    assert {"a", "b"} == await database.read(rows)


async def test_too_many_writes_are_turned_away(database: SqliteDatabase) -> None:
    """The queue is bounded: what would wait too long is told at once, and nothing of it is written."""
    held = Held()
    first = asyncio.create_task(database.write(held))
    await held.is_running()
    waiting = [asyncio.create_task(database.write(row(f"r{n}"))) for n in range(100)]
    await a_turn()

    with pytest.raises(Unavailable):
        await database.write(row("one too many"))

    held.let_go()
    await asyncio.gather(first, *waiting)
    assert {f"r{n}" for n in range(100)} == await database.read(rows)


async def test_closing_writes_what_waits(database: SqliteDatabase, path: Path) -> None:
    """A shutdown loses nothing that was accepted, and accepts nothing more."""
    held = Held()
    first = asyncio.create_task(database.write(held))
    await held.is_running()
    waiting = [asyncio.create_task(database.write(row(name))) for name in "abc"]
    await a_turn()

    closing = asyncio.create_task(database.close())
    await a_turn()
    held.let_go()
    await closing

    assert await asyncio.gather(first, *waiting) == ["held", "a", "b", "c"]
    with pytest.raises(Unavailable):
        await database.write(row("late"))
    with pytest.raises(Unavailable):
        await database.read(rows)
    with sqlite3.connect(path) as outside:
        assert {"a", "b", "c"} == {name for (name,) in outside.execute("SELECT name FROM switches")}


async def test_a_locked_database_is_unavailable(database: SqliteDatabase, path: Path) -> None:
    """Another process writes for too long: nothing is written, and the writer goes on when it is done."""
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")

    results = await together_waiting(database)
    outside.execute("ROLLBACK")
    outside.close()

    assert [Unavailable, Unavailable] == [type(result) for result in results]
    assert await database.write(row("c")) == "c"
    assert {"c"} == await database.read(rows)


async def together_waiting(database: SqliteDatabase) -> list[Any]:
    """Two writes at the same time; what they raise."""
    return await asyncio.gather(database.write(row("a")), database.write(row("b")), return_exceptions=True)


async def test_reading_does_not_wait_for_the_writer(database: SqliteDatabase) -> None:
    """While a write is under way, a reader sees the state before it."""
    await database.write(row("before"))
    held = Held()

    def slow(connection: Connection) -> None:
        """Write, and take long."""
        row("during")(connection)
        held(connection)

    writing = asyncio.create_task(database.write(slow))
    await held.is_running()

    seen = await database.read(rows)

    held.let_go()
    await writing
    assert seen == {"before"}


async def test_a_read_cannot_write(database: SqliteDatabase) -> None:
    """Work that was meant to read and writes is refused."""
    with pytest.raises(Unavailable):
        await database.read(row("a"))

    assert set() == await database.read(rows)


async def test_an_error_says_nothing_of_the_values(database: SqliteDatabase) -> None:
    """What a statement was given does not get into the error that it leads to."""
    await database.write(row("s3cret"))

    with pytest.raises(IntegrityError) as caught:
        await database.write(row("s3cret"))

    assert "s3cret" not in f"{caught.value}{caught.value!r}"


async def test_work_may_raise_anything(database: SqliteDatabase) -> None:
    """Also what a future cannot carry reaches its waiter, and the writer lives on."""

    def stops(_: Connection) -> NoReturn:
        """Raise what a future cannot carry."""
        raise StopIteration

    with pytest.raises(RuntimeError):
        await database.write(stops)

    assert await database.write(row("a")) == "a"
