"""Who may read the file of a SQLite database: orders, addresses and hashes of tokens stand in it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bitloot_adapters.sql import migrate
from bitloot_adapters.sql.sqlite import open_sqlite
from bitloot_adapters.sql.url import DatabaseUrl


def modes_in(folder: Path) -> dict[str, str]:
    """The permissions of each file."""
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.iterdir())}


@pytest.fixture
def lax_umask() -> Iterator[None]:
    """A process whose new files everybody may read, as most are."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("lax_umask")
async def test_only_our_own_account_reads_a_new_database(tmp_path: Path) -> None:
    """The file, and the log and index beside it, which hold the same rows."""
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    migrate.upgrade(url)

    async with open_sqlite(DatabaseUrl.parse(url)) as database:
        await database.write(lambda connection: connection.execute(text("DELETE FROM switches")))
        modes = modes_in(tmp_path)

    assert dict.fromkeys(("shop.db", "shop.db-shm", "shop.db-wal"), "0o600") == modes


@pytest.mark.usefixtures("lax_umask")
async def test_a_database_that_is_there_keeps_what_its_owner_chose(tmp_path: Path) -> None:
    """An operator may let a group read it, for backups."""
    file = tmp_path / "shop.db"
    file.touch()
    file.chmod(0o640)

    migrate.upgrade(f"sqlite:///{file}")

    assert oct(stat.S_IMODE(file.stat().st_mode)) == "0o640"
