"""
How the supplier delivers: each way of the screenplay, carried out at the simulated Kinguin, and its bad days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import assert_never

import attrs

from bitloot_adapters.kinguin_simulator import (
    AcceptThenTimeOut,
    Call,
    DelayWebhook,
    DuplicateWebhook,
    Fault,
    ForgeWebhook,
    GatewayPage,
    KinguinSimulator,
    Order,
    SkipWebhook,
    WebhookFault,
    WebhookFirst,
    WebhookForm,
)
from bitloot_http.demo.board import Board, Voice
from bitloot_http.demo.screenplay import Delivery, Scene

_LOOK_SECONDS = 0.05
_PACKING_SECONDS = 0.6
_TRICKLE_SECONDS = 0.4
_RELEASE_SECONDS = 3.0
_TOLD: Mapping[Delivery, str] = {Delivery.RELEASE: "the game is released"}
"""Where the moment asks for other words than the programme."""
_BUY: Call = "POST /v2/order"
_KEYS: Call = "GET /v2/order/{orderId}/keys"


@attrs.frozen(kw_only=True)
class BadMoment:
    """Something that befalls the next calls of the supplier's API."""

    call: Call
    fault: Fault
    text: str
    times: int = 1


_BAD_MOMENTS: Mapping[int, BadMoment] = {
    1: BadMoment(
        call=_BUY,
        fault=AcceptThenTimeOut(hold=timedelta(seconds=6)),
        text="Kinguin will take the next purchase and never answer",
    ),
    2: BadMoment(call=_BUY, fault=GatewayPage(status=503), text="Kinguin's gateway will answer a purchase with 503"),
    4: BadMoment(
        call=_KEYS, fault=GatewayPage(status=503), text="Kinguin will answer 503 to the next 4 looks for keys", times=4
    ),
    6: BadMoment(call=_BUY, fault=WebhookFirst(), text="Kinguin's webhook will overtake the answer to a purchase"),
}
"""What follows after so many purchases; begins anew every `_BAD_DAY` purchases."""
_BAD_DAY = 16


@attrs.define
class Merchant:
    """
    The supplier's staff.

    Args:
        kinguin: where they work.
        board: where it is told.
    """

    kinguin: KinguinSimulator
    board: Board
    lost_webhooks: int = 0
    _seen: int = 0
    _purchases: int = 0
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set)

    async def work(self) -> None:
        """Deliver what is bought, until cancelled."""
        try:
            while True:
                for order in self.kinguin.orders()[self._seen :]:
                    self._seen += 1
                    self._start(order)
                self._worsen()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()

    def _worsen(self) -> None:
        """Let something go wrong after certain purchases."""
        while self._purchases < len(self.kinguin.purchases):
            self._purchases += 1
            moment = _BAD_MOMENTS.get(self._purchases % _BAD_DAY)
            if moment is not None:
                self.kinguin.faults.burst(moment.call, moment.fault, moment.times)
                self.board.tell(Voice.CHAOS, moment.text)

    def _start(self, order: Order) -> None:
        scene = self._scene_of(order)
        if scene is not None:
            task = asyncio.get_running_loop().create_task(self._deliver(order, scene))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _scene_of(self, order: Order) -> Scene | None:
        number = self.board.number_of((order.external_id or "").rpartition("-")[0])
        return None if number is None else self.board.rows[number].scene

    async def _deliver(self, order: Order, scene: Scene) -> None:
        await asyncio.sleep(_RELEASE_SECONDS if scene.delivery is Delivery.RELEASE else _PACKING_SECONDS)
        if not self.kinguin.order(order.order_id).undelivered:
            return  # delivered before the purchase was answered
        if scene.delivery is not Delivery.GOOD:
            self.board.tell(Voice.CHAOS, f"Kinguin: {_TOLD.get(scene.delivery, scene.delivery.value)}", scene.number)
        while scene.delivery is Delivery.TRICKLE and len(self.kinguin.order(order.order_id).undelivered) > 1:
            self.kinguin.deliver(order.order_id, 1)
            await asyncio.sleep(_TRICKLE_SECONDS)
        self._announce(order, scene)

    def _announce(self, order: Order, scene: Scene) -> None:
        """Hand over the (last) keys; the webhook that this causes meets its fault, since nothing else runs between."""
        webhooks = self.kinguin.webhooks
        webhooks.form = WebhookForm.SIGNATURE if scene.number % 2 else WebhookForm.EVENT_SECRET
        fault = _fault_of(scene.delivery)
        if isinstance(fault, SkipWebhook | ForgeWebhook):
            self.lost_webhooks += 1
        webhooks.faults.next(fault)
        self.kinguin.deliver(order.order_id)


def _fault_of(delivery: Delivery) -> WebhookFault | None:
    match delivery:
        case Delivery.GOOD | Delivery.TRICKLE | Delivery.RELEASE:
            return None
        case Delivery.TRIPLED:
            return DuplicateWebhook(times=3)
        case Delivery.LOST:
            return SkipWebhook()
        case Delivery.LATE:
            return DelayWebhook(by=timedelta(seconds=2))
        case Delivery.FORGED:
            return ForgeWebhook()
        case never:
            assert_never(never)
