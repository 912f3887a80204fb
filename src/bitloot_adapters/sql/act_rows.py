"""
What the staff did: rows that are only added. Triggers refuse changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.audit import ActRow
from bitloot_core.values.ids import OrderId

_ADD = text(
    "INSERT INTO staff_acts (at, actor, action, order_id, subject, reason) "
    "VALUES (:at, :actor, :action, :order_id, :subject, :reason)"
)


def add_acts(connection: Connection, acts: Iterable[StaffAct]) -> None:
    """Write down what somebody did."""
    for act in acts:
        connection.execute(_ADD, _values(act))


def act_row(row: Row[Any]) -> ActRow:
    """An act as a list shows it."""
    return ActRow(
        id=row.id,
        act=StaffAct(
            at=moment(row.at),
            actor=row.actor,
            action=row.action,
            order_id=None if row.order_id is None else OrderId(row.order_id),
            subject=row.subject,
            reason=row.reason,
        ),
    )


def _values(act: StaffAct) -> dict[str, object]:
    return {
        "at": micros(act.at),
        "actor": storable(act.actor),
        "action": act.action,
        "order_id": act.order_id,
        "subject": storable(act.subject),
        "reason": storable(act.reason),
    }
