"""
The statements of the switches: one row for each pause in buying, and the row `buying` itself.

That row is what every claim of a purchase and every pause touch, so that on PostgreSQL too one waits for the other. It
also says who last let buying go on, and why. A limit that a person lifted keeps its row, with the word `lifted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.act_rows import add_acts
from bitloot_adapters.sql.columns import digits, micros, micros_or_none, moment, moment_or_none, storable
from bitloot_adapters.sql.finding_rows import keep_finding, settle_finding
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import SWITCHES
from bitloot_core.order.buying import LIMITS, Balance, Buying, Pause, PauseHolder
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.acts import StaffAct
from bitloot_core.values.money import Money

BUYING = "buying"
_PAUSED, _LIFTED, _RESUMED = "paused", "lifted", "resumed"
_SUPPLIER = "supplier"
_ALL = Statement(select(SWITCHES).order_by(SWITCHES.c.set_at, SWITCHES.c.name))
# Makes the row if it is not there: a lock on nothing would let everybody through.
_HOLD = Statement(
    "INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, 'on', 'system', '', 0) "
    "ON CONFLICT (name) DO UPDATE SET name = excluded.name"
)
_SHARE = Statement(select(SWITCHES.c.name).where(SWITCHES.c.name == bindparam("name")).with_for_update(read=True))
_PAUSE = Statement(
    "INSERT INTO switches (name, value, set_by, reason, set_at, until) "
    "VALUES (:name, 'paused', :set_by, :reason, :set_at, :until) "
    "ON CONFLICT (name) DO UPDATE SET value = 'paused', until = excluded.until, "
    "set_by = CASE switches.value WHEN 'paused' THEN switches.set_by ELSE excluded.set_by END, "
    "reason = CASE switches.value WHEN 'paused' THEN switches.reason ELSE excluded.reason END, "
    "set_at = CASE switches.value WHEN 'paused' THEN switches.set_at ELSE excluded.set_at END RETURNING *"
)
_LIFT = Statement(
    "DELETE FROM switches WHERE name = :name AND value = 'paused' AND set_at = :set_at "
    "AND (until = :until OR (until IS NULL AND CAST(:until AS BIGINT) IS NULL))"
)
_SET = Statement(
    "INSERT INTO switches (name, value, set_by, reason, set_at) VALUES (:name, :value, :by, :reason, :at) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, reason = excluded.reason, "
    "set_at = excluded.set_at, until = NULL"
)
_BALANCE = Statement("SELECT amount, currency, at FROM balances WHERE name = :name")
_NOTE = Statement(
    "INSERT INTO balances (name, amount, currency, at) VALUES (:name, :amount, :currency, :at) "
    "ON CONFLICT (name) DO UPDATE SET amount = excluded.amount, currency = excluded.currency, at = excluded.at "
    "WHERE balances.at <= excluded.at"
)
# A purchase that is being worked on may have seen the pause already: the wake counter makes it look once more.
_HURRY = Statement(
    "UPDATE jobs SET due_at = CASE WHEN due_at > :now THEN CAST(:now AS BIGINT) ELSE due_at END, wake = wake + 1 "
    "WHERE name = :name AND status IN ('ready', 'running')"
)


def read_buying(connection: Connection) -> Buying:
    """What is known of the shop's buying."""
    rows = _ALL.all(connection)
    balance = _BALANCE.first(connection, {"name": _SUPPLIER})
    return Buying(
        pauses=tuple(_pause(row) for row in rows if row.value == _PAUSED),
        lifted={PauseHolder(row.name): moment(row.set_at) for row in rows if row.value == _LIFTED},
        balance=None if balance is None else _balance(balance),
    )


def keep_pause(connection: Connection, pause: Pause, finding: Finding | None, act: StaffAct | None) -> Pause:
    """Keep a pause, or move on the end of the one that this holder has."""
    hold_buying(connection, alone=True)
    if act is not None and all(one.holder is not pause.holder for one in read_buying(connection).pauses):
        add_acts(connection, (act,))
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


def hold_buying(connection: Connection, *, alone: bool) -> None:
    """
    Keep every pause out for the rest of the transaction. Nothing is read of it yet.

    Args:
        alone: keep whoever else holds it out as well, because what they write is added up.
    """
    name = {"name": BUYING}
    if alone or _SHARE.first(connection, name) is None:
        _HOLD.change(connection, name)


def lift_pauses(connection: Connection, pauses: Sequence[Pause], *, by: str, at: datetime) -> None:
    """Take away those pauses that are still as they were read."""
    _hurry(connection, at)
    hold_buying(connection, alone=True)
    for pause in pauses:
        _lift(connection, pause, by=by, how="buying goes on", at=at)


def resume_buying(
    connection: Connection, *, by: str, reason: str, at: datetime, act: StaffAct | None
) -> tuple[Pause, ...]:
    """Take all pauses away, and note that a person did."""
    _hurry(connection, at)
    told = {"by": storable(by), "reason": storable(reason), "at": micros(at)}
    _SET.change(connection, {"name": BUYING, "value": _RESUMED, **told})
    pauses = read_buying(connection).pauses
    if act is not None and pauses:
        add_acts(connection, (act,))
    for pause in pauses:
        _lift(connection, pause, by=by, how=reason, at=at)
        if pause.holder in LIMITS:
            _SET.change(connection, {"name": str(pause.holder), "value": _LIFTED, **told})
    return pauses


def note_balance(connection: Connection, balance: Balance) -> None:
    """Keep a reading of the balance at the supplier, unless a newer one is kept."""
    left = {"amount": digits(balance.left.amount), "currency": balance.left.currency}
    _NOTE.change(connection, {"name": _SUPPLIER, "at": micros(balance.at), **left})


def _lift(connection: Connection, pause: Pause, *, by: str, how: str, at: datetime) -> None:
    values = {"name": str(pause.holder), "set_at": micros(pause.since), "until": micros_or_none(pause.until)}
    if _LIFT.change(connection, values):
        told = {"by": storable(by), "how": storable(how)}
        settle_finding(connection, FindingReason.BUYING_PAUSED, pause.holder, at=micros(at), **told)


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


def _balance(row: Any) -> Balance:
    return Balance(left=Money(amount=Decimal(row.amount), currency=row.currency), at=moment(row.at))
