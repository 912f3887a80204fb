"""Touching the database proves that it takes writes."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bitloot_adapters._shared.envelope import PayloadSealer
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.errors import Unavailable


@pytest.fixture(params=["sqlite", "postgresql"])
async def either(request: pytest.FixtureRequest, path: Path, sealer: PayloadSealer) -> AsyncIterator[SqlStorage]:
    """All ports, on a database of either kind."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{path}"
    database = open_database(DatabaseUrl.parse(url))
    yield SqlStorage.over(database, sealer)
    await database.close()


async def test_a_touch_is_one_row_that_says_when(either: SqlStorage) -> None:
    """However often it happens: the table does not grow."""
    clock = ManualClock()
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        await either.touch(now=clock.now())

    rows = await either.database.read(
        lambda connection: connection.execute(text("SELECT name, free_at FROM rate_limits")).all()
    )

    assert [tuple(row) for row in rows] == [("health", int(clock.now().timestamp() * 1_000_000))]


async def test_a_database_that_takes_no_write_cannot_be_touched(storage: SqlStorage, path: Path) -> None:
    """Reading it goes well all the while: somebody else holds it, and does not let go."""
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable):
            await storage.touch(now=ManualClock().now())
        assert await storage.database.read(lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1
