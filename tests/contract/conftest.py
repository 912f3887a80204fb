"""The servers that contract tests share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from harness.r2_world import R2VaultWorld, open_r2_world
from harness.redis_server import RedisServer, open_redis
from harness.s3_server import s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """An S3 server, once for all tests of this process."""
    pytest.importorskip("moto", reason="moto[s3,server] is not installed")
    with s3_server() as url:
        yield url


@pytest.fixture
async def r2(s3: str) -> AsyncIterator[R2VaultWorld]:
    """A vault in an empty bucket."""
    async with open_r2_world(s3) as world:
        yield world


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis of this test's own."""
    async with open_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def inside(redis: RedisServer) -> AsyncIterator[Redis]:
    """A look inside it."""
    async with redis.client() as client:
        yield client
