"""A database gets its tables by migrations only, and those are the tables that the code means."""

import re
import socket
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bitloot_adapters.sql import migrate
from bitloot_adapters.sql.migrate import HEAD, Schema, check, current, upgrade
from bitloot_adapters.sql.sqlite import sqlite_engine
from bitloot_adapters.sql.tables import APPEND_ONLY, METADATA
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import Unavailable


def shape(path: Path) -> dict[str, str | list[str]]:
    """Each index of a database with its definition, and each table with the clauses of its own, in any order."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL "
            "AND name NOT IN ('alembic_version', 'sqlite_sequence')"
        ).fetchall()
    plain = {name: re.sub(r"\s+", " ", sql) for name, sql in found}
    return {
        name: sorted(re.split(r", |(?<=\() | (?=\) STRICT)", sql)) if sql.startswith("CREATE TABLE") else sql
        for name, sql in plain.items()
    }


def test_the_migrations_lead_to_the_tables(path: Path) -> None:
    """What the newest migration leaves is what `tables` describes, by the tool that compares them."""
    engine = create_engine(f"sqlite:///{path}")

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)

    engine.dispose()
    assert differences == []


def test_the_migrations_lead_to_the_tables_word_by_word(path: Path, tmp_path: Path) -> None:
    """The tool overlooks conditions of indexes and STRICT; the text of the definitions does not."""
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    METADATA.create_all(engine)
    engine.dispose()

    assert shape(made) == shape(path)


def test_every_table_is_strict(path: Path) -> None:
    """Text in a column of numbers is refused, as PostgreSQL does."""
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'").fetchall()

    loose = {name for name, strict in tables if not strict and not name.startswith("sqlite_")}
    assert loose == {"alembic_version"}


def test_upgrading_again_changes_nothing(path: Path) -> None:
    """An upgrade of a current database is no change, and loses no row."""
    before = shape(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO rate_limits VALUES ('x', 1)")

    upgrade(f"sqlite:///{path}")

    assert before == shape(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM rate_limits").fetchall() == [("x", 1)]


def test_a_failed_upgrade_leaves_nothing(tmp_path: Path) -> None:
    """A migration is one transaction: a table that is in its way leaves the database as it was."""
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE webhook_logs (theirs)")

    with pytest.raises(Exception, match="webhook_logs"):
        upgrade(f"sqlite:///{path}")

    assert list(shape(path)) == ["webhook_logs"]
    assert Schema.EMPTY is check(f"sqlite:///{path}")


def test_the_head_is_the_newest_file() -> None:
    """A start compares with `HEAD` and does not read the folder."""
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))

    assert scripts.get_heads() == [HEAD]


def test_the_state_of_a_database_is_told(tmp_path: Path, path: Path) -> None:
    """No file or no tables is `empty`, ours is `current`, a newer version's is `unknown`; looking makes no file."""
    nowhere = tmp_path / "nowhere.db"

    assert Schema.EMPTY is check(f"sqlite:///{nowhere}")
    assert not nowhere.exists()
    assert (current(f"sqlite:///{path}"), check(f"sqlite:///{path}")) == (HEAD, Schema.CURRENT)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert Schema.UNKNOWN is check(f"sqlite:///{path}")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """Nobody listens at the URL of a PostgreSQL: it is said, without its password."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="no server answers") as caught:
            upgrade(f"postgresql://shop:hunter2@127.0.0.1:{nobody.getsockname()[1]}/bitloot")

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid + 1", "DELETE FROM {}"])
def test_what_is_only_added_is_not_changed(path: Path, table: str, change: str) -> None:
    """The audit, the ledger and the timeline refuse every change of a row, whoever asks."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        values = ", ".join("1" for _ in columns)
        connection.execute(f"INSERT INTO {table} VALUES ({values})")  # noqa: S608 - our own names

        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change.format(table))


def test_the_settings_of_a_connection(url: DatabaseUrl) -> None:
    """Each commit is flushed to the disk, readers do not block the writer, and references hold."""
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE")

    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1}
