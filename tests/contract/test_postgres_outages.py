"""A PostgreSQL that goes away, comes back, or holds still: what was acknowledged stays, and nothing is there twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.util import await_only

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.orders import PLACED_AT, placed
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.errors import PortError, StaleOrder, Unavailable
from bitloot_core.values.ids import OrderId
from harness.postgres_server import PostgresServer, postgres_server
from harness.postgres_writes import Row, hang_up, pid_of, rows
from harness.waiting import eventually, pause

SENDERS = 10
KILLS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this module's own, since it is ended and started again."""
    with postgres_server() as opened:
        yield opened


@pytest.fixture
def url(server: PostgresServer) -> Iterator[DatabaseUrl]:
    """An empty database on it."""
    with server.database() as opened:
        yield DatabaseUrl.parse(opened)


@pytest.fixture
async def database(url: DatabaseUrl) -> AsyncIterator[PostgresDatabase]:
    """It, open, with some connections in its pool."""
    opened = PostgresDatabase(url, pool_size=4, command_seconds=1)
    await asyncio.gather(*(opened.read(lambda _: None) for _ in range(4)))
    yield opened
    await opened.close()


async def test_connections_that_were_cut_in_the_pool_cost_nothing(
    database: PostgresDatabase, server: PostgresServer
) -> None:
    """The server was restarted while nobody asked it anything: nobody hears of it."""
    row = Row("a")
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)

    answers = await asyncio.gather(database.write(row), database.read(lambda _: 7), database.write(Row("b")))

    assert answers == ["a", 7, "b"]
    assert (1, {"a", "b"}) == (row.runs, await rows(database))


async def test_a_connection_that_is_cut_in_mid_transaction_costs_one_more_try(
    database: PostgresDatabase, url: DatabaseUrl
) -> None:
    """Nothing of the first try can have been written; the second one writes it once."""
    other = PostgresDatabase(url, pool_size=1)
    cuts = [1]

    def cut_once(connection: Connection) -> None:
        """Let the server hang up, the first time, and go on."""
        if cuts:
            cuts.pop()
            await_only(hang_up(other, pid_of(connection)))
        connection.execute(text("SELECT 1"))

    row = Row("a", cut_once)

    assert await database.write(row) == "a"

    assert (2, {"a"}) == (row.runs, await rows(database))
    await other.close()


async def test_a_server_that_is_away_is_unavailable_and_needs_no_one_when_it_is_back(
    database: PostgresDatabase, server: PostgresServer
) -> None:
    """Writes and reads say so while it is away, and come through as soon as it is there again."""
    server.kill()
    with pytest.raises(Unavailable):
        await database.write(Row("a"))
    with pytest.raises(Unavailable):
        await database.read(lambda c: c.execute(text("SELECT 1")).scalar())

    server.start()

    assert await database.write(Row("b")) == "b"
    assert await rows(database) == {"b"}


async def test_a_server_that_holds_still_is_not_waited_for(database: PostgresDatabase, server: PostgresServer) -> None:
    """A statement without an answer is given up; the connection with it, and the next write has a good one."""
    row = Row("a")
    server.pause()
    try:
        with pytest.raises(Unavailable):
            await database.write(row)
    finally:
        server.resume()

    assert await database.write(Row("b")) == "b"
    assert (1, {"b"}) == (row.runs, await rows(database))


async def test_what_was_acknowledged_survives_every_kill(url: DatabaseUrl, server: PostgresServer) -> None:
    """
    Senders store webhooks, and buyers place orders, while the server is killed again and again.

    Each tries until it is told that it is done, as the world does. At the end everything is there, and once: one row
    and one living job for each webhook, one order of the first version with its one job.
    """
    storage = SqlStorage.over(PostgresDatabase(url, pool_size=6), PayloadSealer(MasterKeys({"k1": bytes(32)})))
    acknowledged: dict[str, set[int]] = {"webhooks": set(), "orders": set()}
    is_over = asyncio.Event()

    async def send(sender: int) -> None:
        """Store one webhook after the other."""
        number = sender
        while not is_over.is_set():
            try:
                await storage.inbox.receive(a_webhook(b"%d" % number), now=PLACED_AT)
            except PortError:
                await pause(0.01)
                continue
            acknowledged["webhooks"].add(number)
            number += SENDERS

    async def buy(buyer: int) -> None:
        """Place one order after the other."""
        number = buyer
        while not is_over.is_set():
            order = placed(f"o{number}")
            change = attrs.evolve(a_change(order), jobs=(a_job(order.id, order_id=order.id),))
            try:
                await storage.store.commit(change)
            except PortError:
                await pause(0.01)
                continue
            except StaleOrder:
                pass  # it was written by a try that nobody heard of
            acknowledged["orders"].add(number)
            number += SENDERS

    tasks = [asyncio.create_task(one(n)) for n in range(SENDERS) for one in (send, buy)]
    for _ in range(KILLS):
        goals = {kind: len(done) + 50 for kind, done in acknowledged.items()}
        await eventually(partial(has_reached, acknowledged, goals), "work is done")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    is_over.set()
    await asyncio.gather(*tasks)

    await check(storage, acknowledged)
    await storage.database.close()


def has_reached(acknowledged: dict[str, set[int]], goals: dict[str, int]) -> bool:
    """Whether enough of each kind was acknowledged."""
    return all(len(acknowledged[kind]) >= goal for kind, goal in goals.items())


async def check(storage: SqlStorage, acknowledged: dict[str, set[int]]) -> None:
    """Everything is there, and nothing twice."""

    def count(question: str) -> set[tuple[object, ...]]:
        """The rows of an answer."""
        return {tuple(row) for row in found[question]}

    questions = {
        "webhooks": "SELECT id, dedupe_key FROM webhook_logs",
        "their jobs": "SELECT ref, count(*) FROM jobs WHERE name = 'nowpayments.ipn' GROUP BY ref",
        "orders": "SELECT id, version, event_count FROM orders",
        "their jobs too": "SELECT order_id, count(*) FROM jobs WHERE name = 'reserve' GROUP BY order_id",
    }
    found = await storage.database.read(
        lambda c: {name: c.execute(text(question)).all() for name, question in questions.items()}
    )
    kept = {a_webhook(b"%d" % number).dedupe_key for number in acknowledged["webhooks"]}
    # A try that raised may have come through, so there can be one more for each sender than was acknowledged.
    assert kept <= {row.dedupe_key for row in found["webhooks"]}
    assert len(found["webhooks"]) <= len(kept) + SENDERS
    assert {(str(row.id), 1) for row in found["webhooks"]} == count("their jobs")
    assert {f"o{number}" for number in acknowledged["orders"]} <= {row.id for row in found["orders"]}
    assert {(1, 1)} == {(row.version, row.event_count) for row in found["orders"]}
    assert {(row.id, 1) for row in found["orders"]} == count("their jobs too")
    for number in sorted(acknowledged["orders"])[:20]:
        await storage.store.get(OrderId(f"o{number}"))
