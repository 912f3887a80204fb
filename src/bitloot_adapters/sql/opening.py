"""
The database that a URL names, whichever kind it is.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import RootTransaction

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.url import DatabaseUrl

POOL_SIZE = 10


def open_database(
    url: DatabaseUrl, *, pool_size: int = POOL_SIZE, commit: Callable[[RootTransaction], None] | None = None
) -> Database:
    """
    Open a database; whoever opens it closes it. Nothing is asked of it yet.

    Args:
        url: where it is; its tables are there already (see `migrate`).
        pool_size: how many connections this process keeps to a PostgreSQL.
        commit: how a transaction is committed, if not as usual; tests count commits, or let one fail.

    Raises:
        InvalidInput: the SQLite of this Python is too old.
    """
    if url.is_sqlite:
        from bitloot_adapters.sql.sqlite import SqliteDatabase

        return SqliteDatabase(url, commit=commit)
    from bitloot_adapters.sql.postgres import PostgresDatabase

    return PostgresDatabase(url, pool_size=pool_size, commit=commit)
