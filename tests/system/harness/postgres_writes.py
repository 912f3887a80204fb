"""Writes on a PostgreSQL, and what can happen to them: at the server, on the way there, at the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from sqlalchemy import text
from sqlalchemy.engine import Connection, RootTransaction

from bitloot_adapters.sql.database import Database
from bitloot_core.values.errors import StaleOrder

Commit = Callable[[RootTransaction], None]


class Commits:
    """Commits in the way that a test says, and then as usual."""

    def __init__(self) -> None:
        """Nothing fails yet."""
        self.next: Commit = RootTransaction.commit

    def __call__(self, transaction: RootTransaction) -> None:
        """Commit, in the way that is due."""
        how, self.next = self.next, RootTransaction.commit
        how(transaction)


class Row:
    """
    A write of one row; a second one of the same name breaks a unique key.

    Args:
        name: of the row.
        then: done in the same transaction afterwards.
    """

    def __init__(self, name: str, then: Callable[[Connection], object] = lambda _: None) -> None:
        self._name = name
        self._then = then
        self.runs = 0

    def __call__(self, connection: Connection) -> str:
        """Write it."""
        self.runs += 1
        connection.execute(
            text("INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, '', '', '', 0)"),
            {"name": self._name},
        )
        self._then(connection)
        return self._name


async def rows(database: Database) -> set[str]:
    """The names of the rows that are there."""
    return await database.read(lambda c: set(c.execute(text("SELECT name FROM switches")).scalars()))


def once(state: str) -> Callable[[Connection], None]:
    """Let the server fail a transaction with this SQLSTATE, the first time."""
    left = [state]

    def fail(connection: Connection) -> None:
        """Fail, or not."""
        if left:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{left.pop()}'; END $$")

    return fail


def always(state: str) -> Callable[[Connection], None]:
    """The same, every time."""

    def fail(connection: Connection) -> None:
        """Fail."""
        once(state)(connection)

    return fail


def stale(_: Connection) -> NoReturn:
    """Give up, as a stale order does."""
    raise StaleOrder("o1")


def at_the_commit(connection: Connection, action: str) -> None:
    """Let the server do something when it is told to commit, before it does."""
    connection.exec_driver_sql("CREATE TEMPORARY TABLE late (x int) ON COMMIT DROP")
    connection.exec_driver_sql(
        f"CREATE FUNCTION pg_temp.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action}; RETURN NULL; END $$"
    )
    connection.exec_driver_sql(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION pg_temp.late()"
    )
    connection.exec_driver_sql("INSERT INTO late VALUES (1)")


def pid_of(connection: Connection) -> int:
    """The number of a connection's session at the server."""
    pid: int = connection.connection.driver_connection.get_server_pid()
    return pid


async def hang_up(other: Database, pid: int) -> None:
    """Let the server end a session, and wait until it has."""
    ended = text("SELECT pg_terminate_backend(:pid, 5000)")
    assert await other.write(lambda c: c.execute(ended, {"pid": pid}).scalar())


async def a_turn() -> None:
    """Let the loop go around once."""
    loop = asyncio.get_running_loop()
    turned: asyncio.Future[None] = loop.create_future()
    loop.call_soon(turned.set_result, None)
    await turned
