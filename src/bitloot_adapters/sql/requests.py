"""
Idempotency keys as a port.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.tables import IDEMPOTENCY_KEYS
from bitloot_core.ports.requests import Answered, Begin, Begun, OtherBody, Requests, StillRunning
from bitloot_core.values.ids import OrderId

REMEMBERED = timedelta(hours=24)
PATIENCE = timedelta(seconds=60)
"""After this long without an answer, whoever was at it is given up for dead."""
PRUNED_AT_ONCE = 500
# A key that has had its time is used as if it were new.
_TAKE = text(
    "INSERT INTO idempotency_keys (key_hash, body_hash, order_id, begun_at, taken_at) "
    "VALUES (:key, :body, :order_id, :now, :now) ON CONFLICT (key_hash) DO UPDATE "
    "SET body_hash = excluded.body_hash, order_id = excluded.order_id, response = NULL, "
    "begun_at = excluded.begun_at, taken_at = excluded.taken_at "
    "WHERE idempotency_keys.begun_at <= :forgotten RETURNING order_id"
)
# A key whose owner died: of two that come for it, the second finds it taken just now.
_TAKE_OVER = text(
    "UPDATE idempotency_keys SET taken_at = :now WHERE key_hash = :key AND body_hash = :body "
    "AND response IS NULL AND taken_at <= :lost RETURNING order_id"
)
_ANSWER = text("UPDATE idempotency_keys SET response = :response WHERE key_hash = :key AND response IS NULL")
_PRUNE = text(
    "DELETE FROM idempotency_keys WHERE key_hash IN "
    "(SELECT key_hash FROM idempotency_keys WHERE begun_at <= :forgotten LIMIT :most)"
)


class SqlRequests:
    """Remembers idempotency keys for 24 hours. See `Requests` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, key_hash: str, body_hash: str, order_id: OrderId, *, now: datetime) -> Begin:
        """Take a key."""
        return await self._database.write(lambda c: _begin(c, key_hash, body_hash, order_id, now))

    async def answer(self, key_hash: str, response: bytes, *, now: datetime) -> None:
        """Remember the answer; the first one stays."""
        del now  # the key is forgotten 24 hours after it was taken, answered or not
        await self._database.write(executing(_ANSWER, {"key": key_hash, "response": response}))

    async def prune(self, *, now: datetime) -> int:
        """Remove a batch of forgotten keys; the number of those removed, 0 when none is left."""
        values = {"forgotten": micros(now - REMEMBERED), "most": PRUNED_AT_ONCE}
        return await self._database.write(executing(_PRUNE, values))


def _begin(connection: Connection, key: str, body: str, order_id: OrderId, now: datetime) -> Begin:
    fresh = {
        "key": key,
        "body": body,
        "order_id": order_id,
        "now": micros(now),
        "forgotten": micros(now - REMEMBERED),
    }
    if connection.execute(_TAKE, fresh).first() is not None:
        return Begun(order_id=order_id)
    late = {"key": key, "body": body, "now": micros(now), "lost": micros(now - PATIENCE)}
    if (taken := connection.execute(_TAKE_OVER, late).first()) is not None:
        return Begun(order_id=OrderId(taken.order_id))
    known = connection.execute(select(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.key_hash == key)).one()
    if known.body_hash != body:
        return OtherBody()
    if known.response is not None:
        return Answered(order_id=OrderId(known.order_id), response=known.response)
    return StillRunning()


if TYPE_CHECKING:
    _: type[Requests] = SqlRequests
