"""
Everything about one order, read on one state of the database.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Select, String, case, cast, func, select
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import moment, moment_or_none
from bitloot_adapters.sql.job_rows import LIVING
from bitloot_adapters.sql.mapping import event_fields, load_finding
from bitloot_adapters.sql.order_rows import events_of, get_order
from bitloot_adapters.sql.tables import FINDINGS, JOBS, LEDGER, WEBHOOK_LOGS
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.timeline import describe
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.queries import Dossier, FindingRow, JobRow, TimelineRow, WebhookRow
from bitloot_core.values.ids import JobId, OrderId, WebhookId

_JOB_NAME = case({str(source): str(source.job) for source in Source}, value=WEBHOOK_LOGS.c.source)
# Those of the living job; the attempts of jobs that ended are counted into the webhook's own row.
_LIVING_ATTEMPTS = (
    select(JOBS.c.attempts)
    .where(JOBS.c.name == _JOB_NAME, JOBS.c.ref == cast(WEBHOOK_LOGS.c.id, String), LIVING)
    .scalar_subquery()
)
_LISTED = [column for column in WEBHOOK_LOGS.columns if column.name not in {"sealed", "headers", "attempts"}]


def webhook_rows() -> Select[Any]:
    """All webhooks without their bodies; to be narrowed."""
    return select(*_LISTED, (WEBHOOK_LOGS.c.attempts + func.coalesce(_LIVING_ATTEMPTS, 0)).label("attempts"))


def webhook_row(row: Row[Any]) -> WebhookRow:
    """A webhook as a list shows it."""
    return WebhookRow(
        id=WebhookId(row.id),
        source=row.source,
        type=row.type,
        external_id=row.external_id,
        status=row.status,
        deliveries=row.deliveries,
        attempts=row.attempts,
        order_id=None if row.order_id is None else OrderId(row.order_id),
        result=row.result,
        received_at=moment(row.received_at),
        processed_at=moment_or_none(row.processed_at),
    )


def read_dossier(connection: Connection, order_id: OrderId) -> Dossier:
    """
    Read everything about one order.

    Raises:
        NotFound: there is none.
    """
    return Dossier(
        order=get_order(connection, order_id),
        timeline=tuple(_timeline_row(number, event) for number, event in events_of(connection, order_id)),
        ledger=ledger_of(connection, order_id),
        jobs=_jobs(connection, order_id),
        findings=_findings(connection, order_id),
        webhooks=_webhooks(connection, order_id),
    )


def _timeline_row(number: int, event: OrderEvent) -> TimelineRow:
    told = describe(event)
    return TimelineRow(
        number=number,
        at=event.at,
        event=type(event).__name__,
        text=told.text,
        public_text=told.public_text,
        data=event_fields(event),
    )


def ledger_of(connection: Connection, order_id: OrderId) -> tuple[LedgerEntry, ...]:
    """The money that was seen to move for an order, oldest first."""
    rows = connection.execute(select(LEDGER).where(LEDGER.c.order_id == order_id).order_by(LEDGER.c.id))
    return tuple(
        LedgerEntry(
            order_id=order_id,
            kind=LedgerKind(row.kind),
            external_id=row.external_id,
            amount=Decimal(row.amount),
            currency=row.currency,
            at=moment(row.at),
        )
        for row in rows
    )


def _jobs(connection: Connection, order_id: OrderId) -> tuple[JobRow, ...]:
    rows = connection.execute(select(JOBS).where(JOBS.c.order_id == order_id).order_by(JOBS.c.id))
    return tuple(map(job_row, rows))


def finding_row(row: Row[Any]) -> FindingRow:
    """A finding as a list shows it."""
    return FindingRow(
        finding=load_finding(row.state),
        resolved_at=moment_or_none(row.resolved_at),
        resolved_by=row.resolved_by,
        resolution=row.resolution,
    )


def job_row(row: Row[Any]) -> JobRow:
    """A job as a list shows it."""
    return JobRow(
        id=JobId(row.id),
        name=row.name,
        ref=row.ref,
        order_id=None if row.order_id is None else OrderId(row.order_id),
        status=row.status,
        attempts=row.attempts,
        due_at=moment(row.due_at),
        last_error=row.last_error,
        created_at=moment(row.created_at),
    )


def _findings(connection: Connection, order_id: OrderId) -> tuple[FindingRow, ...]:
    columns = FINDINGS.c
    rows = connection.execute(
        select(FINDINGS).where(columns.order_id == order_id).order_by(columns.opened_at, columns.id)
    )
    return tuple(map(finding_row, rows))


def _webhooks(connection: Connection, order_id: OrderId) -> tuple[WebhookRow, ...]:
    columns = WEBHOOK_LOGS.c
    rows = webhook_rows().where(columns.order_id == order_id).order_by(columns.received_at, columns.id)
    return tuple(webhook_row(row) for row in connection.execute(rows))
