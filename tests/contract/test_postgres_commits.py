"""What a write on PostgreSQL is told of its commit: written, not written, or unknown."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection, RootTransaction
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only

from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import Unavailable, Unknown
from harness.postgres_writes import Commits, Row, a_turn, at_the_commit, hang_up, pid_of, rows
from harness.waiting import eventually


@pytest.fixture
def url(postgres_url: str) -> DatabaseUrl:
    """An empty database."""
    return DatabaseUrl.parse(postgres_url)


@pytest.fixture
def commits() -> Commits:
    """How it commits."""
    return Commits()


@pytest.fixture
async def database(url: DatabaseUrl, commits: Commits) -> AsyncIterator[PostgresDatabase]:
    """It, open, with two connections."""
    opened = PostgresDatabase(url, pool_size=2, commit=commits, pauses_seconds=(0, 0.01, 0.01))
    yield opened
    await opened.close()


async def test_a_commit_that_is_never_sent_has_written_nothing(database: PostgresDatabase, commits: Commits) -> None:
    """It is told as passing, and not tried again: only who committed knows why not."""

    def refuse(_: RootTransaction) -> NoReturn:
        """Do nothing, and raise."""
        raise OSError("no")

    commits.next, row = refuse, Row("a")

    with pytest.raises(Unavailable):
        await database.write(row)

    assert (1, set()) == (row.runs, await rows(database))


async def test_a_commit_that_is_done_and_raises_is_unknown(database: PostgresDatabase, commits: Commits) -> None:
    """It is durable, nobody is told so, and it is not run a second time."""

    def lose_the_answer(transaction: RootTransaction) -> NoReturn:
        """Commit, and raise."""
        transaction.commit()
        raise ConnectionResetError

    commits.next, row = lose_the_answer, Row("a")

    with pytest.raises(Unknown):
        await database.write(row)

    assert (1, {"a"}) == (row.runs, await rows(database))


async def test_a_connection_cut_before_the_commit_costs_one_more_try(
    database: PostgresDatabase, commits: Commits, url: DatabaseUrl
) -> None:
    """The commit was not even sent, so nothing can have been written: the work is run again."""
    other = PostgresDatabase(url, pool_size=1)

    def cut(transaction: RootTransaction) -> None:
        """Let the server hang up, then commit."""
        await_only(hang_up(other, pid_of(transaction.connection)))
        transaction.commit()

    commits.next, row = cut, Row("a")

    assert await database.write(row) == "a"

    assert (2, {"a"}) == (row.runs, await rows(database))
    await other.close()


async def test_a_connection_cut_during_the_commit_is_unknown(database: PostgresDatabase, url: DatabaseUrl) -> None:
    """The commit was sent and has no answer: nothing is repeated in silence, and the next write comes through."""
    other = PostgresDatabase(url, pool_size=1)
    sessions: list[int] = []

    def slow(connection: Connection) -> None:
        """Let the commit take long."""
        at_the_commit(connection, "PERFORM pg_sleep(60)")
        sessions.append(pid_of(connection))

    row = Row("a", slow)
    writing = asyncio.create_task(database.write(row))
    sleeps = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    await eventually(lambda: other.read(lambda c: c.execute(sleeps).scalar()), "the commit is under way")

    await hang_up(other, sessions[0])
    with pytest.raises(Unknown):
        await writing

    assert (1, set()) == (row.runs, await rows(database))
    assert await database.write(Row("b")) == "b"
    await other.close()


async def test_a_commit_that_must_give_way_is_tried_again(database: PostgresDatabase) -> None:
    """The server itself says that it came to nothing: that is an answer."""
    left = ["40001"]

    def refused_once(connection: Connection) -> None:
        """Let the first commit fail."""
        if left:
            at_the_commit(connection, f"RAISE EXCEPTION 'x' USING ERRCODE = '{left.pop()}'")

    row = Row("a", refused_once)

    assert await database.write(row) == "a"

    assert (2, {"a"}) == (row.runs, await rows(database))


async def test_who_stops_waiting_does_not_cut_a_commit(url: DatabaseUrl, commits: Commits) -> None:
    """The waiter is cancelled while the commit runs; the write is whole, and the connection is good."""
    database, other = PostgresDatabase(url, pool_size=1, commit=commits), PostgresDatabase(url, pool_size=1)
    begun, go = asyncio.Event(), asyncio.Event()

    def slow(transaction: RootTransaction) -> None:
        """Wait in the middle."""
        begun.set()
        await_only(go.wait())
        transaction.commit()

    commits.next = slow
    writing = asyncio.create_task(database.write(Row("a")))
    await begun.wait()

    writing.cancel()
    await asyncio.wait({writing})
    go.set()
    await database.write(Row("b"))
    await database.close()

    assert writing.cancelled()
    assert await rows(other) == {"a", "b"}
    await other.close()


@pytest.mark.parametrize("cut", ["before it is done", "after it is done"])
async def test_a_commit_that_is_cancelled_itself_is_unknown(
    database: PostgresDatabase, commits: Commits, cut: str
) -> None:
    """Its own task ends in mid-commit: who waits hears that nobody knows, and the connection is not used again."""

    def cancelled(transaction: RootTransaction) -> NoReturn:
        """Stop before or after it is done."""
        if cut.startswith("after"):
            transaction.commit()
        raise asyncio.CancelledError

    commits.next, row = cancelled, Row("a")

    with pytest.raises(Unknown):
        await database.write(row)

    assert (1, {"a"} if cut.startswith("after") else set()) == (row.runs, await rows(database))
    assert await database.write(Row("b")) == "b"


async def test_a_commit_that_the_loop_cuts_leaves_all_or_nothing(url: DatabaseUrl) -> None:
    """A process that ends cancels what it has in hand; each write is there whole or not at all."""

    def pair(number: int) -> Callable[[Connection], object]:
        """Two rows in one write."""
        return lambda connection: (Row(f"{number}a")(connection), Row(f"{number}b")(connection))

    async def life(cut_after: int) -> None:
        """Write, and be cancelled after so many turns of the loop."""
        database = PostgresDatabase(url, pool_size=3)
        await asyncio.gather(*(database.read(lambda _: None) for _ in range(3)))
        writes = [asyncio.create_task(database.write(pair(cut_after * 10 + n))) for n in range(3)]
        for _ in range(cut_after):
            await a_turn()
        inner = asyncio.all_tasks() - {asyncio.current_task()} - set(writes)
        for task in inner:
            task.cancel()
        await asyncio.gather(*writes, return_exceptions=True)
        await database.close()

    for turns in range(1, 40, 2):
        await life(turns)

    database = PostgresDatabase(url, pool_size=1)
    found = await rows(database)
    await database.close()
    assert {name[:-1] for name in found if name.endswith("a")} == {name[:-1] for name in found if name.endswith("b")}


async def test_a_failure_that_was_swallowed_is_no_commit(database: PostgresDatabase) -> None:
    """PostgreSQL answers such a commit by rolling back, and calls it no error; we do."""

    def careless(connection: Connection) -> None:
        """Go on as if nothing had happened."""
        Row("a")(connection)
        with pytest.raises(IntegrityError):
            Row("a")(connection)

    with pytest.raises(Unavailable):
        await database.write(careless)

    assert await rows(database) == set()
