"""
Taking a webhook in: verified by the port, stored with its job, and only then answered.
"""

from __future__ import annotations

from bitloot_core.ports.inbox import Received, VerifiedWebhook
from bitloot_core.usecases.shop import Shop


async def receive_webhook(shop: Shop, webhook: VerifiedWebhook) -> Received:
    """
    Store an authentic webhook; durable when this returns. Idempotent under (source, dedupe key).

    Raises:
        Unavailable: it is not known to be stored: answer 503, so that the sender tries again.
    """
    received = await shop.inbox.receive(webhook, now=shop.clock.now())
    if received.job_id is not None:
        await shop.notifier.ring((received.job_id,))
    return received
