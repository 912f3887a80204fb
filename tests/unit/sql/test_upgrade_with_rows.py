"""A database with rows in it is brought to this version without losing one, on either engine."""

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.migrate import Schema, check, upgrade
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.ports.queries import OrderFilter, ReservationFilter, Slice, WebhookFilter
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.ids import OrderId
from harness.postgres_server import PostgresServer

DATA = Path(__file__).parents[2] / "data"
FIRST = "0001"
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def plain(value: Any) -> Any:
    """A value as its column has it."""
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


@pytest.fixture(scope="module")
def old() -> Rows:
    """Every row of a shop at the first revision, by table."""
    found = json.loads((DATA / f"rows_at_{FIRST}.json").read_text(encoding="utf-8"))
    return {
        table: [{name: plain(value) for name, value in row.items()} for row in rows] for table, rows in found.items()
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, old: Rows) -> Iterator[str]:
    """A database at the first revision with those rows in it."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'old.db'}"
        fill(made, old)
        yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy("template0") as name:
        fill(server.url_of(name), old)
        yield server.url_of(name)


def fill(url: str, rows: Rows) -> None:
    """Make the tables of the first revision, and put the rows in."""
    upgrade(url, to=FIRST)

    def insert(connection: Connection) -> None:
        """As they are; the numbers go on after the last one."""
        for table, some in rows.items():
            for row in some:
                names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)  # noqa: S608 - ours
            if connection.dialect.name == "postgresql" and some and isinstance(some[0].get("id"), int):
                number = text("SELECT setval(pg_get_serial_sequence(:of, 'id'), :last)")
                connection.execute(number, {"of": table, "last": max(row["id"] for row in some)})

    async def write() -> None:
        """In one transaction."""
        database = open_database(DatabaseUrl.parse(url))
        await database.write(insert)
        await database.close()

    asyncio.run(write())


@pytest.fixture
def upgraded(url: str) -> str:
    """The same, brought to this version."""
    assert check(url) is Schema.BEHIND
    upgrade(url)
    assert check(url) is Schema.CURRENT
    return url


@pytest.fixture
async def storage(upgraded: str) -> Any:
    """All ports on it."""
    database = open_database(DatabaseUrl.parse(upgraded))
    yield SqlStorage.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))
    await database.close()


async def stored(database: Database, question: str) -> list[tuple[Any, ...]]:
    """What a query finds, in any order."""
    return await database.read(lambda c: sorted(tuple(row) for row in c.execute(text(question))))


async def test_every_order_is_there_and_reads_as_before(storage: SqlStorage, old: Rows) -> None:
    """Each order with its parts, its timeline, its money and its version; and the lists show all of them."""
    parts = ("order_lines", "units", "payments", "reservations")
    for row in old["orders"]:
        dossier = await storage.queries.dossier(OrderId(row["id"]))
        order = dossier.order
        assert row["version"] == order.version
        found = (order.lines, order.units, order.payments, order.reservations)
        assert [sum(one["order_id"] == order.id for one in old[part]) for part in parts] == [len(one) for one in found]
        assert sum(one["order_id"] == order.id for one in old["order_events"]) == len(dossier.timeline)
        assert sum(one["order_id"] == order.id for one in old["ledger"]) == len(dossier.ledger)

    page = Slice(limit=100)
    assert len(old["orders"]) == len((await storage.queries.orders(OrderFilter(), page)).items)
    assert len(old["reservations"]) == len((await storage.queries.reservations(ReservationFilter(), page)).items)
    assert len(old["webhook_logs"]) == len((await storage.queries.webhooks(WebhookFilter(), page)).items)


async def test_money_jobs_and_webhooks_are_what_they_were(storage: SqlStorage, old: Rows) -> None:
    """To the last digit and byte."""
    for table, names in {
        "ledger": ("id", "kind", "external_id", "amount", "currency"),
        "jobs": ("id", "name", "ref", "status", "attempts", "due_at"),
        "webhook_logs": ("id", "dedupe_key", "status", "deliveries", "sealed"),
        "links": ("id", "order_id", "expires_at", "views"),
        "products": ("id", "price_minor", "max_cost_minor"),
    }.items():
        kept = await stored(storage.database, f"SELECT {', '.join(names)} FROM {table}")  # noqa: S608 - ours

        assert sorted(tuple(row[name] for name in names) for row in old[table]) == kept


async def test_the_audit_is_whole_and_says_who_looked(storage: SqlStorage, old: Rows) -> None:
    """The chain holds after whatever was done to it, and each access is told as it was."""
    assert await storage.store.broken_audit_row() is None

    for order_id in {row["order_id"] for row in old["key_access"]}:
        told = [(number, one.actor, one.address, one.agent) for number, one in await storage.queries.accesses(order_id)]
        before = [row for row in old["key_access"] if row["order_id"] == order_id]
        assert [(row["id"], row["actor"], row["address"], row["agent"]) for row in before] == told


async def test_the_shop_goes_on(storage: SqlStorage, old: Rows) -> None:
    """New rows get new numbers, and what was there is found again by its names."""
    await storage.store.commit(a_change(placed("new-one")))
    job_id = await storage.jobs.ask(a_job("new-one"), now=PLACED_AT)
    fresh = await storage.inbox.receive(a_webhook(b"new"), now=PLACED_AT)
    known = await storage.inbox.receive(a_webhook(b'{"payment_id":1}'), now=PLACED_AT)

    assert job_id > max(row["id"] for row in old["jobs"])
    assert fresh.id > max(row["id"] for row in old["webhook_logs"])
    assert (fresh.duplicate, known.duplicate) == (False, True)


def test_two_that_upgrade_at_once_take_turns(url: str) -> None:
    """Each of several processes that start at the same time finds a database of this version."""

    async def race() -> list[None]:
        """Upgrade it from several threads."""
        return await asyncio.gather(*(asyncio.to_thread(upgrade, url) for _ in range(3)))

    asyncio.run(race())

    assert check(url) is Schema.CURRENT
