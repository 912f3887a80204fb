"""
The statements of the inbox. Those that take webhooks in are written by hand: they are the busiest of all.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
from sqlalchemy import bindparam, select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import micros, storable
from bitloot_adapters.sql.inbox_postgres import store_at_once
from bitloot_adapters.sql.job_rows import ON_LIVING, ask
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import WEBHOOK_LOGS
from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.inbox import Received, Source, VerifiedWebhook
from bitloot_core.values.errors import NotFound, Refused
from bitloot_core.values.ids import JobId, OrderId, WebhookId

LONGEST_TYPE = 64
LONGEST_EXTERNAL_ID = 128
OVER = frozenset({"processed", "ignored"})
"""Webhooks in these states need no job when they are delivered once more."""
_HEADERS = msgspec.json.Encoder()
_LOGS_HEAD = (
    "INSERT INTO webhook_logs (source, dedupe_key, type, external_id, scheme, headers, sealed, worth_processing, "
    "status, deliveries, received_at, last_seen_at)"
)
_LOGS_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOGS_TAIL = (
    "ON CONFLICT (source, dedupe_key) DO UPDATE SET deliveries = webhook_logs.deliveries + excluded.deliveries, "
    "last_seen_at = excluded.last_seen_at RETURNING id, source, dedupe_key, status, deliveries, order_id"
)
_JOBS_HEAD = "INSERT INTO jobs (name, ref, order_id, status, due_at, created_at)"
_JOBS_ROW = "(?, ?, ?, 'ready', ?, ?)"
_JOBS_TAIL = f"{ON_LIVING} RETURNING id, ref"
_GET = Statement(select(WEBHOOK_LOGS).where(WEBHOOK_LOGS.c.id == bindparam("id")))
_PRUNE = text(
    "UPDATE webhook_logs SET sealed = NULL WHERE id IN "
    "(SELECT id FROM webhook_logs WHERE sealed IS NOT NULL AND received_at < :before ORDER BY received_at LIMIT :most)"
)


@attrs.frozen(kw_only=True)
class Sealed:
    """
    A webhook as it is to be stored; its body is sealed already.

    Attributes:
        at: when it arrived, in microseconds.
        deliveries: how often it arrived in this batch.
    """

    source: Source
    dedupe_key: str
    type: str
    external_id: str | None
    scheme: str
    headers: str
    body: bytes = attrs.field(repr=False)
    worth_processing: bool
    at: int
    deliveries: int = 1

    @classmethod
    def of(cls, webhook: VerifiedWebhook, body: bytes, *, now: datetime) -> Sealed:
        """Make a webhook's words fit for every database; `body` is its sealed body."""
        headers = {storable(name): storable(value) for name, value in webhook.headers.items()}
        return cls(
            source=webhook.source,
            dedupe_key=webhook.dedupe_key,
            type=storable(webhook.type, most=LONGEST_TYPE),
            external_id=None
            if webhook.external_id is None
            else storable(webhook.external_id, most=LONGEST_EXTERNAL_ID),
            scheme=webhook.scheme,
            headers=_HEADERS.encode(headers).decode(),
            body=body,
            worth_processing=webhook.worth_processing,
            at=micros(now),
        )

    @property
    def name(self) -> tuple[str, str]:
        """What equal deliveries share."""
        return (str(self.source), self.dedupe_key)


def store_all(connection: Connection, batch: Sequence[Sealed]) -> list[Received]:
    """Store webhooks with their jobs, two statements for all of them; the answers are in the order of the batch."""
    merged = _merged(batch)
    rows = [_log_row(one) for one in merged.values()]
    if connection.dialect.name == "postgresql":
        logs = store_at_once(connection, rows)
        jobs = {row.id: JobId(row.job_id) for row in logs if row.job_id is not None}
    else:
        logs = _insert(connection, _LOGS_HEAD, _LOGS_ROW, _LOGS_TAIL, rows)
        jobs = _ask_all(connection, [row for row in logs if row.status not in OVER], merged)
    stored = {(row.source, row.dedupe_key): row for row in logs}
    answers: list[Received] = []
    fresh = {name for name, row in stored.items() if row.deliveries == merged[name].deliveries}
    for one in batch:
        row = stored[one.name]
        answers.append(Received(id=WebhookId(row.id), duplicate=one.name not in fresh, job_id=jobs.get(row.id)))
        # The first of its name in this batch was the new one, if any was.
        fresh.discard(one.name)
    return answers


def get_webhook(connection: Connection, webhook_id: WebhookId) -> Any:
    """
    The row of a webhook.

    Raises:
        NotFound: there is none.
    """
    row = _GET.first(connection, {"id": webhook_id})
    if row is None:
        raise NotFound("webhook", str(webhook_id))
    return row


def replay(connection: Connection, webhook_id: WebhookId, *, now: datetime) -> JobId:
    """
    Ask for a webhook's job again.

    Raises:
        NotFound: there is none.
        Refused: its body was pruned.
    """
    columns = WEBHOOK_LOGS.c
    row = connection.execute(
        select(columns.source, columns.order_id, columns.sealed.is_(None)).where(columns.id == webhook_id)
    ).first()
    if row is None:
        raise NotFound("webhook", str(webhook_id))
    source, order_id, is_pruned = row
    if is_pruned:
        raise Refused("body-pruned", "the body of this webhook is older than bodies are kept")
    request = JobRequest(
        name=Source(source).job,
        ref=str(webhook_id),
        order_id=None if order_id is None else OrderId(order_id),
        due_at=now,
    )
    return ask(connection, request, now=now).id


def prune_bodies(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove the bodies of webhooks that arrived before a time, so many at most; the number of those removed."""
    return connection.execute(_PRUNE, {"before": micros(before), "most": limit}).rowcount


def _merged(batch: Sequence[Sealed]) -> dict[tuple[str, str], Sealed]:
    merged: dict[tuple[str, str], Sealed] = {}
    for one in batch:
        known = merged.get(one.name)
        merged[one.name] = one if known is None else attrs.evolve(known, deliveries=known.deliveries + 1)
    return merged


@functools.cache
def _many(head: str, row: str, count: int, tail: str) -> str:
    """
    A statement over so many rows, as the driver takes it.

    As `text` each number of rows would be compiled and kept by SQLAlchemy: a megabyte for each, and twice the time.
    """
    return f"{head} VALUES {', '.join([row] * count)} {tail}"


def _insert(
    connection: Connection, head: str, row: str, tail: str, rows: Sequence[tuple[object, ...]]
) -> list[Row[Any]]:
    statement = _many(head, row, len(rows), tail)
    return list(connection.exec_driver_sql(statement, tuple(itertools.chain.from_iterable(rows))))


def _log_row(one: Sealed) -> tuple[object, ...]:
    return (
        str(one.source),
        one.dedupe_key,
        one.type,
        one.external_id,
        one.scheme,
        one.headers,
        one.body,
        int(one.worth_processing),
        "pending" if one.worth_processing else "ignored",
        one.deliveries,
        one.at,
        one.at,
    )


def _ask_all(
    connection: Connection, waiting: Sequence[Row[Any]], merged: Mapping[tuple[str, str], Sealed]
) -> dict[int, JobId]:
    """Make the jobs of these webhooks due, or wake them; the job of each webhook."""
    if not waiting:
        return {}
    rows = _insert(connection, _JOBS_HEAD, _JOBS_ROW, _JOBS_TAIL, [_job_row(row, merged) for row in waiting])
    return {int(row.ref): JobId(row.id) for row in rows}


def _job_row(row: Row[Any], merged: Mapping[tuple[str, str], Sealed]) -> tuple[object, ...]:
    at = merged[row.source, row.dedupe_key].at
    return (str(Source(row.source).job), str(row.id), row.order_id, at, at)
