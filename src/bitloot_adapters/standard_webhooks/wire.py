"""
The body of an alert's webhook. Its names are a promise to whoever wrote a receiver: fields may be added, these stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bitloot_adapters._shared.exact_json import encode_json
from bitloot_core.order.alert_text import alert_text, findings_url, oldest_url
from bitloot_core.order.alerts import Alert, AlertGroup, AmountAtStake, Trouble
from bitloot_core.order.guide import GUIDE


def body_of(alert: Alert, *, public_url: str) -> bytes:
    """
    Write an alert down; the same bytes however often.

    **Source:** Standard Webhooks 1.0.0, "Payload structure": `type`, `timestamp` of the event, `data`.
    """
    words = alert_text(alert, public_url=public_url)
    data = {
        "id": alert.id,
        "title": words.subject,
        "text": words.body,
        "count": alert.count,
        "atStake": _amounts(alert.amounts),
        "findings": [_group(group, public_url) for group in alert.groups],
        "troubles": [_trouble(trouble) for trouble in alert.troubles],
        "stillOpen": alert.still_open,
        "url": findings_url(public_url),
    }
    return encode_json({"type": f"alert.{alert.kind}", "timestamp": _iso(alert.at), "data": data})


def _group(group: AlertGroup, public_url: str) -> dict[str, Any]:
    return {
        "reason": str(group.reason),
        "count": group.count,
        "means": GUIDE[group.reason].means,
        "canWait": GUIDE[group.reason].can_wait,
        "oldestAt": _iso(group.oldest_at),
        "atStake": _amounts(group.amounts),
        "url": findings_url(public_url, group.reason),
        "oldestUrl": oldest_url(public_url, group),
    }


def _trouble(trouble: Trouble) -> dict[str, str]:
    return {"name": trouble.name, "text": trouble.text, "since": _iso(trouble.since)}


def _amounts(amounts: Iterable[AmountAtStake]) -> list[dict[str, str]]:
    return [{"amount": f"{one.digits:f}", "unit": one.unit} for one in amounts]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
