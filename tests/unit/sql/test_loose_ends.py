"""A look for lost jobs costs as much in a shop of a million orders as in a small one."""

import re

import pytest
from sqlalchemy.engine import Connection

from bitloot_adapters.sql import loose_ends
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.statements import Statement


async def plan_of(database: SqliteDatabase, statement: Statement) -> str:
    """How SQLite goes about a statement."""
    sql = str(statement._source)  # noqa: SLF001 - the statement itself

    def explain(connection: Connection) -> str:
        """Ask for the plan."""
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(re.findall(r":(\w+)", sql), 1))
        return "\n".join(row.detail for row in rows)

    return await database.read(explain)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (loose_ends._OF_STATUS, "ix_orders_status"),  # noqa: SLF001 - the statement itself
        (loose_ends._OF_ENDED, "ix_orders_ended"),  # noqa: SLF001 - the statement itself
        (loose_ends._WEBHOOKS, "ix_webhook_logs_status"),  # noqa: SLF001 - the statement itself
    ],
)
async def test_each_page_is_read_off_an_index(database: SqliteDatabase, statement: Statement, index: str) -> None:
    """No table is gone through, and each job is found by its name."""
    plan = await plan_of(database, statement)

    assert f"USING INDEX {index} " in plan
    assert "USING INDEX uq_jobs_living " in plan
    assert not re.findall(r"SCAN (?!o$)\w+", plan, re.MULTILINE), "`o` is the page itself"
