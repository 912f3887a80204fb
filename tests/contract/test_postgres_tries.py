"""What a write on PostgreSQL tries again by itself, what it tells instead, and how writes share connections."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only

from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import StaleOrder, Unavailable
from harness.postgres_writes import Row, a_turn, always, once, rows, stale


@pytest.fixture
def url(postgres_url: str) -> DatabaseUrl:
    """An empty database."""
    return DatabaseUrl.parse(postgres_url)


@pytest.fixture
async def database(url: DatabaseUrl) -> AsyncIterator[PostgresDatabase]:
    """It, open, with two connections."""
    opened = PostgresDatabase(url, pool_size=2, pauses_seconds=(0, 0.01, 0.01))
    yield opened
    await opened.close()


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57P01", "57P03", "08006", "53300"])
async def test_what_passes_is_tried_again(database: PostgresDatabase, state: str) -> None:
    """A write that had to give way, or met a server that goes or comes, is run again from the start."""
    row = Row("a", once(state))

    assert await database.write(row) == "a"

    assert (2, {"a"}) == (row.runs, await rows(database))


@pytest.mark.parametrize("state", ["57014", "22003", "XX000"])
async def test_what_does_not_pass_by_itself_is_told(database: PostgresDatabase, state: str) -> None:
    """Whoever has waited for too long, or asked nonsense, does not do so again; nothing is written."""
    row = Row("a", once(state))

    with pytest.raises(Unavailable):
        await database.write(row)

    assert (1, set()) == (row.runs, await rows(database))


async def test_what_does_not_pass_in_time_is_told(database: PostgresDatabase) -> None:
    """After a few tries the caller decides."""
    row = Row("a", always("40001"))

    with pytest.raises(Unavailable):
        await database.write(row)

    assert (4, set()) == (row.runs, await rows(database))


async def test_two_that_wait_for_each_other_both_come_through(database: PostgresDatabase) -> None:
    """The server ends one of them; it is run again."""
    await database.write(Row("left"))
    await database.write(Row("right"))
    met = asyncio.Barrier(2)
    runs: list[str] = []

    def crossing(mine: str, theirs: str) -> Callable[[Connection], None]:
        """Change one row, and when the other has changed the other, that one too."""

        def work(connection: Connection) -> None:
            """Do so."""
            runs.append(mine)
            change = text("UPDATE switches SET value = value || 'x' WHERE name = :name")
            connection.execute(change, {"name": mine})
            if len(runs) <= 2:
                await_only(met.wait())
            connection.execute(change, {"name": theirs})

        return work

    await asyncio.gather(database.write(crossing("left", "right")), database.write(crossing("right", "left")))

    values = await database.read(lambda c: set(c.execute(text("SELECT value FROM switches")).scalars()))
    assert (3, {"xx"}) == (len(runs), values)


async def test_a_write_that_fails_by_itself_is_rolled_back_and_told(database: PostgresDatabase) -> None:
    """Its own errors come back as they are, once, and the next write finds a clean connection."""
    given_up, taken = Row("a", stale), Row("b", Row("b"))

    with pytest.raises(StaleOrder):
        await database.write(given_up)
    with pytest.raises(IntegrityError) as caught:
        await database.write(taken)

    assert (1, 1, set()) == (given_up.runs, taken.runs, await rows(database))
    assert "'b'" not in str(caught.value)


async def test_a_read_sees_one_state_and_writes_nothing(database: PostgresDatabase) -> None:
    """What is committed between two of its statements is not there for it; a write is refused."""
    between: list[set[str]] = []

    def twice(connection: Connection) -> None:
        """Look, let somebody write, and look again."""
        for write in (database.write(Row("a")), None):
            between.append(set(connection.execute(text("SELECT name FROM switches")).scalars()))
            if write is not None:
                await_only(write)

    await database.read(twice)

    assert [set(), set()] == between
    with pytest.raises(Unavailable):
        await database.read(Row("b"))
    assert await rows(database) == {"a"}


async def test_more_writes_than_connections_take_turns(database: PostgresDatabase) -> None:
    """Fifty writes over two connections all come through."""
    await asyncio.gather(*(database.write(Row(f"r{n}")) for n in range(50)))

    assert len(await rows(database)) == 50


async def test_too_many_writes_are_turned_away(url: DatabaseUrl) -> None:
    """The queue is bounded: what would wait too long is told at once, and nothing of it is written."""
    database = PostgresDatabase(url, pool_size=1, most_waiting=3)

    results = await asyncio.gather(*(database.write(Row(f"r{n}")) for n in range(4)), return_exceptions=True)

    assert ["r0", "r1", "r2", Unavailable] == [one if isinstance(one, str) else type(one) for one in results]
    assert len(await rows(database)) == 3
    await database.close()


async def test_closing_writes_what_waits(url: DatabaseUrl) -> None:
    """A shutdown loses nothing that was accepted, and accepts nothing more."""
    database = PostgresDatabase(url, pool_size=1)
    waiting = [asyncio.create_task(database.write(Row(name))) for name in "abc"]
    await a_turn()

    await database.close()

    assert await asyncio.gather(*waiting) == ["a", "b", "c"]
    for late in (database.write(Row("late")), database.read(lambda _: None)):
        with pytest.raises(Unavailable):
            await late


async def test_a_session_is_set_up_for_money(database: PostgresDatabase) -> None:
    """Commits are flushed, locks and forgotten transactions end, and writes are READ COMMITTED."""
    names = ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")

    def settings(connection: Connection) -> list[Any]:
        """Ask for them."""
        return [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names]

    assert await database.write(settings) == ["on", "5s", "15s", "read committed"]
