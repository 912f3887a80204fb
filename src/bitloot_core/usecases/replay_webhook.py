"""
Running a stored webhook again, through the same idempotent path.
"""

from __future__ import annotations

from bitloot_core.order.actions import Action
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import WebhookId


async def replay_webhook(shop: Shop, webhook_id: WebhookId, *, by: str, reason: str) -> None:
    """
    Ask for a webhook's job again. It never moves money and never buys: what it led to the first time stands.

    Raises:
        NotFound: there is no such webhook; forged ones were never stored.
        Refused: its body is older than bodies are kept (`body-pruned`).
    """
    now = shop.clock.now()
    deed = Deed(action=Action.REPLAY, by=by, reason=reason, subject=f"webhook:{webhook_id}")
    job_id = await shop.inbox.replay(webhook_id, now=now, act=deed.done(at=now, order_id=None))
    await shop.notifier.ring((job_id,))
