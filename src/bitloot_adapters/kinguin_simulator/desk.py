"""
The supplier's staff: what follows a call (deliveries, returns, webhooks), and the verbs that cause it by hand.

It stands between the HTTP face (`server`, whose backend it is), the books (`world`) and the post (`webhooks`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from bitloot_adapters.kinguin_simulator.errors import Refusal
from bitloot_adapters.kinguin_simulator.faults import Call, Fault, Faults
from bitloot_adapters.kinguin_simulator.knobs import Knobs
from bitloot_adapters.kinguin_simulator.routes import Answer, Asked, Routes
from bitloot_adapters.kinguin_simulator.signing import (
    Webhook,
    WebhookForm,
    order_complete_event,
    order_status_event,
    product_update_event,
    signed_key_event,
    signed_order_event,
)
from bitloot_adapters.kinguin_simulator.timers import Timers
from bitloot_adapters.kinguin_simulator.values import Key, Order, OrderStatus
from bitloot_adapters.kinguin_simulator.webhooks import Webhooks
from bitloot_adapters.kinguin_simulator.wire import time_text
from bitloot_adapters.kinguin_simulator.world import KinguinWorld

REMEMBERED_CALLS = 100_000


@attrs.frozen(kw_only=True)
class SeenCall:
    """
    One call that came in: its name, its path, and the status it was answered with (None: the connection was cut).
    """

    call: Call
    path: str
    status: int | None


@attrs.define(kw_only=True)
class Desk:
    """
    The backend of the server and the owner of everything that happens later.
    """

    world: KinguinWorld
    knobs: Knobs
    faults: Faults
    webhooks: Webhooks
    api_key: str = attrs.field(repr=False)
    now: Callable[[], datetime]
    rng: random.Random
    calls: deque[SeenCall] = attrs.field(factory=lambda: deque(maxlen=REMEMBERED_CALLS))
    _timers: Timers = attrs.field(factory=Timers)
    _routes: Routes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._routes = Routes(world=self.world, knobs=self.knobs, rng=self.rng)

    def knows(self, api_key: str | None) -> bool:
        """
        Tell whether the API key is the shop's.
        """
        return api_key == self.api_key

    def fault(self, call: Call) -> Fault | None:
        """
        Return the fault that this call meets.
        """
        return self.faults.take(call)

    def latency(self) -> timedelta:
        """
        Return how long the answer to one call takes.
        """
        if not self.knobs.latency_jitter:
            return self.knobs.latency
        return self.knobs.latency + self.rng.random() * self.knobs.latency_jitter

    def frame(self) -> tuple[str, str]:
        """
        Return the trace id and the time that an error object carries.
        """
        return f"{self.rng.getrandbits(40):010x}", time_text(self.now())

    def answered(self, call: Call, path: str, status: int | None) -> None:
        """
        Take note of a call.
        """
        self.calls.append(SeenCall(call=call, path=path, status=status))

    def answer(self, call: Call, asked: Asked) -> Answer:
        """
        Carry the call out; what follows without delay has happened when this returns, only the webhooks have not.

        The answer still says what the supplier knew when the call came in: an order is `processing`.
        """
        answer = self._routes.answer(call, asked)
        if answer.bought is not None:
            return attrs.evolve(answer, events=self._after_purchase(self.world.order(answer.bought)))
        if answer.returning is not None:
            return attrs.evolve(answer, events=self._after_return(*answer.returning))
        return answer

    def announce(self, answer: Answer) -> None:
        """
        Send the webhooks that a call caused.
        """
        self.send_all(answer.events)

    def later(self, delay: timedelta, call: Call, asked: Asked) -> None:
        """
        Carry the call out when the delay has passed; a refusal then has nobody to hear it.
        """

        def act() -> None:
            try:
                answer = self.answer(call, asked)
            except Refusal:
                return
            self.announce(answer)

        self._timers.after(delay, act)

    async def tell_first(self, answer: Answer, within: timedelta) -> None:
        """
        Deliver what the answer's order bought, if that has not happened, and send its webhooks now.
        """
        events = answer.events
        if answer.bought is not None:
            events += self.deliver(answer.bought, None)
        await self.webhooks.send_and_wait(events, within)

    def deliver(self, order_id: str, count: int | None) -> tuple[Webhook, ...]:
        """
        Deliver keys and return the webhooks that this causes.
        """
        return self._noting(order_id, lambda: self.world.deliver(order_id, count))

    def cancel(self, order_id: str, count: int | None) -> tuple[Webhook, ...]:
        """
        Cancel keys or the order and return the webhooks that this causes.
        """
        return self._noting(order_id, lambda: self.world.cancel(order_id, count))

    def refund(self, order_id: str, count: int | None) -> tuple[Webhook, ...]:
        """
        Refund keys or the order and return the webhooks that this causes.
        """
        return self._noting(order_id, lambda: self.world.refund(order_id, count))

    def send_all(self, events: tuple[Webhook, ...]) -> None:
        """
        Queue webhooks.
        """
        for event in events:
            self.webhooks.send(event)

    def order_events(self, order: Order) -> tuple[Webhook, ...]:
        """
        Return the webhooks that tell an order's present status.
        """
        if self.webhooks.form is WebhookForm.SIGNATURE:
            event = signed_key_event(order) if self.webhooks.with_key else signed_order_event(order)
        else:
            event = order_status_event(order)
        if self.webhooks.announce_complete and order.status is OrderStatus.COMPLETED:
            return event, order_complete_event(order)
        return (event,)

    def product_events(self, product_ids: tuple[str, ...]) -> tuple[Webhook, ...]:
        """
        Return the webhooks about a change of these products, none while they are switched off.
        """
        if not self.webhooks.announce_products:
            return ()
        return tuple(product_update_event(self.world.catalog.get(product_id)) for product_id in product_ids)

    def resume(self) -> None:
        """
        Take up the deliveries that a stopped server left undone.
        """
        for order in self.world.orders():
            if order.undelivered and order.closed_as is None and not order.is_preorder:
                self.send_all(self._schedule(order.order_id))

    def stop(self) -> None:
        """
        Drop everything that was to happen later.
        """
        self._timers.drop()

    def _after_purchase(self, order: Order) -> tuple[Webhook, ...]:
        events = self.order_events(order) if self.webhooks.announce_processing else ()
        events += self.product_events(tuple(dict.fromkeys(line.product_id for line in order.lines)))
        return events if order.is_preorder else events + self._schedule(order.order_id)

    def _schedule(self, order_id: str) -> tuple[Webhook, ...]:
        delay = self.knobs.delivery_delay
        if delay is None:
            return ()
        if not delay:
            return self._ship(order_id)
        self._timers.after(delay, lambda: self.send_all(self._ship(order_id)))
        return ()

    def _ship(self, order_id: str) -> tuple[Webhook, ...]:
        interval = self.knobs.key_interval
        if not interval:
            return self.deliver(order_id, None)
        events = self.deliver(order_id, 1)
        order = self.world.order(order_id)
        if order.undelivered and order.closed_as is None:
            self._timers.after(interval, lambda: self.send_all(self._ship(order_id)))
        return events

    def _after_return(self, order_id: str, keys: tuple[Key, ...]) -> tuple[Webhook, ...]:
        def give_back() -> tuple[Webhook, ...]:
            return self._noting(order_id, lambda: self.world.give_back(order_id, keys))

        if not self.knobs.return_delay:
            return give_back()
        self._timers.after(self.knobs.return_delay, lambda: self.send_all(give_back()))
        return ()

    def _noting(self, order_id: str, step: Callable[[], Order]) -> tuple[Webhook, ...]:
        before = self.world.order(order_id).status
        after = step()
        return () if after.status is before else self.order_events(after)
