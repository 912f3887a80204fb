"""
The inbox in memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.jobs import JobRequest
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.inbox import Inbox, Received, StoredWebhook, VerifiedWebhook, WebhookStatus
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.testing.memory.jobs import ask
from bitloot_core.values.errors import Corrupt, NotFound, Refused, Unavailable, Unknown
from bitloot_core.values.ids import JobId, WebhookId

OVER = frozenset({WebhookStatus.PROCESSED, WebhookStatus.IGNORED})


class MemoryInbox:
    """Keeps authentic webhooks, each once. See `Inbox` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Store a webhook and its job in one commit."""
        try:
            with self._database.commit("inbox.receive"):
                return self._keep(webhook, now)
        except Unknown as exc:
            raise Unavailable("inbox", "the webhook is not known to be stored") from exc

    async def get(self, webhook_id: WebhookId) -> StoredWebhook:
        """Read one, body included."""
        stored = self._known(webhook_id)
        if webhook_id in self._database.spoilt:
            raise Corrupt("inbox", "a sealed payload does not open")
        return stored

    async def replay(self, webhook_id: WebhookId, *, now: datetime, act: StaffAct | None = None) -> JobId:
        """Ask for its job again, whatever its status."""
        stored = self._known(webhook_id)
        if webhook_id in self._database.pruned:
            raise Refused("body-pruned", "the body of this webhook is older than bodies are kept")
        with self._database.commit("inbox.replay"):
            self._database.acts.extend(() if act is None else (act,))
            return self._arm(stored, now)

    def prune(self, webhook_id: WebhookId) -> None:
        """Given a webhook that is older than bodies are kept: its body is gone."""
        stored = self._database.webhooks[webhook_id]
        self._database.webhooks[webhook_id] = attrs.evolve(stored, webhook=attrs.evolve(stored.webhook, body=b""))
        self._database.pruned.add(webhook_id)

    def spoil(self, webhook_id: WebhookId) -> None:
        """Given a webhook whose body does not open."""
        self._database.spoilt.add(webhook_id)

    def _known(self, webhook_id: WebhookId) -> StoredWebhook:
        stored = self._database.webhooks.get(webhook_id)
        if stored is None:
            raise NotFound("webhook", str(webhook_id))
        return stored

    def _keep(self, webhook: VerifiedWebhook, now: datetime) -> Received:
        name = (webhook.source, webhook.dedupe_key)
        known = self._database.received.get(name)
        if known is not None:
            stored = self._database.webhooks[known]
            stored = attrs.evolve(stored, deliveries=stored.deliveries + 1)
        else:
            stored = StoredWebhook(
                id=WebhookId(len(self._database.webhooks) + 1),
                webhook=attrs.evolve(webhook, headers=dict(webhook.headers)),
                status=WebhookStatus.PENDING if webhook.worth_processing else WebhookStatus.IGNORED,
                deliveries=1,
                order_id=None,
                result=None,
                received_at=now,
                processed_at=None,
            )
            self._database.received[name] = stored.id
        self._database.webhooks[stored.id] = stored
        job_id = None if stored.status in OVER else self._arm(stored, now)
        return Received(id=stored.id, duplicate=known is not None, job_id=job_id)

    def _arm(self, stored: StoredWebhook, now: datetime) -> JobId:
        """Make the webhook's job due, or wake it."""
        request = JobRequest(name=stored.webhook.source.job, ref=str(stored.id), order_id=stored.order_id, due_at=now)
        return ask(self._database, request, now)


if TYPE_CHECKING:
    _: type[Inbox] = MemoryInbox
