"""
Tokens of the admin API: kept as hashes, found by hash.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.columns import micros, micros_or_none, moment, moment_or_none
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.staff_tables import ADMIN_TOKENS

FRESH = timedelta(minutes=1)
"""A use is noted at most this often: an admin page asks many times, and each note is a commit."""
_CREATE = text(
    "INSERT INTO admin_tokens (name, token_sha256, scopes, created_at, expires_at) "
    "VALUES (:name, :token_sha256, :scopes, :created_at, :expires_at) ON CONFLICT (token_sha256) DO NOTHING"
)
_USED = text(
    "UPDATE admin_tokens SET last_used_at = :now WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :stale)"
)
_REVOKE = text("UPDATE admin_tokens SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL")


@attrs.frozen(kw_only=True)
class AdminToken:
    """
    A token that was given out; the token itself is nowhere.

    Attributes:
        name: who uses it; stands in the audit as `admin:NAME`.
        scopes: what it may do (`read`, `operate`, `keys`).
    """

    id: int
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class SqlAdminTokens:
    """Keeps the hashes of admin tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        name: str,
        token_sha256: str,
        scopes: Collection[str],
        expires_at: datetime | None,
        *,
        now: datetime,
    ) -> AdminToken:
        """Keep a token's hash (hex). Idempotent under the hash: the first one stays."""
        values = {
            "name": name,
            "token_sha256": token_sha256,
            "scopes": " ".join(sorted(scopes)),
            "created_at": micros(now),
            "expires_at": micros_or_none(expires_at),
        }
        return await self._database.write(lambda c: _create(c, values))

    async def find(self, token_sha256: str) -> AdminToken | None:
        """The token of this hash, good or not; None if there is none. Ask `is_good` before you let it in."""
        return await self._database.look(lambda c: _find(c, token_sha256))

    async def every(self) -> tuple[AdminToken, ...]:
        """Every token that was ever given out, newest first."""
        return await self._database.read(_every)

    async def note_use(self, token: AdminToken, *, now: datetime) -> None:
        """Note that it was used; costs nothing if that was noted less than a minute ago."""
        if token.last_used_at is not None and now - token.last_used_at < FRESH:
            return
        values = {"id": token.id, "now": micros(now), "stale": micros(now - FRESH)}
        await self._database.write(executing(_USED, values))

    async def revoke(self, name: str, *, now: datetime) -> int:
        """Revoke the tokens of this name; how many were good until now."""
        return await self._database.write(executing(_REVOKE, {"name": name, "now": micros(now)}))


def _create(connection: Connection, values: dict[str, object]) -> AdminToken:
    connection.execute(_CREATE, values)
    created = _find(connection, str(values["token_sha256"]))
    if created is None:
        raise RuntimeError("a token is not there right after it was written")
    return created


def _find(connection: Connection, token_sha256: str) -> AdminToken | None:
    row = connection.execute(select(ADMIN_TOKENS).where(ADMIN_TOKENS.c.token_sha256 == token_sha256)).first()
    return None if row is None else _token(row)


def _every(connection: Connection) -> tuple[AdminToken, ...]:
    rows = connection.execute(select(ADMIN_TOKENS).order_by(ADMIN_TOKENS.c.id.desc()))
    return tuple(map(_token, rows))


def _token(row: Row[Any]) -> AdminToken:
    return AdminToken(
        id=row.id,
        name=row.name,
        scopes=frozenset(row.scopes.split()),
        created_at=moment(row.created_at),
        expires_at=moment_or_none(row.expires_at),
        revoked_at=moment_or_none(row.revoked_at),
        last_used_at=moment_or_none(row.last_used_at),
    )
