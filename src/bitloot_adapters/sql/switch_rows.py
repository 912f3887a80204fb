"""
The statements of the switches: one row for each pause in buying, and the row `buying` itself.

That row is what every claim of a purchase and every pause touch, so that on PostgreSQL too one waits for the other. It
also holds when a person last let buying go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, micros_or_none, moment, moment_or_none, storable
from bitloot_adapters.sql.finding_rows import keep_finding, settle_finding
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import SWITCHES
from bitloot_core.order.buying import Buying, Pause, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName

BUYING = "buying"
_RESUMED = "resumed"
_ALL = Statement(select(SWITCHES).order_by(SWITCHES.c.set_at, SWITCHES.c.name))
_HOLD = Statement(select(SWITCHES.c.name).where(SWITCHES.c.name == bindparam("name")).with_for_update())
_PAUSE = Statement(
    "INSERT INTO switches (name, value, set_by, reason, set_at, until) "
    "VALUES (:name, 'paused', :set_by, :reason, :set_at, :until) "
    "ON CONFLICT (name) DO UPDATE SET until = excluded.until RETURNING *"
)
_LIFT = Statement(
    "DELETE FROM switches WHERE name = :name AND set_at = :set_at "
    "AND (until = :until OR (until IS NULL AND CAST(:until AS BIGINT) IS NULL))"
)
_RESUME = Statement(
    "INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, :value, :by, :reason, :at) "
    "ON CONFLICT (name) DO UPDATE "
    "SET value = excluded.value, set_by = excluded.set_by, reason = excluded.reason, set_at = excluded.set_at"
)
# A purchase that is being worked on may have seen the pause already: the wake counter makes it look once more.
_HURRY = Statement(
    "UPDATE jobs SET due_at = CASE WHEN due_at > :now THEN CAST(:now AS BIGINT) ELSE due_at END, wake = wake + 1 "
    "WHERE name = :name AND status IN ('ready', 'running')"
)


def read_buying(connection: Connection) -> Buying:
    """What is known of the shop's buying."""
    rows = {row.name: row for row in _ALL.all(connection)}
    own = rows.pop(BUYING, None)
    return Buying(
        pauses=tuple(_pause(row) for row in rows.values()),
        resumed_at=None if own is None or own.value != _RESUMED else moment(own.set_at),
    )


def keep_pause(connection: Connection, pause: Pause, finding: Finding | None) -> Pause:
    """Keep a pause, or move on the end of the one that this holder has."""
    _HOLD.first(connection, {"name": BUYING})
    if finding is not None:
        keep_finding(connection, finding)
    values = {
        "name": str(pause.holder),
        "set_by": storable(pause.by),
        "reason": storable(pause.reason),
        "set_at": micros(pause.since),
        "until": micros_or_none(pause.until),
    }
    return _pause(_PAUSE.first(connection, values))


def lift_pauses(connection: Connection, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
    """Take away those pauses that are still as they were read."""
    _hurry(connection, at)
    _HOLD.first(connection, {"name": BUYING})
    for pause in pauses:
        _lift(connection, pause, by=by, how="buying goes on", at=at)


def resume_buying(connection: Connection, *, by: str, reason: str, at: datetime) -> tuple[Pause, ...]:
    """Take all pauses away, and note that a person did."""
    _hurry(connection, at)
    who, why = storable(by), storable(reason)
    _RESUME.change(connection, {"name": BUYING, "value": _RESUMED, "by": who, "reason": why, "at": micros(at)})
    pauses = read_buying(connection).pauses
    for pause in pauses:
        _lift(connection, pause, by=who, how=why, at=at)
    return pauses


def _lift(connection: Connection, pause: Pause, *, by: str, how: str, at: datetime) -> None:
    values = {"name": str(pause.holder), "set_at": micros(pause.since), "until": micros_or_none(pause.until)}
    if _LIFT.change(connection, values):
        settle_finding(connection, FindingReason.BUYING_PAUSED, pause.holder, at=micros(at), by=by, how=how)


def _hurry(connection: Connection, at: datetime) -> None:
    """
    Let what waits be looked at again, now.

    Before the row `buying` is held: whoever claims a purchase holds a job of these, and then waits for that row.
    """
    _HURRY.change(connection, {"name": str(JobName.RESERVE), "now": micros(at)})


def _pause(row: Any) -> Pause:
    return Pause(
        holder=PauseHolder(row.name),
        by=row.set_by,
        reason=row.reason,
        since=moment(row.set_at),
        until=moment_or_none(row.until),
    )
