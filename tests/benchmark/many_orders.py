"""Fills a PostgreSQL with a great many orders: copies of one that was really delivered, with other names and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

import asyncpg
import attrs

AT_ONCE = 10_000
APART = timedelta(seconds=30)
"""How long there is between two orders: a million of them take a year."""
_NAMES: Mapping[str, frozenset[str]] = {
    "orders": frozenset({"id", "email"}),
    "order_lines": frozenset({"order_id"}),
    "units": frozenset({"order_id", "unit_id", "supplier_key_id", "storage_ref"}),
    "payments": frozenset({"order_id", "gateway_id"}),
    "reservations": frozenset({"order_id", "external_ref", "supplier_order_id"}),
    "order_events": frozenset({"order_id"}),
    "ledger": frozenset({"order_id", "external_id"}),
    "links": frozenset({"id", "order_id"}),
    "jobs": frozenset({"order_id", "ref"}),
    "webhook_logs": frozenset({"order_id", "external_id", "dedupe_key"}),
}
"""The tables, in the order of their references, and the columns that are other in each copy."""
_CHOSEN: Mapping[str, str] = {
    "webhook_logs": "ORDER BY source, id LIMIT 5",
    "jobs": "AND status = 'done' ORDER BY id LIMIT 2",
}
"""Which rows are copied of what an order has more of: webhooks of both senders, and jobs that are done."""


@attrs.frozen
class Loader:
    """
    Copies the one order of a database.

    Attributes:
        connection: to that database.
    """

    connection: asyncpg.Connection

    async def prepare(self) -> None:
        """Set the model aside, so that what is copied does not grow."""
        first = await self.connection.fetchval("SELECT id FROM orders ORDER BY created_at DESC LIMIT 1")
        for table in _NAMES:
            key = "id" if table == "orders" else "order_id"
            await self.connection.execute(
                f"CREATE TEMP TABLE model_{table} AS SELECT * FROM {table} "  # noqa: S608
                f"WHERE {key} = '{first}' {_CHOSEN.get(table, '')}"
            )
        await self.connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")

    async def copy(self, first: int, count: int) -> None:
        """Make the copies number `first` and so many after it."""
        for table in _NAMES:
            columns = await self._columns(table)
            chosen = ", ".join(_copied(table, column) for column in columns)
            await self.connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608 - our own names
                f"SELECT {chosen} FROM model_{table}, generate_series($1::bigint, $2::bigint) AS n",
                first,
                first + count - 1,
                timeout=600,
            )

    async def finish(self) -> None:
        """What a database does by itself in time: know how much of what it holds."""
        await self.connection.execute("VACUUM ANALYZE", timeout=3600)

    async def _columns(self, table: str) -> list[str]:
        rows = await self.connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public' "
            "AND is_identity = 'NO' AND coalesce(column_default, '') NOT LIKE 'nextval%' ORDER BY ordinal_position",
            table,
        )
        return [row["column_name"] for row in rows]


def portions(numbers: range) -> Iterator[tuple[int, int]]:
    """Cut a great many copies into portions: the first number and how many."""
    for first in numbers[::AT_ONCE]:
        yield first, min(AT_ONCE, numbers.stop - first)


def _copied(table: str, column: str) -> str:
    if column == "dedupe_key":
        # As long, and as far from any order, as a digest.
        return "md5(dedupe_key || n) || md5(n || dedupe_key)"
    if column in _NAMES[table]:
        return f"{column} || '-' || n"
    if column == "at" or column.endswith("_at"):
        return f"{column} - n * {APART // timedelta(microseconds=1)}"
    return column
