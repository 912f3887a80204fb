"""
The audit of product keys: rows that are only added, each bound to the one before it by a hash.

Triggers refuse changes; the chain shows those that were made behind the database's back. Where a look came from (its
address and client) names a person, and must be erasable: it stands in a table beside, and the chain holds a commitment
to it that says nothing once its salt is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_adapters.sql.tables import KEY_ACCESS, KEY_ACCESS_ORIGINS, ORDERS
from bitloot_core.ports.audit import Head, Verdict
from bitloot_core.ports.store import LINK, KeyAccess
from bitloot_core.values.ids import OrderId, UnitId

FIRST = "0" * 64
"""What stands before the first row."""
LONGEST_AGENT = 256
_SALT_BYTES = 16
_AT_ONCE = 1000
# On SQLite each writer is the only one already. Of two at once, the second would build on a row that is not the last.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('bitloot: audit of product keys'))")
_LAST = text("SELECT hash FROM key_access ORDER BY id DESC LIMIT 1")
_ADD = text(
    "INSERT INTO key_access (order_id, unit_id, actor, origin, reason, at, prev_hash, hash) "
    "VALUES (:order_id, :unit_id, :actor, :origin, :reason, :at, :prev_hash, :hash) RETURNING id"
)
_ADD_ORIGIN = text(
    "INSERT INTO key_access_origins (access_id, salt, address, agent) VALUES (:access_id, :salt, :address, :agent)"
)
_ERASE = text(
    "DELETE FROM key_access_origins WHERE access_id IN "
    "(SELECT id FROM key_access WHERE order_id = :of AND actor = :actor)"
)
_ORIGIN = KEY_ACCESS_ORIGINS.c
# An order whose buyer was forgotten has no address: only there may an origin be missing.
_NAMED = (ORDERS.c.id == KEY_ACCESS.c.order_id) & (ORDERS.c.email != "")
_ALL = (
    select(KEY_ACCESS, _ORIGIN.salt, _ORIGIN.address, _ORIGIN.agent, ORDERS.c.id.label("named"))
    .join(KEY_ACCESS_ORIGINS, _ORIGIN.access_id == KEY_ACCESS.c.id, isouter=True)
    .join(ORDERS, _NAMED, isouter=True)
    .order_by(KEY_ACCESS.c.id)
)
LOOKS = select(KEY_ACCESS, _ORIGIN.address, _ORIGIN.agent).join(
    KEY_ACCESS_ORIGINS, _ORIGIN.access_id == KEY_ACCESS.c.id, isouter=True
)
"""Every look, with where it came from as long as that is not erased; to be narrowed, and read with `access_of`."""
_OF_ORDER = LOOKS.order_by(KEY_ACCESS.c.id)
_BOUND = ("order_id", "unit_id", "actor", "origin", "reason", "at")


def add_accesses(connection: Connection, accesses: Iterable[KeyAccess]) -> None:
    """Add audit rows to the end of the chain."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)
    last = connection.execute(_LAST).scalar() or FIRST
    for access in accesses:
        origin = _origin(access)
        values = _values(access) | {"origin": commitment(**origin)}
        digest = chained(last, values)
        access_id = connection.execute(_ADD, values | {"prev_hash": last, "hash": digest}).scalar_one()
        connection.execute(_ADD_ORIGIN, origin | {"access_id": access_id})
        last = digest


def erase_origins(connection: Connection, order_id: OrderId) -> None:
    """Erase where the looks of a buyer came from; the looks stay, and so does the chain."""
    connection.execute(_ERASE, {"of": order_id, "actor": LINK})


def accesses_of(connection: Connection, order_id: OrderId) -> tuple[tuple[int, KeyAccess], ...]:
    """Every access to an order's keys with the id of its row, oldest first."""
    rows = connection.execute(_OF_ORDER.where(KEY_ACCESS.c.order_id == order_id))
    return tuple((row.id, access_of(row)) for row in rows)


def access_of(row: Row[Any]) -> KeyAccess:
    """The look that a row of `LOOKS` tells of."""
    return KeyAccess(
        order_id=OrderId(row.order_id),
        unit_id=UnitId(row.unit_id),
        actor=row.actor,
        address=row.address or "",
        agent=row.agent or "",
        reason=row.reason,
        at=moment(row.at),
    )


def first_broken(connection: Connection) -> int | None:
    """The id of the first row that does not follow from those before it; None if the chain is whole."""
    return verify(connection, None).broken_row


def verify(connection: Connection, earlier: Head | None) -> Verdict:
    """Check every row against the one before it, and the chain against a head that it once had."""
    count, broken, is_there = 0, None, earlier is None
    head: Head | None = None
    # A part at a time: the chain is longer than what should be held at once, or than the event loop should wait.
    for row in connection.execute(_ALL, execution_options={"yield_per": _AT_ONCE}).mappings():
        count += 1
        if broken is None and not _is_whole(row, FIRST if head is None else head.digest):
            broken = int(row["id"])
        head = Head(row=row["id"], digest=row["hash"])
        is_there = is_there or head == earlier
    return Verdict(rows=count, head=head, broken_row=broken, is_cut=not is_there)


def _is_whole(row: RowMapping, last: str) -> bool:
    """Whether a row follows on the one before it, and holds what it was written with, or what may be erased is gone."""
    if row["prev_hash"] != last or row["hash"] != chained(last, {name: row[name] for name in _BOUND}):
        return False
    if row["salt"] is None:
        return row["named"] is None or row["actor"] != LINK
    return bool(row["origin"] == commitment(row["salt"], row["address"], row["agent"]))


def chained(last: str, values: dict[str, object]) -> str:
    """The hash of a row: SHA-256 over the hash before it and the row's content, as canonical JSON."""
    return _digest([last, *(values[name] for name in _BOUND)])


def commitment(salt: str, address: str, agent: str) -> str:
    """What the chain holds of where a look came from: without the salt, nothing can be tried out on it."""
    return _digest([salt, address, agent])


def _digest(content: list[object]) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _origin(access: KeyAccess) -> dict[str, str]:
    return {
        "salt": os.urandom(_SALT_BYTES).hex(),
        "address": storable(access.address),
        "agent": storable(access.agent, most=LONGEST_AGENT),
    }


def _values(access: KeyAccess) -> dict[str, object]:
    return {
        "order_id": access.order_id,
        "unit_id": access.unit_id,
        "actor": storable(access.actor),
        "reason": storable(access.reason),
        "at": micros(access.at),
    }
