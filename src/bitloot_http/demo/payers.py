"""
How buyers pay: each way of the screenplay, carried out at the simulated gateway, with what goes wrong on the way.
"""

from __future__ import annotations

import asyncio
from decimal import ROUND_DOWN, Decimal
from typing import Any, assert_never

import attrs

from bitloot_adapters.nowpayments_simulator import (
    AcceptThenDrop,
    Delay,
    Drop,
    Duplicate,
    NowPaymentsSimulator,
    Reorder,
    Replay,
    WrongSignature,
)
from bitloot_http.demo.board import Board, Row, Voice
from bitloot_http.demo.clients import Browser, Placed
from bitloot_http.demo.screenplay import Notices, Pays, Scene

SHORTFALL = Decimal("0.003")
_STEPS = ("confirming", "confirmed", "sending", "finished")
_THINKING_SECONDS = 0.7
_LOOK_SECONDS = 0.15
_ADOPTION_SECONDS = 20.0


@attrs.frozen
class Payers:
    """
    All buyers, with their wallets.

    Args:
        gateway: where they pay.
        browser: how they reach the shop.
        board: where it is told.
    """

    gateway: NowPaymentsSimulator
    browser: Browser
    board: Board
    _checkout: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def order(self, scene: Scene) -> Placed:
        """Place the order of a scene, in the coin that the buyer thinks of first."""
        cart = {game.id: count for game, count in scene.cart}
        changes = scene.pays in {Pays.AFTER_A_SWITCH, Pays.TWICE}
        coin = scene.other_coin if changes else scene.coin
        async with self._checkout:  # a fault at the gateway is for this order and for no other
            if scene.pays is Pays.WITHOUT_AN_ANSWER:
                self._chaos(scene, "the gateway opens the payment, and its answer is lost")
                self.gateway.faults.next("POST /payment", AcceptThenDrop())
            return await self.browser.place(scene.email, cart, coin, key=f"demo-order-{scene.number:06}")

    async def pay(self, row: Row, placed: Placed) -> None:
        """Pay for it, in the way of the scene; returns when the gateway has said its last word."""
        scene = row.scene
        payment = placed.payment or await self._adopted(placed)
        await asyncio.sleep(_THINKING_SECONDS)
        match scene.pays:
            case Pays.EXACTLY | Pays.WITHOUT_AN_ANSWER:
                await self._send(row, payment)
            case Pays.A_LITTLE_SHORT:
                due = Decimal(payment["payAmount"])
                paid = (due * (1 - SHORTFALL)).quantize(Decimal("0.000001"), ROUND_DOWN)
                self._chaos(scene, f"the buyer sends {paid} of {due} {scene.coin}")
                await self._send(row, payment, paid)
            case Pays.LATE:
                await self.gateway.expire(payment["paymentId"])
                self._chaos(scene, "the payment expires, then the coins come: the gateway sends no notice of that")
                await asyncio.sleep(_THINKING_SECONDS * 2)
                await self._send(row, payment)
            case Pays.AFTER_A_SWITCH:
                self._chaos(scene, f"the buyer changes from {scene.other_coin} to {scene.coin}")
                await self._send(row, await self.browser.ask_payment(placed, scene.coin))
            case Pays.TWICE:
                second = await self.browser.ask_payment(placed, scene.coin)
                await self._send(row, second)
                self._chaos(scene, f"the buyer pays a second time, in {scene.other_coin}")
                await self.gateway.pay(payment["paymentId"])
            case never:
                assert_never(never)

    async def _send(self, row: Row, payment: Any, amount: Decimal | None = None) -> None:
        payment_id = payment["paymentId"]
        self._plan(row.scene, payment_id, Decimal(payment["payAmount"]))
        paid = await self.gateway.pay(payment_id, amount)
        row.paid_at = paid.updated_at.timestamp()

    def _plan(self, scene: Scene, payment_id: str, due: Decimal) -> None:
        """Say what becomes of the notices of a payment."""
        number, plan = int(payment_id), self.gateway.notice_faults
        match scene.notices:
            case Notices.GOOD:
                return
            case Notices.TRIPLED:
                for status in _STEPS:
                    plan.next(Duplicate(times=3), status=status, payment_id=number)
            case Notices.LOST:
                plan.next(Drop(), status="finished", payment_id=number)
            case Notices.SWAPPED:
                plan.next(Reorder(), status="confirming", payment_id=number)
                plan.next(Reorder(), status="sending", payment_id=number)
            case Notices.LATE:
                plan.next(Delay(seconds=2), status="finished", payment_id=number)
            case Notices.REPLAYED:
                plan.next(Replay(), status="finished", payment_id=number)
            case Notices.FORGED:
                paid = float(due)
                self.gateway.notify(number, WrongSignature(), payment_status="finished", actually_paid=paid)
            case never:
                assert_never(never)
        self._chaos(scene, f"NOWPayments: {scene.notices.value}")

    async def _adopted(self, placed: Placed) -> Any:
        """The payment whose opening was never answered, once the shop has found it by its notice."""
        async with asyncio.timeout(_ADOPTION_SECONDS):
            while True:
                payments = (await self.browser.look(placed))["payments"]
                if payments:
                    return payments[0]
                await asyncio.sleep(_LOOK_SECONDS)

    def _chaos(self, scene: Scene, text: str) -> None:
        self.board.tell(Voice.CHAOS, text, scene.number)
