"""
The NOWPayments adapter against NOWPayments itself: only with an account of its own, by choice.

    BITLOOT_TEST_NOWPAYMENTS_API_KEY=...  a key of the sandbox (account-sandbox.nowpayments.io)
    BITLOOT_TEST_NOWPAYMENTS_BASE=...     another environment; the sandbox by default

Payments are opened and left to expire; nothing is paid. What nobody can do there from outside (deposits, notices,
faults) skips and says so.
"""

import os
from collections.abc import AsyncIterator
from time import monotonic

import aiohttp
import attrs
import pytest

from bitloot_adapters.nowpayments import NowPaymentsGateway, TokenBucket
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.payment_gateway import PaymentGatewayContract
from bitloot_core.testing.contracts.payment_gateway_world import PaymentGatewayWorld
from bitloot_core.values.secret import Secret

API_KEY = "BITLOOT_TEST_NOWPAYMENTS_API_KEY"
BASE = "BITLOOT_TEST_NOWPAYMENTS_BASE"
SANDBOX = "https://api-sandbox.nowpayments.io/v1"


@attrs.define
class ExternalWorld(PaymentGatewayWorld):
    """The adapter and the real thing."""

    client: NowPaymentsGateway

    @property
    def gateway(self) -> NowPaymentsGateway:
        """The adapter."""
        return self.client


@pytest.mark.external
class TestNowPaymentsItself(PaymentGatewayContract):
    """The suite, as far as the real gateway lets itself be arranged."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[ExternalWorld]:
        """The sandbox under the key from the environment."""
        api_key = os.environ.get(API_KEY)  # noqa: TID251 - no settings of the service are meant
        if not api_key:
            pytest.skip(f"{API_KEY} is not set")
        async with aiohttp.ClientSession() as session:
            yield ExternalWorld(
                NowPaymentsGateway(
                    session=session,
                    api_key=Secret(api_key),
                    ipn_secrets=Secret("unused"),
                    ipn_callback_url="https://shop.example.com/payments/ipn",
                    clock=ManualClock(),
                    rate_limit=TokenBucket(per_second=1, monotonic=monotonic),
                    base_url=os.environ.get(BASE, SANDBOX),  # noqa: TID251 - the same
                )
            )
