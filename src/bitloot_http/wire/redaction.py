"""
What may be shown of a webhook's body.

A list of what may be read, not of what may not: a supplier that begins to send keys under another name shows stars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from bitloot_core.ports.inbox import Source

STARS = "***"
_DEEPEST = 16
_FIELD = re.compile(r"[a-z][A-Za-z_]{0,31}")
"""How fields are named; a product key that stands where a name should has figures, dashes or capitals first."""
_NO_KEY = frozenset({"reservationId", "orderId", "orderExternalId", "status", "updatedAt", "createdAt", "totalQty"})
"""Kinguin's fields that hold no key. **Source:** Kinguin ESA documentation, webhooks; our own HMAC form."""


def readable_payload(source: Source, body: bytes) -> Any:
    """
    The body as JSON, with stars where a product key may stand.

    NOWPayments sends no keys: its bodies are shown as they are. A body that is no JSON is shown as its size.

    Returns:
        None for a body that was pruned.
    """
    if not body:
        return None
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return f"{len(body)} bytes that are no JSON"
    return payload if source is Source.NOWPAYMENTS else _starred(payload, _DEEPEST)


def _starred(value: Any, depth: int) -> Any:
    if depth and isinstance(value, Mapping):
        return {
            name if _FIELD.fullmatch(name) else f"{STARS} {number}": _shown(name, inner, depth)
            for number, (name, inner) in enumerate(value.items(), start=1)
        }
    if depth and isinstance(value, list):
        return [_starred(inner, depth - 1) for inner in value]
    return STARS


def _shown(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, Mapping | list):
        return _starred(value, depth - 1)
    return value if name in _NO_KEY or value is None else STARS
