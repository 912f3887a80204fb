"""
Idempotency keys in memory.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from bitloot_core.ports.requests import Answered, Begin, Begun, OtherBody, Requests, StillRunning
from bitloot_core.testing.memory.database import MemoryDatabase, StoredRequest
from bitloot_core.values.ids import OrderId

REMEMBERED = timedelta(hours=24)
PATIENCE = timedelta(seconds=60)
"""After this long without an answer, whoever was at it is given up for dead."""


class MemoryRequests:
    """Remembers idempotency keys for 24 hours. See `Requests` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def begin(self, key_hash: str, body_hash: str, order_id: OrderId, *, now: datetime) -> Begin:
        """Take a key."""
        with self._database.commit("requests.begin"):
            known = self._database.requests.get(key_hash)
            if known is None or now - known.begun_at >= REMEMBERED:
                known = StoredRequest(body_hash=body_hash, order_id=order_id, begun_at=now, taken_at=now)
            elif known.body_hash != body_hash:
                return OtherBody()
            elif known.response is not None:
                return Answered(order_id=known.order_id, response=known.response)
            elif now - known.taken_at < PATIENCE:
                return StillRunning()
            self._database.requests[key_hash] = attrs.evolve(known, taken_at=now)
            return Begun(order_id=known.order_id)

    async def answer(self, key_hash: str, response: bytes, *, now: datetime) -> None:
        """Remember the answer; the first one stays."""
        with self._database.commit("requests.answer"):
            known = self._database.requests.get(key_hash)
            if known is not None and known.response is None:
                self._database.requests[key_hash] = attrs.evolve(known, response=response)


if TYPE_CHECKING:
    _: type[Requests] = MemoryRequests
