"""
Migrations: how a database gets the tables of this version, and how to tell whether it has them.

Alembic is imported where it is used: a service that starts only compares two revisions.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from bitloot_adapters.sql.sqlite import sqlite_engine
from bitloot_adapters.sql.url import DatabaseUrl

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Engine

HEAD = "0003"
"""The newest revision; a test holds it to the files in `migrations/versions`."""


class Schema(enum.StrEnum):
    """How a database stands to this version."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    UNKNOWN = "unknown"
    """At a revision that this version does not have: it was written by a newer one."""


def upgrade(url: str) -> None:
    """
    Bring a database to the newest revision, from wherever it is; makes the file of a SQLite database. Idempotent.

    Raises:
        InvalidInput: the URL is none that we can use.
    """
    from alembic import command

    engine = _engine(url)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def current(url: str) -> str | None:
    """
    The revision that a database is at; None for one without our tables.

    Raises:
        InvalidInput: the URL is none that we can use.
    """
    if not DatabaseUrl.parse(url).sqlite_file().exists():
        return None
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return revision
    finally:
        engine.dispose()


def check(url: str) -> Schema:
    """Compare a database with this version; changes nothing."""
    revision = current(url)
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


def _engine(url: str) -> Engine:
    # Two that upgrade at the same time take turns: the second finds nothing left to do.
    return sqlite_engine(DatabaseUrl.parse(url), begin="BEGIN IMMEDIATE")
