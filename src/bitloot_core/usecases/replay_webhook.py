"""
Running a stored webhook again, through the same idempotent path.
"""

from __future__ import annotations

from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import WebhookId


async def replay_webhook(shop: Shop, webhook_id: WebhookId) -> None:
    """
    Ask for a webhook's job again. It never moves money and never buys: what it led to the first time stands.

    Raises:
        NotFound: there is no such webhook; forged ones were never stored.
        Refused: its body is older than bodies are kept (`body-pruned`).
    """
    job_id = await shop.inbox.replay(webhook_id, now=shop.clock.now())
    await shop.notifier.ring((job_id,))
