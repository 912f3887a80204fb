"""What the tests of the SQL adapter share: a migrated database for each, whose commits can fail."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import RootTransaction

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl


class Commits:
    """Counts the commits, and lets one fail where a test says so."""

    def __init__(self) -> None:
        """Nothing fails yet."""
        self.count = 0
        self._script: list[Callable[[RootTransaction], None]] = []

    def __call__(self, transaction: RootTransaction) -> None:
        """Commit, in the way that is due."""
        self.count += 1
        how = self._script.pop(0) if self._script else RootTransaction.commit
        how(transaction)

    def fail_before(self, *, after: int = 0) -> None:
        """A commit raises, and nothing is written: the next one, or a later one."""
        self._script = [*[RootTransaction.commit] * after, _fail_before]

    def fail_after(self, *, after: int = 0) -> None:
        """A commit raises although everything is written: the next one, or a later one."""
        self._script = [*[RootTransaction.commit] * after, _fail_after]


def _fail_before(_: RootTransaction) -> None:
    """Write nothing, and raise."""
    raise OSError("disk")


def _fail_after(transaction: RootTransaction) -> None:
    """Write everything, and raise."""
    transaction.commit()
    raise OSError("disk")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with our tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """An empty database of this test's own."""
    return Path(shutil.copy(migrated, tmp_path / "shop.db"))


@pytest.fixture
def url(path: Path) -> DatabaseUrl:
    """Where it is."""
    return DatabaseUrl.parse(f"sqlite:///{path}")


@pytest.fixture
def commits() -> Commits:
    """How it commits."""
    return Commits()


@pytest.fixture
async def database(url: DatabaseUrl, commits: Commits) -> AsyncIterator[SqliteDatabase]:
    """The database, open."""
    database = SqliteDatabase(url, commit=commits, most_waiting=100, busy_ms=50)
    yield database
    await database.close()


@pytest.fixture
def sealer() -> PayloadSealer:
    """Seals bodies."""
    return PayloadSealer(MasterKeys({"k1": bytes(32)}))


@pytest.fixture
def storage(database: SqliteDatabase, sealer: PayloadSealer) -> SqlStorage:
    """All ports on it."""
    return SqlStorage.over(database, sealer)
