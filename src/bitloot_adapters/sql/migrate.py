"""
Migrations: how a database gets the tables of this version, and how to tell whether it has them.

Alembic is imported where it is used: a service that starts only compares two revisions.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.sqlite import sqlite_engine
from bitloot_adapters.sql.url import DatabaseUrl

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")
HEAD = "0013"
"""The newest revision; a test holds it to the files in `migrations/versions`."""


class Schema(enum.StrEnum):
    """How a database stands to this version."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    UNKNOWN = "unknown"
    """At a revision that this version does not have: it was written by a newer one."""


def upgrade(url: str, *, to: str = "head") -> None:
    """
    Bring a database to the newest revision, from wherever it is; makes the file of a SQLite database. Idempotent.

    Not to be called where an event loop runs: PostgreSQL is reached over a loop of its own.

    Args:
        to: an older revision to stop at; tests of later ones begin there.

    Raises:
        InvalidInput: the URL is none that we can use.
        Unavailable: no answer, or one that says that there is no such database or that we may not use it.
    """
    from alembic import command

    def to_the_newest(connection: Connection) -> None:
        _take_turns(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)

    _on(DatabaseUrl.parse(url), to_the_newest)


def current(url: str) -> str | None:
    """
    The revision that a database is at; None for one without our tables. Otherwise as `upgrade`.

    Raises:
        InvalidInput: as `upgrade`.
        Unavailable: as `upgrade`.
    """
    place = DatabaseUrl.parse(url)
    if place.is_sqlite and not place.sqlite_file().exists():
        return None
    return _on(place, _revision)


def check(url: str) -> Schema:
    """Compare a database with this version; changes nothing. Otherwise as `current`."""
    return _compared(current(url))


def check_open(connection: Connection) -> Schema:
    """The same for a database that is open already."""
    return _compared(_revision(connection))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _compared(revision: str | None) -> Schema:
    if revision is None:
        return Schema.EMPTY
    if revision == HEAD:
        return Schema.CURRENT
    return Schema.BEHIND if revision in _revisions() else Schema.UNKNOWN


def _revisions() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _on(place: DatabaseUrl, work: Callable[[Connection], T]) -> T:
    """Run work as one transaction on a connection of its own."""
    if not place.is_sqlite:
        from bitloot_adapters.sql.postgres import run_alone

        return asyncio.run(run_alone(place, work))
    engine = sqlite_engine(place, begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def _take_turns(connection: Connection) -> None:
    """Of two that upgrade at the same time, the second waits and then finds nothing left to do."""
    if connection.dialect.name == "postgresql":  # on SQLite each is the only writer already
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('bitloot: migrations'))"))
        # A table that somebody holds is not waited for: everybody else would stand behind us.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
