"""What the operator sees of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

import attrs

from bitloot_core.ports.inbox import StoredWebhook
from bitloot_core.ports.queries import WebhookRow
from bitloot_http.shapes import shape
from bitloot_http.wire.redaction import readable_payload


@attrs.frozen(kw_only=True)
class WebhookView:
    """An authentic webhook, without its body."""

    id: int
    source: str
    type: str
    external_id: str | None
    status: str
    deliveries: int
    attempts: int
    order_id: str | None
    result: str | None
    received_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, row: WebhookRow) -> Self:
        """Show a row."""
        return cls(
            id=row.id,
            source=row.source,
            type=row.type,
            external_id=row.external_id,
            status=row.status,
            deliveries=row.deliveries,
            attempts=row.attempts,
            order_id=row.order_id,
            result=row.result,
            received_at=row.received_at,
            processed_at=row.processed_at,
        )


@attrs.frozen(kw_only=True)
class WebhookDetailView(WebhookView):
    """An authentic webhook with its body, in which nothing that can be a key is readable."""

    scheme: str = attrs.field(metadata=shape("How it was proved: `hmac` over the body, or a `secret` header."))
    headers: Mapping[str, str]
    payload: object = attrs.field(metadata=shape("The body as JSON; keys are stars. None once it was pruned."))

    @classmethod
    def of_stored(cls, row: WebhookRow, stored: StoredWebhook) -> Self:
        """Show a webhook with what may be shown of its body."""
        webhook = stored.webhook
        return cls(
            **attrs.asdict(WebhookView.of(row)),
            scheme=webhook.scheme,
            headers=webhook.headers,
            payload=readable_payload(webhook.source, webhook.body),
        )


@attrs.frozen(kw_only=True)
class WebhookList:
    """Webhooks, newest first."""

    items: tuple[WebhookView, ...]
    next_cursor: str | None
