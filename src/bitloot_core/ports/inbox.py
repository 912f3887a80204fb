"""The inbox: every authentic webhook, stored before it is answered."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.order.jobs import JobName
from bitloot_core.ports.acts import StaffAct
from bitloot_core.values.ids import JobId, OrderId, WebhookId


class Source(enum.StrEnum):
    """Who sends webhooks; the word is stored and shown."""

    NOWPAYMENTS = "nowpayments"
    KINGUIN = "kinguin"

    @property
    def job(self) -> JobName:
        """The job that turns such a webhook into a command."""
        return {Source.NOWPAYMENTS: JobName.NOWPAYMENTS_IPN, Source.KINGUIN: JobName.KINGUIN_WEBHOOK}[self]


class WebhookStatus(enum.StrEnum):
    """How far we are with a webhook."""

    PENDING = "pending"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class VerifiedWebhook:
    """
    A webhook whose sender has been proved. Only a gateway's or supplier's `verify_...` makes one.

    Attributes:
        source: who sent it.
        dedupe_key: equal for equal deliveries: hex SHA-256 of the canonical or raw body.
        type: the subject in the sender's word (`payment.finished`, `order.status`, `unknown`), 64 characters at most.
        external_id: the sender's name of the thing it is about, if it has one; at most 128 characters.
        scheme: how it was proved: `hmac` (over the whole body), or `secret` (a static header: the body is a hint).
        body: the raw bytes. They can hold a product key: sealed at rest, never printed.
        headers: those worth keeping, without signatures and secrets.
        worth_processing: False for a probe, a catalogue change, garbage: stored as `ignored`, without a job.
    """

    source: Source
    dedupe_key: str
    type: str
    external_id: str | None
    scheme: str
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str]
    worth_processing: bool = True


@attrs.frozen(kw_only=True)
class StoredWebhook:
    """A webhook as the inbox holds it; `webhook.body` has been opened, or is empty once it was pruned."""

    id: WebhookId
    webhook: VerifiedWebhook
    status: WebhookStatus
    deliveries: int
    order_id: OrderId | None
    result: str | None
    received_at: datetime
    processed_at: datetime | None


@attrs.frozen(kw_only=True)
class Received:
    """
    The answer to a stored webhook.

    Attributes:
        id: its row.
        duplicate: whether an equal one was there before.
        job_id: the job that is due for it, if there is one.
    """

    id: WebhookId
    duplicate: bool
    job_id: JobId | None


@attrs.frozen(kw_only=True)
class ConsumedWebhook:
    """What became of a webhook; written in the same commit as what it led to."""

    id: WebhookId
    status: WebhookStatus
    result: str
    order_id: OrderId | None


class Inbox(Protocol):
    """Keeps authentic webhooks, each once."""

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """
        Store a webhook and its job in one commit; durable when this returns.

        Idempotent under (source, dedupe key): a repeat counts `deliveries` and wakes the job of one that is not yet
        processed or ignored.

        Raises:
            Unavailable: not known to be stored (the store failed, is too slow or too busy): the sender must try again.
        """
        ...

    async def get(self, webhook_id: WebhookId) -> StoredWebhook:
        """
        Read one, body included.

        Raises:
            NotFound: there is none.
            Corrupt: its body does not open: damaged, of another webhook, or under a master key that we do not have.
        """
        ...

    async def replay(self, webhook_id: WebhookId, *, now: datetime, act: StaffAct | None = None) -> JobId:
        """
        Ask for its job again, whatever its status; idempotent while that job lives.

        `act` says who asked, and is written down in the same write.

        Raises:
            NotFound: there is none.
            Refused: its body was pruned.
        """
        ...
