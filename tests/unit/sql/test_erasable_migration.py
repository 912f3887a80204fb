"""Migration 0005 on a database with data: names of people become erasable, and the audit stays whole."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql import migrate
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.order.order import Buyer
from bitloot_core.ports.queries import OrderFilter, Slice
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.store_forgetting import forgetting
from bitloot_core.testing.contracts.store_one_write import an_access
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.ids import OrderId

BEFORE = "0004"
HEAD = {
    "buyer": {"email": "Anna@Example.com"},
    "created_at": "2026-01-05T12:00:00+00:00",
    "expires_at": "2026-01-05T13:00:00+00:00",
    "closing": {"at": "2026-01-05T12:30:00+00:00", "is": "fulfilled"},
    "link": {"is": "none"},
    "findings_opened": 0,
}
LINE = {
    "number": 1,
    "product_id": "game",
    "supplier_product_id": "s",
    "title": "A Game",
    "quantity": 1,
    "unit_price": {"amount": "12.99", "currency": "EUR"},
    "max_cost": {"amount": "10.00", "currency": "EUR"},
    "key_type": "text",
    "release_date": None,
}
PLACED = {
    "at": HEAD["created_at"],
    "order_id": "o1",
    "buyer": HEAD["buyer"],
    "lines": [LINE],
    "expires_at": HEAD["expires_at"],
    "is": "OrderPlaced",
}
LOOKS = (("o1", "1.1", "link", "192.0.2.7", "Mozilla", "", 7), ("o2", "1.1", "admin:ann", "192.0.2.9", "", "a call", 9))


def given(connection: Connection, *, tampered: bool = False) -> None:
    """An order as earlier versions wrote it, and two looks at its key."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, BEFORE)
    connection.execute(
        text(
            "INSERT INTO orders VALUES "
            "('o1', 'fulfilled', 'Anna@Example.com', 1299, 'EUR', 1, 0, 1, 1, 1000000, 1000000, :state)"
        ),
        {"state": json.dumps(HEAD)},
    )
    connection.execute(
        text("INSERT INTO order_lines VALUES ('o1', 1, 0, 'game', 1, :state)"), {"state": json.dumps(LINE)}
    )
    connection.execute(
        text("INSERT INTO order_events VALUES ('o1', 1, 1000000, 'OrderPlaced', :data)"), {"data": json.dumps(PLACED)}
    )
    last = "0" * 64
    for number, look in enumerate(LOOKS, start=4):
        digest = hashlib.sha256(json.dumps([last, *look], separators=(",", ":")).encode()).hexdigest()
        values = dict(zip("abcdefg", look, strict=True)) | {"id": number, "prev": last, "hash": digest}
        if tampered:
            values["d"] = "192.0.2.66"
        connection.execute(
            text("INSERT INTO key_access VALUES (:id, :a, :b, :c, :d, :e, :f, :g, :prev, :hash)"), values
        )
        last = digest


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    found: str = request.getfixturevalue("postgres_url")
    on(found, lambda connection: connection.exec_driver_sql("DROP SCHEMA public CASCADE"))
    on(found, lambda connection: connection.exec_driver_sql("CREATE SCHEMA public"))
    return found


def on(url: str, work: Callable[[Connection], object]) -> None:
    """Run work on a database."""
    migrate._on(DatabaseUrl.parse(url), work)  # noqa: SLF001 - what every migration runs on


def storage_over(database: Database) -> SqlStorage:
    """All ports on it."""
    return SqlStorage.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))


def test_an_old_database_is_brought_along(url: str) -> None:
    """The order keeps its buyer, the timeline does not; looks keep their numbers; all of it can be forgotten."""
    on(url, given)
    migrate.upgrade(url)

    asyncio.run(_looked_at(url))


async def _looked_at(url: str) -> None:
    database = open_database(DatabaseUrl.parse(url))
    try:
        storage = storage_over(database)
        order = await storage.store.get(OrderId("o1"))
        assert order.buyer == Buyer(email="Anna@Example.com")
        assert "Example" not in repr((await storage.queries.dossier(order.id)).timeline)
        found = await storage.queries.orders(OrderFilter(email="anna@example.com"), Slice())
        assert [row.id for row in found.items] == ["o1"]
        ((number, access),) = await storage.queries.accesses(order.id)
        assert (number, access.address, access.agent) == (4, "192.0.2.7", "Mozilla")
        assert await storage.store.broken_audit_row() is None

        await storage.store.commit(Change(at=PLACED_AT, accesses=(an_access(order),)))
        await storage.store.commit(forgetting(order))

        assert (await storage.store.get(order.id)).email is None
        assert [(one, look.address) for one, look in await storage.queries.accesses(order.id)] == [(4, ""), (6, "")]
        assert await storage.store.broken_audit_row() is None
    finally:
        await database.close()


def test_a_broken_audit_is_not_written_anew(url: str) -> None:
    """Nobody would ever see that it had been; the database stays as it was."""
    on(url, lambda connection: given(connection, tampered=True))

    with pytest.raises(RuntimeError, match="broken at row 4"):
        migrate.upgrade(url)

    assert migrate.current(url) == BEFORE


@pytest.mark.parametrize("change", ["UPDATE key_access SET reason = ''", "DELETE FROM order_events"])
def test_what_is_only_added_is_not_changed_afterwards(url: str, change: str) -> None:
    """The triggers that were out of the way are back."""
    on(url, given)
    migrate.upgrade(url)

    with pytest.raises(Exception, match="append-only"):
        on(url, lambda connection: connection.exec_driver_sql(change))
