"""
How webhooks come into a PostgreSQL: rows and jobs of a whole batch in one statement, since each is a way to the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.job_rows import ON_LIVING
from bitloot_adapters.sql.statements import Statement
from bitloot_core.ports.inbox import Source

_TYPES = {
    "source": "text",
    "dedupe_key": "text",
    "type": "text",
    "external_id": "text",
    "scheme": "text",
    "headers": "text",
    "sealed": "bytea",
    "worth_processing": "bigint",
    "status": "text",
    "received_at": "bigint",
    "last_seen_at": "bigint",
    "deliveries": "bigint",
}
"""The columns of a row, in its order."""
_NAMES = ", ".join(_TYPES)
_GIVEN = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _TYPES.items())
_JOB = " ".join(f"WHEN '{source}' THEN '{source.job}'" for source in Source)
# In the order of their names: two processes that store the same webhooks wait for each other, and not both at once.
_STORE = Statement(
    f"WITH logs AS (INSERT INTO webhook_logs ({_NAMES}) "  # noqa: S608 - our own names
    f"SELECT {_NAMES} FROM unnest({_GIVEN}) AS given ({_NAMES}) ORDER BY dedupe_key, source "
    "ON CONFLICT (source, dedupe_key) DO UPDATE SET deliveries = webhook_logs.deliveries + excluded.deliveries, "
    "last_seen_at = excluded.last_seen_at "
    "RETURNING id, source, dedupe_key, status, deliveries, order_id, last_seen_at), "
    "asked AS (INSERT INTO jobs (name, ref, order_id, status, due_at, created_at) "
    f"SELECT CASE source {_JOB} END, CAST(id AS text), order_id, 'ready', last_seen_at, last_seen_at FROM logs "
    f"WHERE status NOT IN ('processed', 'ignored') {ON_LIVING} RETURNING id, ref) "
    "SELECT logs.id, source, dedupe_key, deliveries, asked.id AS job_id "
    "FROM logs LEFT JOIN asked ON asked.ref = CAST(logs.id AS text)"
)


def store_at_once(connection: Connection, rows: Iterable[tuple[object, ...]]) -> list[Any]:
    """
    Store rows of webhooks, each of another name, and ask for the jobs of those that are not over.

    Args:
        rows: their values, in the order of the columns.

    Returns:
        Of each row, in any order: its id, source, dedupe key, deliveries, and the id of its job, if it has one.
    """
    return _STORE.all(connection, dict(zip(_TYPES, zip(*rows, strict=True), strict=True)))
