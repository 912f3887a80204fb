"""What the system tests share: a database with products, made once; a server of buckets."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from harness.postgres_server import PostgresServer
from harness.postgres_stock import PostgresStock, stocked_postgres
from harness.s3_server import s3_server
from harness.system import System, make_stocked_database, open_system


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with products; copy it."""
    return make_stocked_database(tmp_path_factory.mktemp("stocked"))


@pytest.fixture(scope="session")
def postgres_stock(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresStock]:
    """Databases with products on a PostgreSQL."""
    with stocked_postgres(postgres, tmp_path_factory.mktemp("stocked-postgres")) as stock:
        yield stock


@pytest.fixture
async def system(tmp_path: Path, stocked: Path) -> AsyncIterator[System]:
    """A running service with simulated vendors and short clocks."""
    async with open_system(tmp_path, stocked) as opened:
        yield opened


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """A server of buckets, once for all tests of this process."""
    pytest.importorskip("moto", reason="moto[s3,server] is not installed")
    with s3_server() as url:
        yield url
