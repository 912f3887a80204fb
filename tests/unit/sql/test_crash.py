"""A process that is killed at any moment leaves each write whole or not at all, and keeps what it acknowledged."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId

ORDERS = 150
# Places orders, many at a time, each with a job, an entry in the ledger and an audit row; names those that are durable,
# and kills itself where it was told to.
CHILD = """
import asyncio, os, signal, sys
from decimal import Decimal
import attrs
from bitloot_adapters.sql import audit_rows, store
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.ports.store import KeyAccess
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job
from bitloot_core.values.ids import UnitId

url, where, orders = sys.argv[1], sys.argv[2], int(sys.argv[3])
commits = writes = 0

def die_if(it_is_time):
    if it_is_time:
        os.kill(os.getpid(), signal.SIGKILL)

def commit(transaction):
    global commits
    commits += 1
    die_if(where == "before the commit" and commits == 2)
    transaction.commit()
    die_if(where == "after the commit" and commits == 2)

def add_accesses(connection, accesses, honest=store.add_accesses):
    global writes
    writes += 1
    honest(connection, accesses)
    die_if(where == "inside a batch" and writes == 5)

store.add_accesses = add_accesses

async def place(keeper, n):
    order = placed(f"o{n}", quantity=3)
    entry = LedgerEntry(order_id=order.id, kind=LedgerKind.RECEIVED, external_id=f"p{n}", amount=Decimal(1),
                        currency="btc", at=PLACED_AT)
    access = KeyAccess(order_id=order.id, unit_id=UnitId("1.1"), actor="link", address="", agent="", reason="",
                       at=PLACED_AT)
    change = attrs.evolve(a_change(order), jobs=(a_job(f"o{n}-1", order_id=order.id),), ledger=(entry,),
                          accesses=(access,))
    await keeper.commit(change)
    print(order.id, flush=True)

async def main():
    keeper = store.SqlOrderStore(SqliteDatabase(DatabaseUrl.parse(url), commit=commit))
    await place(keeper, 0)
    await asyncio.gather(*(place(keeper, n) for n in range(1, orders)))

asyncio.run(main())
"""


def killed(path: Path, where: str) -> set[str]:
    """Let a process write until it kills itself; the orders whose writes it was told to be durable."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, f"sqlite:///{path}", where, str(ORDERS)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (child.returncode, child.stderr) == (-signal.SIGKILL, "")
    return set(child.stdout.split())


@pytest.mark.parametrize("where", ["inside a batch", "before the commit", "after the commit"])
async def test_a_kill_leaves_each_write_whole_or_not_at_all(
    path: Path, storage: SqlStorage, url: DatabaseUrl, where: str
) -> None:
    """SIGKILL inside a batch, before its commit and after it: no order without its job, its money, its audit row."""
    acknowledged = killed(path, where)

    stored = {f"o{n}" for n in range(ORDERS) if await is_whole(storage, f"o{n}")}
    assert acknowledged <= stored
    assert acknowledged
    assert len(stored) < ORDERS
    assert await storage.store.broken_audit_row() is None


async def is_whole(storage: SqlStorage, order_id: str) -> bool:
    """Whether an order is there, with everything that its write wrote; fails if it is there in part."""
    parts = {
        "jobs": await count(storage, "SELECT count(*) FROM jobs WHERE order_id = ?", order_id),
        "money": await count(storage, "SELECT count(*) FROM ledger WHERE order_id = ?", order_id),
        "audit": await count(storage, "SELECT count(*) FROM key_access WHERE order_id = ?", order_id),
        "events": await count(storage, "SELECT count(*) FROM order_events WHERE order_id = ?", order_id),
        "units": await count(storage, "SELECT count(*) FROM units WHERE order_id = ?", order_id),
    }
    try:
        await storage.store.get(OrderId(order_id))
    except NotFound:
        assert set(parts.values()) == {0}, json.dumps(parts)
        return False
    assert parts == {"jobs": 1, "money": 1, "audit": 1, "events": 1, "units": 3}
    return True


async def count(storage: SqlStorage, question: str, order_id: str) -> int:
    """How many rows an order has in a table."""
    return await storage.database.read(lambda c: c.exec_driver_sql(question, (order_id,)).scalar_one())


async def test_a_killed_writer_leaves_no_lock(path: Path, url: DatabaseUrl) -> None:
    """Whoever comes after a killed process writes at once."""
    killed(path, "inside a batch")
    database = SqliteDatabase(url, busy_ms=50)

    changed = await database.write(lambda c: c.exec_driver_sql("DELETE FROM switches").rowcount)

    await database.close()
    assert changed == 0
