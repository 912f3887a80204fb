"""The payment gateway: whoever turns a fiat price into an address and tells us when coins arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs

from bitloot_core.order.payments import Invoice
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentReading


@attrs.frozen(kw_only=True)
class Coin:
    """
    A coin that a buyer can pay with.

    Attributes:
        code: the gateway's code, lower case.
        name: what people call it.
        network: the chain, if the gateway says so.
    """

    code: str
    name: str
    network: str | None


class PaymentGateway(Protocol):
    """
    Opens payments and tells what became of them.

    Every method may raise `Unavailable` (nothing was done; ask again later).
    """

    async def create_payment(self, *, order_id: OrderId, price: Money, coin: str, description: str) -> Invoice:
        """
        Open a payment. Not idempotent: each call that gets through makes another payment for the same order.

        `description` is sent as ASCII; other characters are replaced.

        Raises:
            Rejected: refused for good. Codes: `below-minimum`, `above-maximum`, `unknown-coin`, `unauthorised`,
                `rejected`.
            Unknown: no usable answer; a payment that we have no name for may exist.
        """
        ...

    async def payment(self, gateway_id: GatewayPaymentId) -> PaymentReading:
        """
        Read one payment back.

        Raises:
            NotFound: the gateway knows no such payment of ours.
        """
        ...

    async def coins(self) -> tuple[Coin, ...]:
        """The coins that can be paid with now, by code. May be a few minutes old."""
        ...

    async def minimum(self, coin: str, currency: str) -> Money | None:
        """
        The smallest price in `currency` (capitals) that the gateway takes in `coin`, a hint; None if it does not say.

        Raises:
            Rejected: the gateway does not know the coin (`unknown-coin`).
        """
        ...

    def verify_notice(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """
        Check that a notice (IPN) is authentic, in constant time, on the raw bytes. Pure.

        `headers` has lower-case names. The dedupe key is the SHA-256 of the canonical body.

        Raises:
            SignatureInvalid: it is not authentic.
        """
        ...

    def read_notice(self, webhook: VerifiedWebhook) -> PaymentReading | None:
        """The payment that an authentic notice describes; None if it describes none (a payout, a probe, garbage)."""
        ...
