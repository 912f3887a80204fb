"""
The statements of the inbox. Those that take webhooks in are written by hand: they are the busiest of all.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

import attrs
import msgspec
from sqlalchemy import bindparam, select, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.act_rows import add_acts
from bitloot_adapters.sql.columns import micros, storable
from bitloot_adapters.sql.inbox_postgres import store_at_once
from bitloot_adapters.sql.job_rows import ON_LIVING, ask
from bitloot_adapters.sql.statements import Statement, fetch
from bitloot_adapters.sql.tables import WEBHOOK_LOGS
from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.acts import StaffAct
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
    "status, received_at, last_seen_at, deliveries)"
)
_LOGS_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOGS_TAIL = (
    "ON CONFLICT (source, dedupe_key) DO UPDATE SET deliveries = webhook_logs.deliveries + excluded.deliveries, "
    "last_seen_at = excluded.last_seen_at RETURNING id, source, dedupe_key, status, deliveries, order_id"
)
_JOBS_HEAD = "INSERT INTO jobs (name, ref, order_id, status, due_at, created_at)"
_JOBS_ROW = "(?, ?, ?, 'ready', ?, ?)"
_JOBS_TAIL = f"{ON_LIVING} RETURNING ref, id"
_JOB_NAMES = {str(source): str(source.job) for source in Source}
_GET = Statement(select(WEBHOOK_LOGS).where(WEBHOOK_LOGS.c.id == bindparam("id")))
_PRUNE = text(
    "UPDATE webhook_logs SET sealed = NULL WHERE id IN "
    "(SELECT id FROM webhook_logs WHERE sealed IS NOT NULL AND received_at < :before ORDER BY received_at LIMIT :most)"
)


Name: TypeAlias = tuple[str, str]
"""What equal deliveries share: source and dedupe key."""


@attrs.frozen
class Arrival:
    """
    A webhook on its way into its row: what the row takes is worked out while nobody waits for the database.

    Attributes:
        name: what equal deliveries share.
        columns: the values of its row except `deliveries`, which is the last; its body is sealed already.
    """

    name: Name
    columns: tuple[object, ...] = attrs.field(repr=False)

    @classmethod
    def of(cls, webhook: VerifiedWebhook, sealed: bytes, *, now: datetime) -> Arrival:
        """Make a webhook's words fit for every database; `sealed` is its sealed body."""
        name = (str(webhook.source), webhook.dedupe_key)
        at = micros(now)
        external_id = webhook.external_id
        columns = (
            *name,
            storable(webhook.type, most=LONGEST_TYPE),
            None if external_id is None else storable(external_id, most=LONGEST_EXTERNAL_ID),
            webhook.scheme,
            _HEADERS.encode({storable(key): storable(value) for key, value in webhook.headers.items()}).decode(),
            sealed,
            int(webhook.worth_processing),
            "pending" if webhook.worth_processing else "ignored",
            at,
            at,
        )
        return cls(name, columns)


def store_all(connection: Connection, batch: Sequence[Arrival]) -> list[Received]:
    """Store webhooks with their jobs, a statement or two for all of them; the answers are in the order of the batch."""
    arrived = {one.name: one for one in batch}
    equal = dict.fromkeys(arrived, 1) if len(arrived) == len(batch) else Counter(one.name for one in batch)
    rows = [(*one.columns, equal[name]) for name, one in arrived.items()]
    store = store_at_once if connection.dialect.name == "postgresql" else _store_in_two
    stored, fresh = {}, set()
    for webhook_id, source, dedupe_key, deliveries, job_id in store(connection, rows):
        name = (source, dedupe_key)
        stored[name] = (WebhookId(webhook_id), None if job_id is None else JobId(job_id))
        if deliveries == equal[name]:
            fresh.add(name)
    answers = []
    for one in batch:
        webhook_id, job_id = stored[one.name]
        answers.append(Received(id=webhook_id, duplicate=one.name not in fresh, job_id=job_id))
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


def replay(connection: Connection, webhook_id: WebhookId, *, now: datetime, act: StaffAct | None) -> JobId:
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
    if act is not None:
        add_acts(connection, (act,))
    return ask(connection, request, now=now).id


def prune_bodies(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove the bodies of webhooks that arrived before a time, so many at most; the number of those removed."""
    return connection.execute(_PRUNE, {"before": micros(before), "most": limit}).rowcount


def _store_in_two(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Store rows of webhooks, then ask for the jobs of those that are not over; see `store_at_once`."""
    logs = _insert(connection, _LOGS_HEAD, _LOGS_ROW, _LOGS_TAIL, rows)
    times = {row[:2]: row[-2] for row in rows}
    due = []
    for webhook_id, source, dedupe_key, status, _, order_id in logs:
        if status not in OVER:
            at = times[source, dedupe_key]
            due.append((_JOB_NAMES[source], str(webhook_id), order_id, at, at))
    jobs = dict(_insert(connection, _JOBS_HEAD, _JOBS_ROW, _JOBS_TAIL, due)) if due else {}
    return [
        (webhook_id, source, dedupe_key, deliveries, jobs.get(str(webhook_id)))
        for webhook_id, source, dedupe_key, _, deliveries, _ in logs
    ]


@functools.cache
def _many(head: str, row: str, count: int, tail: str) -> str:
    """
    A statement over so many rows, as the driver takes it.

    As `text` each number of rows would be compiled and kept by SQLAlchemy: a megabyte for each, and twice the time.
    """
    return f"{head} VALUES {', '.join([row] * count)} {tail}"


def _insert(
    connection: Connection, head: str, row: str, tail: str, rows: Sequence[tuple[object, ...]]
) -> list[tuple[Any, ...]]:
    return fetch(connection, _many(head, row, len(rows), tail), tuple(itertools.chain.from_iterable(rows)))
