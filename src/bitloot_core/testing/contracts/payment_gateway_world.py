"""The world that the suites of a payment gateway run in."""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

import pytest

from bitloot_core.order.payments import Invoice
from bitloot_core.ports.payment_gateway import PaymentGateway
from bitloot_core.testing.payment_gateway import SignedNotice
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import Money

ORDER = OrderId("order7f3k")
PRICE = Money.of("25.98", "EUR")


class PaymentGatewayWorld:
    """
    A payment gateway, and what happens there without us. Override the verbs that can be done; the others skip.

    Attributes:
        coin: one that can be paid with at `PRICE`.
        memo_coin: one whose deposits need a memo.
        tiny: a price below the minimum of `coin`.
    """

    coin = "btc"
    memo_coin = "xrp"
    tiny = Money.of("0.01", "EUR")

    @property
    def gateway(self) -> PaymentGateway:
        """The gateway under test."""
        raise NotImplementedError

    async def payments_of(self, order_id: OrderId) -> int:
        """How many payments the other side has for an order."""
        _cannot("count the payments at the other side")

    async def pay(self, gateway_id: GatewayPaymentId, amount: Decimal) -> None:
        """Given a deposit that went all the way."""
        _cannot("make a deposit")

    async def deposit_again(self, gateway_id: GatewayPaymentId) -> GatewayPaymentId:
        """Given a further deposit to the same address; returns its own name."""
        _cannot("make a further deposit")

    async def set_status(self, gateway_id: GatewayPaymentId, word: str) -> None:
        """Given a payment of which the gateway says this word."""
        _cannot("choose the status of a payment")

    async def notice_of(self, gateway_id: GatewayPaymentId) -> SignedNotice:
        """The notice of a payment's present state."""
        _cannot("see a notice")

    async def notice_of_a_payout(self) -> SignedNotice:
        """An authentic notice that is about no payment."""
        _cannot("see a notice of a payout")

    async def go_down(self) -> None:
        """Given a gateway that cannot be reached."""
        _cannot("go down")

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        _cannot("come back")

    async def lose_next_answer(self) -> None:
        """Given that the next payment is opened, and the connection breaks before the answer."""
        _cannot("lose an answer")

    async def answer_too_late(self) -> None:
        """Given that the next payment is opened, and the answer does not come before our deadline."""
        _cannot("be slow")

    async def answer_nonsense(self) -> None:
        """Given that the next payment is opened, but its answer, and that of the next read, make no sense."""
        _cannot("answer nonsense")


def _cannot(what: str) -> NoReturn:
    pytest.skip(f"this world cannot {what}")


async def opened(world: PaymentGatewayWorld, *, coin: str | None = None) -> Invoice:
    """An open payment."""
    return await world.gateway.create_payment(
        order_id=ORDER, price=PRICE, coin=coin or world.coin, description="Order order7f3k"
    )
