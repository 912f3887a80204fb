"""
The statements of the findings: those of an order, which come and go with its state, and those about no order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.mapping import dump_finding
from bitloot_adapters.sql.tables import FINDINGS
from bitloot_core.order.findings import Finding, FindingReason

_SAME = (
    select(FINDINGS.c.id)
    .where(
        FINDINGS.c.order_id.is_not_distinct_from(bindparam("of")),
        FINDINGS.c.reason == bindparam("why"),
        FINDINGS.c.subject == bindparam("what"),
        FINDINGS.c.resolved_at.is_(None),
    )
    .limit(1)
)
_KEEP = text(
    "INSERT INTO findings (id, order_id, position, reason, subject, state, opened_at) "
    "VALUES (:id, :order_id, :position, :reason, :subject, :state, :opened_at) ON CONFLICT DO NOTHING"
)
_PLACE = text(
    "INSERT INTO findings (id, order_id, position, reason, subject, state, opened_at) "
    "VALUES (:id, :order_id, :position, :reason, :subject, :state, :opened_at) "
    "ON CONFLICT (id) DO UPDATE SET position = excluded.position, reason = excluded.reason, "
    "subject = excluded.subject, state = excluded.state"
)
_RESOLVE = (
    update(FINDINGS)
    .where(FINDINGS.c.id == bindparam("which"), FINDINGS.c.resolved_at.is_(None))
    .values(resolved_at=bindparam("at"), resolved_by=bindparam("who"), resolution=bindparam("why"), position=None)
)
_SETTLE = text(
    "UPDATE findings SET resolved_at = :at, resolved_by = :who, resolution = :how "
    "WHERE order_id IS NULL AND reason = :why AND subject = :what AND resolved_at IS NULL"
)


def keep_finding(connection: Connection, finding: Finding) -> None:
    """Open a finding that is no part of an order, unless the same reason on the same subject is open already."""
    same = {"of": finding.order_id, "why": str(finding.reason), "what": finding.subject}
    if connection.execute(_SAME, same).first() is None:
        connection.execute(_KEEP, _row(finding, None))


def place_finding(connection: Connection, finding: Finding, position: int | None) -> None:
    """Write an order's finding: where it stands among the open ones, or without a place if it is settled already."""
    connection.execute(_PLACE, _row(finding, position))


def resolve_finding(connection: Connection, finding_id: str, *, at: datetime, by: str | None, why: str | None) -> bool:
    """Note who settled a finding; False if it is settled already, or if nobody opened it: it is left alone then."""
    return bool(connection.execute(_RESOLVE, {"which": finding_id, "at": micros(at), "who": by, "why": why}).rowcount)


def settle_finding(connection: Connection, reason: FindingReason, subject: str, *, at: int, by: str, how: str) -> None:
    """Note that what a finding about no order was for has passed; one that nobody opened is left alone."""
    connection.execute(_SETTLE, {"why": str(reason), "what": subject, "at": at, "who": by, "how": how})


def _row(finding: Finding, position: int | None) -> dict[str, object]:
    return {
        "id": finding.id,
        "order_id": finding.order_id,
        "position": position,
        "reason": str(finding.reason),
        "subject": finding.subject,
        "state": dump_finding(finding),
        "opened_at": micros(finding.opened_at),
    }
