"""
The one loop behind every write: read, decide, commit, and decide again if somebody else was quicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from bitloot_core.order.commands import OrderCommand
from bitloot_core.order.decide import decide
from bitloot_core.order.effects import effects_of, entries_of
from bitloot_core.order.events import OrderEvent, OrderPlaced, ReservationClaimed
from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.transitions import evolve, place
from bitloot_core.ports.store import Change
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import StaleOrder
from bitloot_core.values.ids import OrderId

MOST_TRIES = 25
"""Two writers that meet again and again are a fault somewhere else; this ends the loop."""


def change_of(before: Order, events: Sequence[OrderEvent], *, at: datetime, policy: Policy) -> Change:
    """Apply events and gather what follows from each, as one change."""
    order = before
    jobs: list[JobRequest] = []
    ledger: list[LedgerEntry] = []
    claims = False
    for event in events:
        after = evolve(order, event)
        jobs += effects_of(event, after, policy)
        ledger += entries_of(event, order, after)
        claims = claims or isinstance(event, ReservationClaimed)
        order = after
    return Change(
        at=at,
        before=before,
        after=order,
        events=tuple(events),
        jobs=tuple(jobs),
        ledger=tuple(ledger),
        budget=policy.budget if claims else None,
    )


def placing(event: OrderPlaced, more: Sequence[OrderEvent], *, policy: Policy) -> Change:
    """The change that stores a new order, with what else happened in the same breath."""
    order = place(event)
    rest = change_of(order, more, at=event.at, policy=policy)
    return attrs.evolve(
        rest, before=None, events=(event, *rest.events), jobs=(*effects_of(event, order, policy), *rest.jobs)
    )


def decide_all(order: Order, commands: Sequence[OrderCommand], *, now: datetime, policy: Policy) -> Change:
    """Decide commands one after another, each on what the one before led to."""
    change = Change(at=now, before=order, after=order)
    for command in commands:
        current = change.after or order
        step = change_of(current, decide(current, command, now=now, policy=policy), at=now, policy=policy)
        change = attrs.evolve(
            change,
            after=step.after,
            events=(*change.events, *step.events),
            jobs=(*change.jobs, *step.jobs),
            ledger=(*change.ledger, *step.ledger),
            budget=change.budget or step.budget,
        )
    return change


async def commit(shop: Shop, change: Change) -> Order:
    """Write a change, ring for the jobs that it made due, and return the order as it now is."""
    committed = await shop.orders.commit(change)
    if committed.due:
        await shop.notifier.ring(committed.due)
    order = committed.order or change.after
    if order is None:
        raise ValueError("a change without an order has none to return")
    return order


async def change_order(shop: Shop, order_id: OrderId, *commands: OrderCommand, deed: Deed | None = None) -> Order:
    """
    Carry out commands on an order; all of them in one write.

    Args:
        deed: what a person of the staff does by it; written down if it changes anything.

    Raises:
        NotFound: there is no such order.
        TransitionRefused: its state forbids one of them; nothing was written.
        StaleOrder: others were quicker every time.
    """
    for _ in range(MOST_TRIES):
        order = await shop.orders.get(order_id)
        change = decide_all(order, commands, now=shop.clock.now(), policy=shop.policy)
        if not change.events:
            return order
        if deed is not None:
            change = attrs.evolve(change, acts=(deed.done(at=change.at, order_id=order_id),))
        try:
            return await commit(shop, change)
        except StaleOrder:
            continue
    raise StaleOrder(order_id)
