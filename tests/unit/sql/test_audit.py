"""The audit of product keys: a chain that shows what was changed behind the database's back."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from bitloot_adapters.sql.storage import SqlStorage
from bitloot_core.ports.store import Change, KeyAccess
from bitloot_core.testing.contracts.store_forgetting import forgetting
from bitloot_core.testing.orders import PLACED_AT, fulfilled, placed, reserved, settled
from bitloot_core.testing.samples import a_change
from bitloot_core.values.ids import OrderId, unit_id

LOOK = KeyAccess(
    order_id=OrderId("o1"),
    unit_id=unit_id(1, 1),
    actor="admin:ann",
    address="192.0.2.7",
    agent="Mozilla/5.0",
    reason="the buyer called",
    at=PLACED_AT,
)


COLUMNS = "order_id, unit_id, actor, origin, reason, at, prev_hash, hash"


async def looks(storage: SqlStorage, count: int) -> None:
    """So many accesses, each a write of its own, all at the same time."""
    await asyncio.gather(
        *(
            storage.store.commit(
                Change(at=PLACED_AT, accesses=(attrs.evolve(LOOK, at=PLACED_AT + timedelta(seconds=n)),))
            )
            for n in range(count)
        )
    )


async def test_the_chain_holds(storage: SqlStorage) -> None:
    """Rows that were written at the same time follow one another, each bound to the one before it."""
    await looks(storage, 20)

    assert await storage.store.broken_audit_row() is None
    assert len(await storage.queries.accesses(OrderId("o1"))) == 20


async def test_an_empty_chain_holds(storage: SqlStorage) -> None:
    """Nobody has looked at a key yet."""
    assert await storage.store.broken_audit_row() is None


@pytest.mark.parametrize(
    ("tampering", "first_broken"),
    [
        ("UPDATE key_access SET actor = 'link' WHERE id = 3", 3),
        ("UPDATE key_access SET at = at + 1 WHERE id = 3", 3),
        ("UPDATE key_access SET hash = prev_hash WHERE id = 3", 3),
        ("UPDATE key_access SET prev_hash = hash WHERE id = 3", 3),
        ("DELETE FROM key_access WHERE id = 3", 4),
        ("DELETE FROM key_access WHERE id = 1", 2),
        ("UPDATE key_access_origins SET address = '192.0.2.8' WHERE access_id = 3", 3),
        ("UPDATE key_access_origins SET agent = 'curl' WHERE access_id = 3", 3),
        ("UPDATE key_access_origins SET salt = '' WHERE access_id = 3", 3),
        (f"INSERT INTO key_access SELECT 99, {COLUMNS} FROM key_access WHERE id = 3", 99),  # noqa: S608 - our own names
    ],
)
async def test_tampering_shows(storage: SqlStorage, path: Path, tampering: str, first_broken: int) -> None:
    """A row that was changed, removed or slipped in, with the triggers out of the way, breaks the chain there."""
    await looks(storage, 5)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER key_access_no_update")
        connection.execute("DROP TRIGGER key_access_no_delete")
        connection.execute(tampering)

    assert first_broken == await storage.store.broken_audit_row()


async def test_an_origin_is_only_missing_where_a_buyer_was_forgotten(storage: SqlStorage, path: Path) -> None:
    """Taking it out by hand shows, for as long as the order still names its buyer."""
    before = fulfilled(reserved(settled(placed())))
    await storage.store.commit(a_change(before))
    order = await storage.store.get(before.id)
    await storage.store.commit(Change(at=PLACED_AT, accesses=(attrs.evolve(LOOK, actor="link"), LOOK)))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM key_access_origins WHERE access_id = 1")

    assert await storage.store.broken_audit_row() == 1

    await storage.store.commit(forgetting(order))
    assert await storage.store.broken_audit_row() is None


async def test_an_erased_origin_cannot_be_guessed(storage: SqlStorage, path: Path) -> None:
    """What the chain keeps of it is worth nothing without the salt, which went with it."""
    await storage.store.commit(a_change(fulfilled(reserved(settled(placed())))))
    order = await storage.store.get(OrderId("o1"))
    await storage.store.commit(Change(at=PLACED_AT, accesses=(attrs.evolve(LOOK, actor="link"),) * 2))
    with sqlite3.connect(path) as connection:
        origins = [row[0] for row in connection.execute("SELECT origin FROM key_access")]
        await storage.store.commit(forgetting(order))
        left = connection.execute("SELECT count(*) FROM key_access_origins").fetchone()[0]

    assert len(set(origins)) == 2
    assert left == 0
    assert await storage.store.broken_audit_row() is None


async def test_a_strange_agent_is_kept_as_far_as_it_can_be(storage: SqlStorage) -> None:
    """What a client calls itself is cut and cleaned, and never keeps an access from being noted."""
    await storage.store.commit(Change(at=PLACED_AT, accesses=(attrs.evolve(LOOK, agent="a\x00\ud800" + "b" * 300),)))

    ((_, access),) = await storage.queries.accesses(OrderId("o1"))
    assert access.agent == "a\ufffd\ufffd" + "b" * 253
    assert await storage.store.broken_audit_row() is None
