"""
Erasing who bought, because somebody asked for it, while the books stay.

What goes: the address on the order, and address and client of each look at its keys through a link. What stays: the
order, its payments and purchases, the ledger, and that keys were looked at, when and why; none of it names anybody. The
delivery link stays good until it expires: it is the buyer's only way to the keys, and it names nobody either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.commands import ForgetBuyer
from bitloot_core.order.decide import decide
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.ports.queries import OrderFilter, Slice
from bitloot_core.usecases.change_order import MOST_TRIES, change_of, commit
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.sweep import lacking_jobs
from bitloot_core.values.errors import StaleOrder
from bitloot_core.values.ids import OrderId

_ORDERS_AT_ONCE = 100


@attrs.frozen(kw_only=True)
class Forgotten:
    """
    What became of one order of a buyer who asked to be forgotten.

    Attributes:
        refusal: why the address is still needed; None if it is gone.
    """

    order_id: OrderId
    refusal: str | None


async def forget_buyer(shop: Shop, order_id: OrderId, *, by: str, reason: str) -> Order:
    """
    Erase who bought, from one order. Idempotent.

    Raises:
        NotFound: there is no such order.
        TransitionRefused: the address is still needed: the order is not over, a finding is open, or a mail is still
            to be sent (`buyer-needed`).
        StaleOrder: others were quicker every time.
    """
    command = ForgetBuyer(by=by, reason=reason)
    deed = Deed(action=Action.FORGET, by=by, reason=reason)
    for _ in range(MOST_TRIES):
        order = await shop.orders.get(order_id)
        now = shop.clock.now()
        events = decide(order, command, now=now, policy=shop.policy)
        if not events:
            return order
        # A mail is only ever asked for together with an event of the order, so none can slip in before the commit.
        if await _is_mailed(shop, order, now):
            raise TransitionRefused(order, command, "a mail to the buyer is still to be sent", code="buyer-needed")
        try:
            change = change_of(order, events, at=now, policy=shop.policy)
            return await commit(shop, attrs.evolve(change, acts=(deed.done(at=now, order_id=order_id),)))
        except StaleOrder:
            continue
    raise StaleOrder(order_id)


async def forget_everywhere(shop: Shop, email: str, *, by: str, reason: str) -> AsyncIterator[Forgotten]:
    """
    Erase a buyer from every order under an address, whatever the case of its letters; yields each order.

    Idempotent: an order that had to be left is tried again by the next call, and one that was done is not found.
    """
    for order_id in await _orders_of(shop, email):
        try:
            await forget_buyer(shop, order_id, by=by, reason=reason)
        except TransitionRefused as refusal:
            yield Forgotten(order_id=order_id, refusal=refusal.reason)
        else:
            yield Forgotten(order_id=order_id, refusal=None)


async def _is_mailed(shop: Shop, order: Order, now: datetime) -> bool:
    """Whether a mail is on its way, or would be if its job had not been lost: the next sweep asks for it again."""
    known = await shop.loose_ends.jobs_of(order.id)
    lacking = lacking_jobs(order, known, now=now, policy=shop.policy)
    return JobName.SEND_MAIL in {job.name for job in known if job.lives} | {job.name for job in lacking}


async def _orders_of(shop: Shop, email: str) -> tuple[OrderId, ...]:
    """All of them before the first is changed: one that is done leaves the list, and would move the pages."""
    found: list[OrderId] = []
    cursor: str | None = None
    while True:
        page = await shop.queries.orders(OrderFilter(email=email), Slice(limit=_ORDERS_AT_ONCE, cursor=cursor))
        found += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)
