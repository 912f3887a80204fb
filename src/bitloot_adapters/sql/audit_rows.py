"""
The audit of product keys: rows that are only added, each bound to the one before it by a hash.

Triggers refuse changes; the chain shows those that were made behind the database's back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_adapters.sql.tables import KEY_ACCESS
from bitloot_core.ports.store import KeyAccess
from bitloot_core.values.ids import OrderId, UnitId

FIRST = "0" * 64
"""What stands before the first row."""
LONGEST_AGENT = 256
_LAST = text("SELECT hash FROM key_access ORDER BY id DESC LIMIT 1")
_ADD = text(
    "INSERT INTO key_access (order_id, unit_id, actor, address, agent, reason, at, prev_hash, hash) "
    "VALUES (:order_id, :unit_id, :actor, :address, :agent, :reason, :at, :prev_hash, :hash)"
)
_ALL = select(KEY_ACCESS).order_by(KEY_ACCESS.c.id)
_OF_ORDER = text(
    "SELECT id, unit_id, actor, address, agent, reason, at FROM key_access WHERE order_id = :of ORDER BY id"
)
_BOUND = ("order_id", "unit_id", "actor", "address", "agent", "reason", "at")


def add_accesses(connection: Connection, accesses: Iterable[KeyAccess]) -> None:
    """Add audit rows to the end of the chain. Whoever calls is the only writer, for the rest of the transaction."""
    last = connection.execute(_LAST).scalar() or FIRST
    for access in accesses:
        values = _values(access)
        digest = chained(last, values)
        connection.execute(_ADD, values | {"prev_hash": last, "hash": digest})
        last = digest


def accesses_of(connection: Connection, order_id: OrderId) -> tuple[tuple[int, KeyAccess], ...]:
    """Every access to an order's keys with the id of its row, oldest first."""
    return tuple(
        (
            row.id,
            KeyAccess(
                order_id=order_id,
                unit_id=UnitId(row.unit_id),
                actor=row.actor,
                address=row.address,
                agent=row.agent,
                reason=row.reason,
                at=moment(row.at),
            ),
        )
        for row in connection.execute(_OF_ORDER, {"of": order_id})
    )


def first_broken(connection: Connection) -> int | None:
    """The id of the first row that does not follow from those before it; None if the chain is whole."""
    last = FIRST
    for row in connection.execute(_ALL).mappings():
        if row["prev_hash"] != last or row["hash"] != chained(last, {name: row[name] for name in _BOUND}):
            return int(row["id"])
        last = row["hash"]
    return None


def chained(last: str, values: dict[str, object]) -> str:
    """The hash of a row: SHA-256 over the hash before it and the row's content, as canonical JSON."""
    content = [last, *(values[name] for name in _BOUND)]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _values(access: KeyAccess) -> dict[str, object]:
    return {
        "order_id": access.order_id,
        "unit_id": access.unit_id,
        "actor": storable(access.actor),
        "address": storable(access.address),
        "agent": storable(access.agent, most=LONGEST_AGENT),
        "reason": storable(access.reason),
        "at": micros(access.at),
    }
