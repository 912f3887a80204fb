"""
Sessions of the console: found by the hash of what the browser holds, and gone when they end.
"""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import Select, and_, select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.staff_tables import ADMIN_SESSIONS, ADMIN_USERS

LONGEST_AGENT = 256
PRUNED_AT_ONCE = 500
_BEGIN = text(
    "INSERT INTO admin_sessions (id_sha256, user_id, stage, address, agent, begun_at, seen_at, proved_at) "
    "VALUES (:id_sha256, :user_id, :stage, :address, :agent, :now, :now, :now)"
)
_END = text("DELETE FROM admin_sessions WHERE id_sha256 = :id_sha256")
_END_ALL = text("DELETE FROM admin_sessions WHERE user_id = :user_id")
_SEEN = text("UPDATE admin_sessions SET seen_at = :now WHERE id_sha256 = :id_sha256 AND seen_at < :now")
_PROVED = text("UPDATE admin_sessions SET proved_at = :now WHERE id_sha256 = :id_sha256")
_PRUNE = text(
    "DELETE FROM admin_sessions WHERE id_sha256 IN "
    "(SELECT id_sha256 FROM admin_sessions WHERE begun_at <= :before LIMIT :most)"
)


@attrs.frozen(kw_only=True)
class AdminSession:
    """
    A session; what the browser holds is nowhere.

    Attributes:
        id_sha256: the hash (hex) of what the browser holds.
        stage: `password` while the second factor is still to come, then `full`.
        seen_at: when it was last used, to the minute.
        proved_at: when a secret was last asked for, and given.
    """

    id_sha256: str
    user_id: int
    name: str
    scopes: frozenset[str]
    stage: str
    address: str
    agent: str
    begun_at: datetime
    seen_at: datetime
    proved_at: datetime


class SqlAdminSessions:
    """Keeps sessions. One of a disabled account is as good as none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, *, id_sha256: str, user_id: int, stage: str, address: str, agent: str, now: datetime, instead_of: str
    ) -> None:
        """
        Begin a session, and end the one whose place it takes, in one write.

        Args:
            id_sha256: of a fresh id; no session ever changes its stage or its owner.
            instead_of: the hash of the one that ends; there need not be one.
        """
        values = {
            "id_sha256": id_sha256,
            "user_id": user_id,
            "stage": stage,
            "address": storable(address),
            "agent": storable(agent, most=LONGEST_AGENT),
            "now": micros(now),
        }
        await self._database.write(lambda c: _begin(c, values, instead_of))

    async def find(self, id_sha256: str) -> AdminSession | None:
        """The session of this hash, however old; None if there is none, or its account is disabled."""
        rows = _sessions().where(ADMIN_SESSIONS.c.id_sha256 == id_sha256)
        row = await self._database.look(lambda c: c.execute(rows).first())
        return None if row is None else _session(row)

    async def of_user(self, user_id: int) -> tuple[AdminSession, ...]:
        """The sessions of an account, newest first."""
        rows = _sessions().where(ADMIN_SESSIONS.c.user_id == user_id).order_by(ADMIN_SESSIONS.c.begun_at.desc())
        return tuple(map(_session, await self._database.look(lambda c: c.execute(rows).all())))

    async def note_use(self, id_sha256: str, *, now: datetime) -> None:
        """Note that it was used."""
        await self._database.write(executing(_SEEN, {"id_sha256": id_sha256, "now": micros(now)}))

    async def note_proof(self, id_sha256: str, *, now: datetime) -> None:
        """Note that a secret was asked for, and given."""
        await self._database.write(executing(_PROVED, {"id_sha256": id_sha256, "now": micros(now)}))

    async def end(self, id_sha256: str) -> None:
        """End a session. Idempotent."""
        await self._database.write(executing(_END, {"id_sha256": id_sha256}))

    async def end_all(self, user_id: int) -> int:
        """End every session of an account; how many there were."""
        return await self._database.write(executing(_END_ALL, {"user_id": user_id}))

    async def prune(self, *, before: datetime) -> int:
        """Remove a batch of those that began before a time; how many, 0 when none are left."""
        values = {"before": micros(before), "most": PRUNED_AT_ONCE}
        return await self._database.write(executing(_PRUNE, values))


def _begin(connection: Connection, values: dict[str, object], instead_of: str) -> None:
    connection.execute(_END, {"id_sha256": instead_of})
    connection.execute(_BEGIN, values)


def _sessions() -> Select[tuple[object, ...]]:
    is_theirs = and_(ADMIN_USERS.c.id == ADMIN_SESSIONS.c.user_id, ADMIN_USERS.c.disabled_at.is_(None))
    return select(ADMIN_SESSIONS, ADMIN_USERS.c.name, ADMIN_USERS.c.scopes).join_from(
        ADMIN_SESSIONS, ADMIN_USERS, is_theirs
    )


def _session(row: Row[tuple[object, ...]]) -> AdminSession:
    return AdminSession(
        id_sha256=row.id_sha256,
        user_id=row.user_id,
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        stage=row.stage,
        address=row.address,
        agent=row.agent,
        begun_at=moment(row.begun_at),
        seen_at=moment(row.seen_at),
        proved_at=moment(row.proved_at),
    )
