"""The tables on PostgreSQL: made by the same migrations, and as strict with what is only added."""

from collections.abc import AsyncIterator, Iterator

import attrs
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.migrate import HEAD, Schema, check, check_open, current, upgrade
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.tables import APPEND_ONLY, METADATA
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.ports.store import Change, KeyAccess
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import OrderId, unit_id
from harness.postgres_server import PostgresServer

# Whatever can be told of a table: columns in any order, indexes and constraints word by word.
SHAPE = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, collation_name, is_nullable, regexp_replace(column_default, '::\\w+', '', 'g'))
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
"""
OURS = "alembic_version"


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    """An empty database of this test's own, open."""
    opened = PostgresDatabase(DatabaseUrl.parse(postgres_url), pool_size=2)
    yield opened
    await opened.close()


@pytest.fixture
def nowhere(postgres: PostgresServer) -> Iterator[str]:
    """A database without our tables."""
    with postgres.copy("template0") as name:
        yield postgres.url_of(name)


def shape(connection: Connection) -> set[tuple[str, str, str]]:
    """All there is to say of the tables, but for Alembic's own."""
    return {tuple(row) for row in connection.execute(text(SHAPE)) if OURS not in row[1]}  # type: ignore[misc]


async def test_the_migrations_lead_to_the_tables(database: PostgresDatabase) -> None:
    """What the newest migration leaves is what `tables` describes, by the tool that compares them."""
    differences = await database.write(
        lambda connection: compare_metadata(MigrationContext.configure(connection), METADATA)
    )

    assert differences == []


async def test_the_migrations_lead_to_the_tables_word_by_word(database: PostgresDatabase, nowhere: str) -> None:
    """Conditions of indexes, collations and defaults are the same, which the tool overlooks."""
    made = open_database(DatabaseUrl.parse(nowhere))
    await made.write(METADATA.create_all)

    assert await made.read(shape) == await database.read(shape)
    await made.close()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET order_id = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_what_is_only_added_is_not_changed(database: PostgresDatabase, table: str, change: str) -> None:
    """The audit, the ledger and the timeline refuse every change, whoever asks, and it is a broken rule."""
    with pytest.raises(IntegrityError, match="append-only"):
        await database.write(lambda c: c.execute(text(change.format(table))))


async def test_tampering_with_the_audit_shows(database: PostgresDatabase) -> None:
    """A row that was changed with the triggers out of the way breaks the chain there."""
    storage = SqlStorage.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))
    look = KeyAccess(
        order_id=OrderId("o1"), unit_id=unit_id(1, 1), actor="link", address="", agent="", reason="", at=PLACED_AT
    )
    for _ in range(5):
        await storage.store.commit(Change(at=PLACED_AT, accesses=(attrs.evolve(look),)))
    assert await storage.store.broken_audit_row() is None

    def tamper(connection: Connection) -> None:
        """As somebody with the rights of the server's own account."""
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE key_access SET actor = 'admin:ann' WHERE id = 3"))

    await database.write(tamper)

    assert await storage.store.broken_audit_row() == 3


def test_the_state_of_a_database_is_told(nowhere: str, postgres_url: str) -> None:
    """Without tables it is `empty`, and ours is `current`; to look changes nothing."""
    assert (check(nowhere), current(nowhere)) == (Schema.EMPTY, None)
    assert (check(postgres_url), current(postgres_url)) == (Schema.CURRENT, HEAD)


async def test_an_open_database_tells_its_state(database: PostgresDatabase) -> None:
    """A running service asks over the connections that it has."""
    assert await database.read(check_open) is Schema.CURRENT


def test_upgrading_again_changes_nothing(postgres_url: str) -> None:
    """An upgrade of a current database is no change."""
    upgrade(postgres_url)

    assert check(postgres_url) is Schema.CURRENT


def test_a_database_that_is_not_there_is_told(postgres: PostgresServer) -> None:
    """It is not made: whose it shall be is for the server's own people to say."""
    with pytest.raises(Unavailable, match="no database of this name"):
        upgrade(postgres.url_of("not_there"))


def test_a_user_that_is_not_known_is_told(postgres_url: str) -> None:
    """And the password that was tried is nowhere in it."""
    with pytest.raises(Unavailable, match="does not let this user in") as caught:
        check(postgres_url.replace("postgres@", "nobody:hunter2@"))

    assert "hunter2" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_what_libpq_understands_is_understood(postgres_url: str) -> None:
    """How to encrypt is said as everywhere; a server that cannot is not asked in the clear instead."""
    assert check(f"{postgres_url}?sslmode=prefer") is Schema.CURRENT
    with pytest.raises(Unavailable):
        check(f"{postgres_url}?sslmode=require")
