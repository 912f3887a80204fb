"""
Running many stored webhooks again, a page at a time; or only saying what that would do.
"""

from __future__ import annotations

import enum

import attrs

from bitloot_core.ports.inbox import Source, StoredWebhook
from bitloot_core.ports.queries import Slice, WebhookFilter, WebhookRow
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, Refused
from bitloot_core.values.ids import OrderId, WebhookId


class ReplayOutcome(enum.StrEnum):
    """What comes of running a webhook again."""

    RUNS = "runs"
    """What it speaks of is looked at again, at whoever sent it."""
    SAYS_NOTHING = "says-nothing"
    """It is about no payment and no purchase: it is ignored, as before."""
    BODY_PRUNED = "body-pruned"
    """It is older than bodies are kept."""
    UNREADABLE = "unreadable"
    """Its body does not open: it is damaged, or sealed under a master key that we do not have."""


@attrs.frozen(kw_only=True)
class Replay:
    """
    One webhook that would run again, or does.

    Attributes:
        about: what is looked at, in a sentence.
    """

    id: WebhookId
    order_id: OrderId | None
    outcome: ReplayOutcome
    about: str


@attrs.frozen(kw_only=True)
class Replays:
    """
    One page of webhooks, newest first.

    Attributes:
        next_cursor: where the next page starts; None on the last one.
    """

    items: tuple[Replay, ...]
    next_cursor: str | None


async def plan_replays(shop: Shop, which: WebhookFilter, part: Slice) -> Replays:
    """
    Say what running these webhooks again would do, and change nothing.

    Raises:
        InvalidInput: the cursor is none of ours.
    """
    page = await shop.queries.webhooks(which, part)
    return Replays(items=tuple([await _plan(shop, row) for row in page.items]), next_cursor=page.next_cursor)


async def replay_webhooks(shop: Shop, which: WebhookFilter, part: Slice, *, by: str, reason: str) -> Replays:
    """
    Run one page of webhooks again, through the same idempotent path: it moves no money and buys nothing.

    Each is a line of the audit. What cannot run again is left out, and told.

    Raises:
        InvalidInput: the cursor is none of ours.
    """
    planned = await plan_replays(shop, which, part)
    return attrs.evolve(planned, items=tuple([await _carry_out(shop, one, by, reason) for one in planned.items]))


async def _carry_out(shop: Shop, planned: Replay, by: str, reason: str) -> Replay:
    if planned.outcome is not ReplayOutcome.RUNS:
        return planned
    try:
        await replay_webhook(shop, planned.id, by=by, reason=reason)
    except Refused:  # its body was pruned just now
        return attrs.evolve(planned, outcome=ReplayOutcome.BODY_PRUNED, about="")
    return planned


async def _plan(shop: Shop, row: WebhookRow) -> Replay:
    try:
        stored = await shop.inbox.get(row.id)
    except Corrupt:  # the others of its page can run
        return Replay(id=row.id, order_id=row.order_id, outcome=ReplayOutcome.UNREADABLE, about="")
    if stored.webhook.worth_processing and not stored.webhook.body:
        outcome, about = ReplayOutcome.BODY_PRUNED, None
    else:
        about = _about(shop, stored)
        outcome = ReplayOutcome.SAYS_NOTHING if about is None else ReplayOutcome.RUNS
    return Replay(id=row.id, order_id=stored.order_id, outcome=outcome, about=about or "")


def _about(shop: Shop, stored: StoredWebhook) -> str | None:
    if stored.webhook.source is Source.NOWPAYMENTS:
        reading = shop.gateway.read_notice(stored.webhook)
        return None if reading is None else f"payment {reading.gateway_id} is read back at the gateway"
    event = shop.supplier.read_event(stored.webhook)
    if event is None:
        return None
    return f"purchase {event.supplier_order_id or event.ref or 'without a name'} is looked at at the supplier"
