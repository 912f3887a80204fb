"""The databases that a shop can live on: each made fresh with products in it, and read from outside."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import attrs


class ShopDatabase(Protocol):
    """The database of one shop."""

    @property
    def url(self) -> str:
        """What `DATABASE_URL` says."""
        ...

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query that reads, with `?` for each value."""
        ...

    def dump(self) -> Iterator[bytes]:
        """All that is in it, as far as it lies in no file of the shop's own folder."""
        ...


class Stock(Protocol):
    """Databases with products in them, one after another."""

    def fresh(self, folder: Path) -> AbstractContextManager[ShopDatabase]:
        """
        Give one to a shop for as long as the block lasts.

        Args:
            folder: where the shop lives.
        """
        ...


@attrs.frozen
class SqliteFile:
    """A SQLite file."""

    path: Path

    @property
    def url(self) -> str:
        """What `DATABASE_URL` says."""
        return f"sqlite:///{self.path}"

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query that reads."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def dump(self) -> Iterator[bytes]:
        """Nothing: the file is in the shop's folder."""
        return iter(())


@attrs.frozen
class SqliteStock:
    """
    Copies of one file.

    Attributes:
        stocked: a database of this version with products in it.
    """

    stocked: Path

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[SqliteFile]:
        """Put a copy into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / "bitloot.db"
        shutil.copyfile(self.stocked, copy)
        yield SqliteFile(copy)
