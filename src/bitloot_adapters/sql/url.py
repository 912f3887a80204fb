"""
What a `DATABASE_URL` says: which engine, and where. The driver is our choice.
"""

from __future__ import annotations

from pathlib import Path

import attrs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bitloot_core.values.errors import InvalidInput

FIELD = "DATABASE_URL"
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_FORMS = "is neither sqlite:///file.db, sqlite:////absolute/file.db nor postgresql://user:password@host/name"


@attrs.frozen(kw_only=True)
class DatabaseUrl:
    """
    Where the database is. Printing it shows no password.

    Attributes:
        url: with the driver that we use.
    """

    url: URL

    @classmethod
    def parse(cls, text: str) -> DatabaseUrl:
        """
        Read a database URL.

        >>> DatabaseUrl.parse("sqlite:///bitloot.db").sqlite_file().name
        'bitloot.db'
        >>> DatabaseUrl.parse("postgresql://shop:hunter2@db/bitloot")
        DatabaseUrl(url=postgresql+asyncpg://shop:***@db/bitloot)

        Raises:
            InvalidInput: it is none, or names a driver or an engine that we do not use.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # The cause would print the text, password included.
            raise InvalidInput(FIELD, _FORMS) from None
        driver = _DRIVERS.get(url.drivername)
        if driver is None:
            raise InvalidInput(FIELD, _FORMS)
        return cls(url=_checked(url.set(drivername=driver)))

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    def sqlite_file(self) -> Path:
        """
        The file of a SQLite database.

        Raises:
            InvalidInput: it is a PostgreSQL database.
        """
        if not self.is_sqlite:
            raise InvalidInput(FIELD, "names a PostgreSQL database where a SQLite file is needed")
        return Path(self.url.database or "")

    def dsn(self) -> str:
        """The same as PostgreSQL's own programs write it, password included: for the driver alone."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _checked(url: URL) -> URL:
    if url.get_backend_name() != "sqlite":
        # The folder of a Unix socket is written as `?host=/run/postgresql`.
        if not (url.host or url.query.get("host")) or not url.database:
            raise InvalidInput(FIELD, "names no host or no database")
        return url
    if url.host or url.username:
        raise InvalidInput(FIELD, "names a host: a file is written with three slashes, sqlite:///file.db")
    if url.query:
        raise InvalidInput(FIELD, "has options, and a SQLite database takes none")
    if not url.database or url.database == ":memory:":
        raise InvalidInput(FIELD, "names no file: several connections cannot share a database in memory")
    return url
