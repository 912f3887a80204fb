"""What the system tests share: a database with products, made once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.system import System, make_stocked_database, open_system


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with products; copy it."""
    return make_stocked_database(tmp_path_factory.mktemp("stocked"))


@pytest.fixture
async def system(tmp_path: Path, stocked: Path) -> AsyncIterator[System]:
    """A running service with simulated vendors and short clocks."""
    async with open_system(tmp_path, stocked) as opened:
        yield opened
