"""Idempotency keys: the same request twice is answered once."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeAlias

import attrs

from bitloot_core.values.ids import OrderId


@attrs.frozen(kw_only=True)
class Begun:
    """
    The request is ours to carry out.

    Attributes:
        order_id: the order to place; the same one again if an earlier try died before it could answer.
    """

    order_id: OrderId


@attrs.frozen(kw_only=True)
class Answered:
    """It was carried out before; this was the answer (JSON, without the access token)."""

    order_id: OrderId
    response: bytes


@attrs.frozen(kw_only=True)
class StillRunning:
    """Another try of it is under way."""


@attrs.frozen(kw_only=True)
class OtherBody:
    """The key was used for another request."""


Begin: TypeAlias = Begun | Answered | StillRunning | OtherBody


class Requests(Protocol):
    """Remembers idempotency keys (hashed) for 24 hours."""

    async def begin(self, key_hash: str, body_hash: str, order_id: OrderId, *, now: datetime) -> Begin:
        """
        Take a key; of several callers at most one gets `Begun` within 60 seconds.

        `order_id` is used if the key is new.
        """
        ...

    async def answer(self, key_hash: str, response: bytes, *, now: datetime) -> None:
        """Remember the answer. Idempotent; the first answer stays."""
        ...
