"""How PostgreSQL goes about what is asked all the time, and about the admin's lists, with many rows in the tables."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import Executable, Select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import job_rows
from bitloot_adapters.sql.backlog import job_page
from bitloot_adapters.sql.dossier import webhook_rows
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.order_rows import order_by_link
from bitloot_adapters.sql.pages import newest_first
from bitloot_adapters.sql.postgres import PostgresDatabase
from bitloot_adapters.sql.queries import UNDELIVERED
from bitloot_adapters.sql.tables import ORDERS, RESERVATIONS, WEBHOOK_LOGS
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.ports.backlog import JobFilter
from bitloot_core.ports.queries import Slice
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
       CASE WHEN n % 500 = 0 THEN 'failed' ELSE 'processed' END, 1, 'o' || n % 9000, n, n
  FROM generate_series(1, 40000) AS n;
INSERT INTO jobs (name, ref, order_id, status, due_at, lease_until, created_at, ended_at)
SELECT CASE WHEN n % 500 = 7 THEN 'expire' ELSE 'nowpayments.ipn' END, n,
       'o' || n % 9000, CASE n % 50 WHEN 0 THEN 'ready' WHEN 1 THEN 'running' ELSE 'done' END,
       n, CASE n % 50 WHEN 1 THEN n END, n, CASE WHEN n % 50 > 1 THEN n END FROM generate_series(1, 40000) AS n;
ANALYZE
"""


@pytest.fixture(scope="module")
def busy(postgres: PostgresServer) -> Iterator[str]:
    """A database of a shop that has run for a while."""
    with postgres.copy("bitloot_template") as name:
        yield postgres.url_of(name)


@pytest.fixture
async def database(busy: str) -> AsyncIterator[PostgresDatabase]:
    """It, open and filled."""
    opened = open_database(DatabaseUrl.parse(busy), pool_size=1)
    assert isinstance(opened, PostgresDatabase)
    if not await opened.read(lambda c: c.exec_driver_sql("SELECT 1 FROM orders LIMIT 1").first()):
        await opened.write(fill)
    yield opened
    await opened.close()


def fill(connection: Connection) -> None:
    """Put the rows in."""
    for statement in ROWS.split(";\n"):
        connection.exec_driver_sql(statement)


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


FEW = {"ix_orders_email", "ix_webhook_logs_order", "ix_webhook_logs_external"}
BOUGHT, HOOKS = RESERVATIONS.c, WEBHOOK_LOGS.c


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
        (webhook_rows(), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_received"),
        (ORDERS.select().where(UNDELIVERED), ORDERS.c.created_at, ORDERS.c.id, "ix_orders_undelivered"),
        (webhook_rows().where(HOOKS.source == "kinguin"), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_source"),
        (webhook_rows().where(HOOKS.status == "failed"), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_status"),
        (webhook_rows().where(HOOKS.type == "rare"), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_type"),
        (webhook_rows().where(HOOKS.order_id == "o1"), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_order"),
        (webhook_rows().where(HOOKS.external_id == "1"), HOOKS.received_at, HOOKS.id, "ix_webhook_logs_external"),
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
    assert "Sort" not in plan or index in FEW


@pytest.mark.parametrize("name", ["expire", "nothing"])
async def test_jobs_of_a_rare_name_are_read_off_an_index(database: PostgresDatabase, name: str) -> None:
    """A page of them costs as much with a million jobs of other names done as with none."""
    plan = await database.read(plan_of(job_page(JobFilter(name=name), Slice(limit=25))))

    assert "ix_jobs_done_name" in plan
    assert "Seq Scan" not in plan
    assert "pk_jobs" not in plan


async def test_a_list_is_planned_for_what_is_looked_for(database: PostgresDatabase) -> None:
    """However often a list was read, the next filter gets a plan of its own; a row by its key does not need one."""
    page = newest_first(webhook_rows().where(HOOKS.status == "failed"), Slice(limit=25), HOOKS.received_at, HOOKS.id)
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
