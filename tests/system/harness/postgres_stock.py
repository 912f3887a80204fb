"""Databases on a PostgreSQL server for shops to live on: each with products in it, and read from outside."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import attrs

from harness.databases import ShopDatabase
from harness.postgres_server import PostgresServer
from harness.surroundings import surroundings
from harness.system import put_products_into

T = TypeVar("T")


@attrs.frozen
class PostgresShop:
    """
    One database.

    Attributes:
        server: where it is.
        name: what it is called there.
    """

    server: PostgresServer
    name: str

    @property
    def url(self) -> str:
        """What `DATABASE_URL` says."""
        return self.server.url_of(self.name)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Run a query that reads."""
        numbers = itertools.count(1)
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", query)

        async def read() -> list[dict[str, Any]]:
            """Over a connection of its own: the server may have been ended since."""
            connection = await asyncpg.connect(self.url)
            try:
                return [dict(row) for row in await connection.fetch(numbered, *values)]
            finally:
                await connection.close()

        return _elsewhere(read)

    def dump(self) -> Iterator[bytes]:
        """All that is in it."""
        yield self.server.dump(self.name)


@attrs.frozen
class PostgresStock:
    """
    Copies of one database.

    Attributes:
        server: where they are made.
        stocked: the database that is copied: of this version, with products in it.
    """

    server: PostgresServer
    stocked: str

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[ShopDatabase]:
        """Make a copy; nothing of it lies in the folder."""
        del folder
        with self.server.copy(self.stocked) as name:
            yield PostgresShop(self.server, name)


@contextmanager
def stocked_postgres(server: PostgresServer, folder: Path) -> Iterator[PostgresStock]:
    """
    Make a database with products in it, by the commands that an operator uses, for as long as the block runs.

    Args:
        folder: an empty one to work in.
    """
    with server.copy("template0") as name:
        with surroundings(folder, DATABASE_URL=server.url_of(name)) as place:
            put_products_into(place)
        yield PostgresStock(server, name)


def _elsewhere(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it on a loop of its own, since whoever asks may stand on one already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()
