"""Statements that are compiled once mean the same as those that SQLAlchemy executes, and fail in the same way."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from bitloot_adapters.sql.sqlite import SqliteDatabase, sqlite_engine
from bitloot_adapters.sql.statements import Statement, _Compiled
from bitloot_adapters.sql.tables import SWITCHES
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import Unavailable

ADD = Statement("INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, :value, :value, '', :at)")
ONE = Statement(
    select(SWITCHES.c.set_at, SWITCHES.c.name).where(SWITCHES.c.name == bindparam("name"), SWITCHES.c.reason == "")
)
ALL = Statement(select(SWITCHES.c.name).order_by(SWITCHES.c.name))


@pytest.fixture
def connection(url: DatabaseUrl) -> Iterator[Connection]:
    """A connection inside a transaction."""
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE")
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def row(name: str, at: int = 7) -> dict[str, object]:
    """The values of one row."""
    return {"name": name, "value": "on", "at": at}


def test_values_find_their_places(connection: Connection) -> None:
    """One that stands in two places, and one that is part of the statement; columns come by name and in order."""
    assert ADD.change(connection, row("a")) == 1

    found = ONE.first(connection, {"name": "a"})

    assert (found.name, found.set_at) == ("a", 7)
    assert tuple(found) == (7, "a")


def test_nothing_found_is_none(connection: Connection) -> None:
    """And no rows are an empty list."""
    assert ONE.first(connection, {"name": "a"}) is None
    assert ALL.all(connection) == []


def test_many_rows_are_one_call(connection: Connection) -> None:
    """Each set of values is a run of its own."""
    ADD.change_each(connection, [row("b"), row("a")])

    assert [one.name for one in ALL.all(connection)] == ["a", "b"]


def test_a_broken_rule_is_told_as_sqlalchemy_tells_it(connection: Connection) -> None:
    """The class is that of every database, the cause is the driver's, and no value is in the text."""
    ADD.change(connection, row("s3cret"))

    with pytest.raises(IntegrityError) as caught:
        ADD.change(connection, row("s3cret"))

    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
    assert "s3cret" not in f"{caught.value}{caught.value!r}"


def test_a_lost_connection_is_given_up(url: DatabaseUrl) -> None:
    """It is opened anew by whoever goes on with it."""
    engine = sqlite_engine(url, begin=None)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.close()

        with pytest.raises(DBAPIError) as caught:
            ALL.all(connection)

        assert caught.value.connection_invalidated
        assert connection.invalidated
    engine.dispose()


def test_a_list_of_values_is_refused(connection: Connection) -> None:
    """Its length is part of the text, so there is nothing that could be compiled once."""
    named = Statement(select(SWITCHES.c.name).where(SWITCHES.c.name.in_(bindparam("names", expanding=True))))

    with pytest.raises(ValueError, match="compiled once"):
        named.all(connection, {"names": ["a"]})


def test_each_database_gets_its_own_sql() -> None:
    """The same statement for PostgreSQL: numbered places, each value once."""
    dialect: Any = postgresql.asyncpg

    compiled = _Compiled.of(ONE._source, dialect.dialect())  # noqa: SLF001 - what no test without a server can run

    assert "$1" in compiled.sql
    assert compiled.in_order({"name": "a"}) == ("a", "")


async def test_a_look_sees_what_was_written(database: SqliteDatabase) -> None:
    """As soon as a write is answered; and nothing after the database was closed."""
    await database.write(lambda c: ADD.change(c, row("a")))

    assert await database.look(lambda c: ONE.first(c, {"name": "a"}).set_at) == 7

    await database.close()
    with pytest.raises(Unavailable):
        await database.look(ALL.all)


async def test_a_look_leaves_a_locked_file_to_a_thread(database: SqliteDatabase, path: Path) -> None:
    """The event loop does not wait: where there is something to wait for, it is done like any other read."""
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute("PRAGMA locking_mode=EXCLUSIVE")
    outside.execute("BEGIN EXCLUSIVE")

    with pytest.raises(Unavailable):
        await database.look(ALL.all)
    outside.execute("ROLLBACK")
    outside.close()

    assert await database.look(ALL.all) == []
