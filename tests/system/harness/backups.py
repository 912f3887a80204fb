"""What an operator does to a database behind the service's back: copy it, put a copy back, put a row right."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import attrs

from harness.postgres_server import PostgresServer
from harness.surroundings import Surroundings


class Backups(Protocol):
    """The back-ups of one shop's database."""

    def make(self) -> None:
        """Copy it as it is, while the service runs."""
        ...

    def put_back(self) -> None:
        """Put the copy into its place; the service is down."""
        ...

    def execute(self, statement: str) -> None:
        """Change something by hand."""
        ...


@attrs.frozen
class SqliteBackups:
    """
    Copies of a file.

    Attributes:
        database: the file.
        copy: where the copy is kept.
    """

    database: Path
    copy: Path

    def make(self) -> None:
        """As `docs/run-the-service.md` says."""
        with closing(sqlite3.connect(self.database)) as source:
            source.execute("VACUUM INTO ?", (str(self.copy),))

    def put_back(self) -> None:
        """With what belongs to the newer file out of the way."""
        for left in ("", "-wal", "-shm"):
            Path(f"{self.database}{left}").unlink(missing_ok=True)
        shutil.copyfile(self.copy, self.database)

    def execute(self, statement: str) -> None:
        """In a transaction of its own."""
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()


@attrs.define
class PostgresBackups:
    """
    Dumps of a database on a server.

    Attributes:
        name: what it is called there.
        dump: the newest one.
    """

    server: PostgresServer
    name: str
    dump: bytes = b""

    def make(self) -> None:
        """By `pg_dump`."""
        self.dump = self.server.dump(self.name)

    def put_back(self) -> None:
        """By `psql`, into an empty database of the same name."""
        self.server.put_back(self.name, self.dump)

    def execute(self, statement: str) -> None:
        """By `psql`."""
        self.server.execute(self.name, statement)


def backups_of(place: Surroundings, copy: Path, server: Callable[[], PostgresServer]) -> Backups:
    """
    The back-ups of whichever database a shop has.

    Args:
        copy: where a copied file is kept.
        server: where a database on a server is.
    """
    url = place.settings["DATABASE_URL"]
    if url.startswith("postgresql:"):
        return PostgresBackups(server(), url.rpartition("/")[2])
    return SqliteBackups(place.database, copy)
