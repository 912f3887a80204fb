"""How PostgreSQL goes about what is asked all the time, and about the admin's lists, with many rows in the tables."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import attrs
import pytest
from sqlalchemy import Executable, Select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import job_rows
from bitloot_adapters.sql.backlog import job_page
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.order_rows import order_by_link
from bitloot_adapters.sql.pages import newest_first
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.queries import UNDELIVERED
from bitloot_adapters.sql.tables import ORDERS, RESERVATIONS
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_adapters.sql.webhook_pages import webhook_page
from bitloot_core.ports.backlog import JobFilter
from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.values.ids import LinkId
from harness.postgres_server import PostgresServer

# As in a shop that has run for a while: nearly all is over, and what is not is rare.
ROWS = """
INSERT INTO orders
SELECT 'o' || n, CASE WHEN n % 100 = 0 THEN 'paid' ELSE 'fulfilled' END, 'a' || n % 2000 || '@example.com',
       1, 'EUR', 1, CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, 1, 1, n, n, '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO reservations
SELECT 'o' || n, 1, 0, 'o' || n || '-1', 1, CASE WHEN n % 100 = 0 THEN 'placed' ELSE 'completed' END, 's' || n, NULL,
       1, 'EUR', n, n, '{}' FROM generate_series(1, 20000) AS n;
INSERT INTO webhook_logs (source, dedupe_key, type, external_id, scheme, headers, worth_processing, status, deliveries,
                          order_id, received_at, last_seen_at)
SELECT CASE n % 200 WHEN 0 THEN 'kinguin' ELSE 'nowpayments' END, 'd' || n, 't' || n % 7, 'e' || n, 'hmac', '{}', 1,
       CASE n % 500 WHEN 0 THEN 'failed' WHEN 1 THEN 'ignored' WHEN 2 THEN 'pending' ELSE 'processed' END,
       1, 'o' || n % 9000, n, n
  FROM generate_series(1, 40000) AS n;
INSERT INTO jobs (name, ref, order_id, status, due_at, lease_until, created_at, ended_at)
SELECT CASE WHEN n % 500 = 7 THEN 'expire' ELSE 'nowpayments.ipn' END, n,
       'o' || n % 9000, CASE n % 50 WHEN 0 THEN 'ready' WHEN 1 THEN 'running' ELSE 'done' END,
       n, CASE n % 50 WHEN 1 THEN n END, n, CASE WHEN n % 50 > 1 THEN n END FROM generate_series(1, 40000) AS n;
"""


@pytest.fixture(scope="module")
def busy(postgres: PostgresServer) -> Iterator[str]:
    """A database of a shop that has run for a while."""
    with postgres.copy("bitloot_template") as name:
        postgres.execute(name, ROWS)
        # At once, or plans would depend on how far the server has come with it by itself.
        postgres.execute(name, "VACUUM ANALYZE")
        yield postgres.url_of(name)


@pytest.fixture
async def database(busy: str) -> AsyncIterator[PostgresDatabase]:
    """It, open."""
    opened = open_database(DatabaseUrl.parse(busy), pool_size=1)
    assert isinstance(opened, PostgresDatabase)
    yield opened
    await opened.close()


def plan_of(statement: Executable, **values: object) -> Any:
    """Work that tells how a statement is gone about, with the values in their places."""

    def explain(connection: Connection) -> str:
        """Ask."""
        compiled: Any = statement.compile(connection.engine)  # type: ignore[attr-defined]
        known = compiled.construct_params(values)
        in_order = tuple(known[name] for name in compiled.positiontup or ())
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {compiled}", in_order).scalars())

    return explain


async def test_due_jobs_are_read_off_indexes(database: PostgresDatabase) -> None:
    """A look for work costs as much with a million jobs done, or due, as with none."""
    plan = await database.read(plan_of(job_rows._DUE, now=10**6, most=10))  # noqa: SLF001 - the statement itself

    assert "using ix_jobs_ready" in plan
    assert "ix_jobs_running" in plan
    assert "Seq Scan" not in plan


BOUGHT = RESERVATIONS.c


@pytest.mark.parametrize(
    ("rows", "at", "name", "index"),
    [
        (ORDERS.select(), ORDERS.c.created_at, ORDERS.c.id, "ix_orders_created"),
        (ORDERS.select().where(ORDERS.c.status == "paid"), ORDERS.c.created_at, ORDERS.c.id, "ix_orders_status"),
        (ORDERS.select().where(ORDERS.c.email == "a7@x"), ORDERS.c.created_at, ORDERS.c.id, "ix_orders_email"),
        (RESERVATIONS.select(), BOUGHT.created_at, BOUGHT.external_ref, "ix_reservations_created"),
        (
            RESERVATIONS.select().where(BOUGHT.status == "placed"),
            BOUGHT.created_at,
            BOUGHT.external_ref,
            "ix_reservations_status",
        ),
        (ORDERS.select().where(UNDELIVERED), ORDERS.c.created_at, ORDERS.c.id, "ix_orders_undelivered"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_pages_are_read_off_indexes(
    database: PostgresDatabase, rows: Select[Any], at: Any, name: Any, index: str
) -> None:
    """The next page of each list, whatever its filter, is where an index goes on: nothing is gone through."""
    page = newest_first(rows, Slice(cursor=_cursor(), limit=25), at, name)

    plan = await database.read(plan_of(page))

    assert index in plan
    assert "Seq Scan" not in plan
    # The ten rows of a buyer may be sorted; those of a status are thousands.
    assert "Sort" not in plan or index == "ix_orders_email"


@pytest.mark.parametrize(
    ("which", "index", "names"),
    [
        (WebhookFilter(), "ix_webhook_logs_received", ()),
        (WebhookFilter(status="failed"), "ix_webhook_logs_status", ("status",)),
        (WebhookFilter(source="kinguin"), "ix_webhook_logs_source", ("source", "status")),
        (WebhookFilter(source="nowpayments", status="ignored"), "ix_webhook_logs_source", ("source", "status")),
        (WebhookFilter(type="rare"), "ix_webhook_logs_type", ("type", "source", "status")),
        (WebhookFilter(type="t1", source="kinguin"), "ix_webhook_logs_type", ("type", "source", "status")),
        (WebhookFilter(type="t1", status="ignored"), "ix_webhook_logs_type", ("type", "source", "status")),
        (WebhookFilter(type="t1", source="kinguin", status="failed"), "ix_webhook_logs_type", ()),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
async def test_webhooks_are_read_off_indexes(
    database: PostgresDatabase, which: WebhookFilter, index: str, names: tuple[str, ...]
) -> None:
    """Whatever is asked for together stands at the front of an index: no row is read only to be left out."""
    plan = await database.read(plan_of(webhook_page(which, Slice(cursor=_cursor(), limit=25))))

    runs = [line for line in plan.splitlines() if " using ix_webhook_logs" in line]
    assert runs
    assert all(f" using {index} " in line for line in runs), plan
    assert all(name in line for line in plan.splitlines() if "Index Cond: ((" in line for name in names), plan
    assert "Seq Scan" not in plan
    assert "Filter: " not in plan.replace("Filter: (name =", ""), "only the jobs of a webhook are told apart by name"


@pytest.mark.parametrize(
    ("few", "index"),
    [
        (WebhookFilter(order_id="o1"), "ix_webhook_logs_order"),
        (WebhookFilter(external_id="e1"), "ix_webhook_logs_external"),
    ],
    ids=["order", "external"],
)
async def test_few_webhooks_are_looked_up_by_what_is_rare(
    database: PostgresDatabase, few: WebhookFilter, index: str
) -> None:
    """The handful of an order is found as its handful, even where its sender and status were asked for, too."""
    which = attrs.evolve(few, source="nowpayments", type="t1", status="processed")

    plan = await database.read(plan_of(webhook_page(which, Slice(limit=25))))

    assert index in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("name", ["expire", "nothing"])
async def test_jobs_of_a_rare_name_are_read_off_an_index(database: PostgresDatabase, name: str) -> None:
    """A page of them costs as much with a million jobs of other names done as with none."""
    plan = await database.read(plan_of(job_page(JobFilter(name=name), Slice(limit=25))))

    assert "ix_jobs_done_name" in plan
    assert "Seq Scan" not in plan
    assert "pk_jobs" not in plan


async def test_a_list_is_planned_for_what_is_looked_for(database: PostgresDatabase) -> None:
    """However often a list was read, the next filter gets a plan of its own; a row by its key does not need one."""
    page = webhook_page(WebhookFilter(status="failed"), Slice(limit=25))
    for _ in range(10):
        await database.read(lambda connection: connection.execute(page).all())
        await database.look(lambda connection: order_by_link(connection, LinkId("x")))

    plans = (
        "SELECT sum(generic_plans) > 0 FROM pg_prepared_statements WHERE statement LIKE 'SELECT webhook_logs.%' "
        "UNION ALL SELECT sum(generic_plans) > 0 FROM pg_prepared_statements WHERE statement LIKE 'SELECT links.%'"
    )
    assert await database.read(lambda c: c.exec_driver_sql(plans).scalars().all()) == [False, True]


def _cursor() -> str:
    """A place late in a list: `99999999/1`."""
    return "OTk5OTk5OTkvMQ"
