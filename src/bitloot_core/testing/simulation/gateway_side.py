"""
What the payment gateway does: coins come, step by step; payments run out; and a notice goes out about each step.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

from bitloot_core.ports.inbox import Source
from bitloot_core.testing.simulation.network import run_through
from bitloot_core.testing.simulation.post import Post
from bitloot_core.testing.simulation.scene import VALIDITY, Scene
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.reading import PaymentReading, PaymentWord

_STEP = Decimal("0.00000001")
_ON_THE_WAY = (PaymentWord.CONFIRMING, PaymentWord.CONFIRMED, PaymentWord.SENDING)


class GatewaySide:
    """The payment gateway's own business."""

    def __init__(self, scene: Scene, post: Post) -> None:
        self._scene = scene
        self._post = post
        self._gateway = scene.gateway
        self._seen: set[GatewayPaymentId] = set()

    def reading(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """A payment as it truly is."""
        found: PaymentReading = run_through(self._gateway.payment(gateway_id))
        return found

    def opened(self, order_id: OrderId) -> None:
        """A payment has just been opened, whether anybody hears of it or not."""
        for gateway_id in self._gateway.payments_of(order_id):
            if gateway_id not in self._seen:
                self._seen.add(gateway_id)
                self._scene.history.add("gateway", f"opens payment {gateway_id}", order_id)
                self._scene.act(self._run_out(gateway_id, order_id))

    async def _run_out(self, gateway_id: GatewayPaymentId, order_id: OrderId) -> None:
        scene = self._scene
        lie_at, size = scene.chance.pair("lie", gateway_id)
        if scene.fates.strikes(scene.weather.lie, "notice lies", str(gateway_id)):
            await asyncio.sleep(lie_at * 1_800)
            self._lie(gateway_id, order_id)
        await asyncio.sleep(VALIDITY.total_seconds() * (0.9 + 0.1 * size))
        if self.reading(gateway_id).word is PaymentWord.WAITING:
            self._gateway.expire(gateway_id)
            self.tell(gateway_id, order_id)

    async def deposit(self, gateway_id: GatewayPaymentId, order_id: OrderId, share: str = "1") -> None:
        """Coins come to a payment: so many times what is due."""
        scene, due = self._scene, self.reading(gateway_id).pay_amount or Decimal(0)
        paid = (due * Decimal(share)).quantize(_STEP)
        scene.history.add("buyer", f"pays {paid} of {due} on {gateway_id}", order_id)
        for word in _ON_THE_WAY:
            await asyncio.sleep(5 + 60 * scene.chance.fraction("confirms", gateway_id, word, share))
            if self.reading(gateway_id).word in (PaymentWord.WAITING, *_ON_THE_WAY):
                self._gateway.set_status(gateway_id, word, actually_paid=paid)
                self.tell(gateway_id, order_id)
        if paid >= due:
            scene.facts.was_paid[gateway_id] = paid
        self._gateway.pay(gateway_id, paid)
        self.tell(gateway_id, order_id)

    async def deposit_again(self, gateway_id: GatewayPaymentId, order_id: OrderId, *, coin: str | None = None) -> None:
        """More coins come to the same address: a payment of its own, which looks paid."""
        await asyncio.sleep(5 + 60 * self._scene.chance.fraction("again", gateway_id))
        child = self._gateway.deposit_again(gateway_id, coin=coin)
        self._seen.add(child)
        self._scene.history.add("buyer", f"pays again on {gateway_id}: payment {child}", order_id)
        self.tell(child, order_id)

    def ends(self, gateway_id: GatewayPaymentId, order_id: OrderId, word: PaymentWord, **changes: Any) -> None:
        """A payment ends, or is found to be strange."""
        self._gateway.set_status(gateway_id, word, **changes)
        self._scene.history.add("gateway", f"calls payment {gateway_id} {word}", order_id)
        self.tell(gateway_id, order_id)

    def tell(self, gateway_id: GatewayPaymentId, order_id: OrderId) -> None:
        """Send a notice of how a payment stands now."""
        notice = self._gateway.notice_for(gateway_id)
        about = f"notice {gateway_id} {self.reading(gateway_id).raw_word}"
        self._post.send(Source.NOWPAYMENTS, notice.headers, notice.body, order_id=order_id, about=about)

    def _lie(self, gateway_id: GatewayPaymentId, order_id: OrderId) -> None:
        """An authentic notice of money that is not there: what a stolen secret, or a fault of the gateway, can make."""
        fields = json.loads(self._gateway.notice_for(gateway_id).body)
        fields |= {"word": "finished", "raw_word": "finished", "actually_paid": fields["pay_amount"]}
        notice = self._gateway.signed(json.dumps(fields, sort_keys=True).encode())
        self._scene.history.fault("notice lies", "gateway", f"says that {gateway_id} is finished", order_id)
        self._post.send(
            Source.NOWPAYMENTS, notice.headers, notice.body, order_id=order_id, about=f"lie about {gateway_id}"
        )
