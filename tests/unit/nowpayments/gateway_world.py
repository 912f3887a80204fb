"""The adapter of NOWPayments against its simulator."""

from collections.abc import Callable

import attrs

from bitloot_adapters.nowpayments import NowPaymentsGateway
from bitloot_adapters.nowpayments_simulator import ApiError, NowPaymentsSimulator, Refuse
from bitloot_core.order.payments import Invoice
from bitloot_core.testing.clock import ManualClock
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money

API_KEY = "canary-api-key"
IPN_SECRET = "canary-ipn-secret"
CALLBACK = "https://shop.example.test/payments/ipn"
ORDER = OrderId("order7f3k")
PRICE = Money.of("25.98", "EUR")


@attrs.define(kw_only=True)
class Bench:
    """The adapter and the simulator, with what a test turns."""

    simulator: NowPaymentsSimulator
    clock: ManualClock
    connect: Callable[..., NowPaymentsGateway]
    gateway: NowPaymentsGateway

    async def opened(self, coin: str = "btc", price: Money = PRICE, description: str = "x") -> Invoice:
        """Open a payment."""
        return await self.gateway.create_payment(order_id=ORDER, price=price, coin=coin, description=description)

    def asked(self, call: str) -> int:
        """How often a call was made."""
        return len(self.simulator.calls_of(call))


def refusal(status: int, code: str, message: str = "Said by them") -> Refuse:
    """The vendor's JSON envelope."""
    return Refuse(ApiError(status, code, message))
