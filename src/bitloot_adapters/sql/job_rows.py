"""
The statements of the job table: a job is asked for, claimed under a lease, and ended only by who holds it.

The same text runs on SQLite (3.35 or newer) and on PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, assert_never

import attrs
from sqlalchemy import and_, bindparam, or_, select, text, update
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_adapters.sql.finding_rows import keep_finding
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import JOBS
from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.jobs import ClaimedJob, Dead, Done, JobOutcome, Lease, Retry, Snooze
from bitloot_core.values.errors import LeaseLost
from bitloot_core.values.ids import JobId, OrderId

LONGEST_ERROR = 1000
ON_LIVING = """
ON CONFLICT (name, ref) WHERE status IN ('ready', 'running') DO UPDATE
SET due_at = CASE WHEN excluded.due_at < jobs.due_at THEN excluded.due_at ELSE jobs.due_at END, wake = jobs.wake + 1
"""
"""Asking for a job that lives moves its due time forward and wakes it."""
LIVING = text("jobs.status IN ('ready', 'running')")
"""Which jobs live, as their partial indexes have it: with values in it, no database would know them again."""
_ASK = Statement(
    "INSERT INTO jobs (name, ref, order_id, status, due_at, created_at) "
    "VALUES (:name, :ref, :order_id, 'ready', :due_at, :now)" + ON_LIVING + "RETURNING id, status, due_at"
)
# Several workers look at the same list. On PostgreSQL a row that another has in hand is passed over, not waited for.
_FREE = (
    select(JOBS.c.id)
    .where(
        JOBS.c.id == bindparam("which"),
        or_(
            and_(JOBS.c.status == "ready", JOBS.c.due_at <= bindparam("now")),
            and_(JOBS.c.status == "running", JOBS.c.lease_until <= bindparam("now")),
        ),
    )
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM = Statement(
    update(JOBS)
    .where(JOBS.c.id == _FREE)
    .values(
        status="running",
        lease_until=bindparam("until"),
        lease_token=bindparam("token"),
        attempts=JOBS.c.attempts + 1,
    )
    .returning(
        JOBS.c.name, JOBS.c.ref, JOBS.c.order_id, JOBS.c.attempts, JOBS.c.snoozes, JOBS.c.wake, JOBS.c.created_at
    )
)
# Two halves, each read off its own partial index: an OR would sort the whole backlog at every look. What is ready can
# be a million, so it is cut off before the two are put together; leases that ran out are few.
_DUE = text(
    "SELECT id, due_at FROM (SELECT id, due_at FROM jobs WHERE status = 'ready' AND due_at <= :now "
    "ORDER BY due_at, id LIMIT :most) AS free "
    "UNION ALL SELECT id, due_at FROM jobs WHERE status = 'running' AND lease_until <= :now "
    "ORDER BY due_at, id LIMIT :most"
).columns(JOBS.c.id, JOBS.c.due_at)
_LAPSED = Statement(
    "SELECT id FROM jobs WHERE status = 'running' AND lease_until <= :now ORDER BY due_at, id LIMIT :most"
)
_HELD = Statement(
    select(JOBS.c.id)
    .where(JOBS.c.id == bindparam("id"), JOBS.c.status == "running", JOBS.c.lease_token == bindparam("token"))
    .with_for_update()
)


def _end(*columns: str) -> Statement:
    return Statement(
        f"UPDATE jobs SET lease_token = NULL, lease_until = NULL, {', '.join(columns)} "  # noqa: S608 - our own text
        "WHERE id = :id AND status = 'running' AND lease_token = :token "
        "RETURNING name, ref, order_id, status, attempts, wake"
    )


# What woke the job while it ran makes it due again, however the run ended.
_DONE = _end(
    "status = CASE WHEN wake <> :wake THEN 'ready' ELSE 'done' END",
    "due_at = CASE WHEN wake <> :wake THEN :now ELSE due_at END",
    # It succeeded: what runs next is new work, with attempts of its own.
    "attempts = CASE WHEN wake <> :wake THEN 0 ELSE attempts END",
    "snoozes = CASE WHEN wake <> :wake THEN 0 ELSE snoozes END",
    "ended_at = CASE WHEN wake <> :wake THEN NULL ELSE :now END",
)
# PostgreSQL does not guess the type of a value from the column on the other side of a CASE.
_AGAIN = "due_at = CASE WHEN wake <> :wake THEN CAST(:now AS BIGINT) ELSE CAST(:then AS BIGINT) END"
_SNOOZE = _end("status = 'ready'", _AGAIN, "attempts = attempts - 1", "snoozes = snoozes + 1")
_RETRY = _end("status = 'ready'", _AGAIN, "last_error = :error")
_DEAD = _end("status = 'dead'", "last_error = :error", "ended_at = :now")
_COUNT = Statement("UPDATE webhook_logs SET attempts = attempts + :attempts WHERE id = :id")
_PRUNE = text(
    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE status = 'done' AND ended_at < :before LIMIT :most)"
)
_OF_WEBHOOKS = frozenset(str(source.job) for source in Source)


@attrs.frozen(kw_only=True)
class Touched:
    """A job that a write has touched, and whether a worker can take it at once."""

    id: JobId
    is_due: bool


def ask(connection: Connection, request: JobRequest, *, now: datetime) -> Touched:
    """Make a job, or bring the living one of that name forward and wake it."""
    return _ask(connection, str(request.name), request.ref, request.order_id, due_at=request.due_at, now=now)


def claim(connection: Connection, job_id: JobId, *, now: datetime, lease: timedelta, token: str) -> ClaimedJob | None:
    """Take a job that is due and free; counts an attempt."""
    until = now + lease
    parameters = {"which": job_id, "now": micros(now), "until": micros(until), "token": token}
    row = _CLAIM.first(connection, parameters)
    if row is None:
        return None
    return ClaimedJob(
        lease=Lease(job_id=job_id, token=token, wake=row.wake, until=until),
        name=row.name,
        ref=row.ref,
        order_id=None if row.order_id is None else OrderId(row.order_id),
        attempts=row.attempts,
        snoozes=row.snoozes,
        created_at=moment(row.created_at),
    )


def due(connection: Connection, *, now: datetime, limit: int) -> tuple[JobId, ...]:
    """The jobs that could be claimed, those due longest first."""
    return tuple(JobId(row.id) for row in connection.execute(_DUE, {"now": micros(now), "most": limit}))


def lapsed(connection: Connection, *, now: datetime, limit: int) -> tuple[JobId, ...]:
    """The jobs that could be claimed although somebody had them, those due longest first."""
    return tuple(JobId(row.id) for row in _LAPSED.all(connection, {"now": micros(now), "most": limit}))


def assert_held(connection: Connection, lease: Lease) -> None:
    """
    Hold the job for the rest of the transaction. A lease that ran out is good until somebody else has claimed the job.

    Raises:
        LeaseLost: somebody has, or the job has ended.
    """
    if _HELD.first(connection, {"id": lease.job_id, "token": lease.token}) is None:
        raise LeaseLost(lease.job_id)


def end(connection: Connection, outcome: JobOutcome, *, now: datetime) -> Touched:
    """
    End a claimed job.

    Raises:
        LeaseLost: it is not ours any more.
    """
    row = _end_row(connection, outcome, micros(now))
    if row is None:
        raise LeaseLost(outcome.lease.job_id)
    if row.status in {"done", "dead"} and row.name in _OF_WEBHOOKS and row.ref.isdecimal():
        _COUNT.change(connection, {"attempts": row.attempts, "id": int(row.ref)})
    woken = row.wake != outcome.lease.wake
    if isinstance(outcome.end, Dead):
        if outcome.end.finding is not None:
            keep_finding(connection, outcome.end.finding)
        if woken:
            # What woke a job that was then given up is new work.
            return _ask(connection, row.name, row.ref, row.order_id, due_at=now, now=now)
    return Touched(id=outcome.lease.job_id, is_due=woken or _is_due(outcome, now))


def prune_done(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove jobs that were done before a time, so many at most; the number of those removed."""
    return connection.execute(_PRUNE, {"before": micros(before), "most": limit}).rowcount


def _ask(
    connection: Connection, name: str, ref: str, order_id: str | None, *, due_at: datetime, now: datetime
) -> Touched:
    parameters = {"name": name, "ref": ref, "order_id": order_id, "due_at": micros(due_at), "now": micros(now)}
    row = _ASK.first(connection, parameters)
    return Touched(id=JobId(row.id), is_due=row.status == "ready" and row.due_at <= parameters["now"])


def _is_due(outcome: JobOutcome, now: datetime) -> bool:
    match outcome.end:
        case Snooze(until=then) | Retry(at=then):
            return then <= now
        case _:
            return False


def _end_row(connection: Connection, outcome: JobOutcome, now: int) -> Any | None:
    lease = outcome.lease
    held = {"id": lease.job_id, "token": lease.token}
    again = held | {"wake": lease.wake, "now": now}
    match outcome.end:
        case Done():
            return _DONE.first(connection, again)
        case Snooze(until=until):
            return _SNOOZE.first(connection, again | {"then": micros(until)})
        case Retry(at=at, error=error):
            return _RETRY.first(connection, again | {"then": micros(at), "error": storable(error, most=LONGEST_ERROR)})
        case Dead(error=error):
            told = storable(error, most=LONGEST_ERROR)
            return _DEAD.first(connection, held | {"now": now, "error": told})
        case never:
            assert_never(never)
