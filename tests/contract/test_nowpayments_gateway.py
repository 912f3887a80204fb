"""The NOWPayments adapter keeps the promises of the port, against the simulator on loopback."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from random import Random

import aiohttp
import attrs
import pytest

from bitloot_adapters._shared.http_caller import Deadlines
from bitloot_adapters.nowpayments import NowPaymentsGateway, Unlimited
from bitloot_adapters.nowpayments_simulator import (
    SIGNATURE_HEADER,
    AcceptThenAnswer,
    AcceptThenDrop,
    AcceptThenTimeOut,
    Drop,
    HtmlPage,
    NoticeOdds,
    NowPaymentsSimulator,
    RawAnswer,
    Served,
)
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.payment_gateway import PaymentGatewayContract
from bitloot_core.testing.contracts.payment_gateway_world import ORDER, PaymentGatewayWorld, opened
from bitloot_core.testing.payment_gateway import SignedNotice
from bitloot_core.values.errors import Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.secret import Secret

API_KEY = "simulated-key"
IPN_SECRET = "simulated-ipn-secret"
CALLBACK = "https://shop.example.test/payments/ipn"
PATIENT = Deadlines()
IMPATIENT = Deadlines(total=timedelta(seconds=1))


@attrs.define(kw_only=True)
class SimulatorWorld(PaymentGatewayWorld):
    """The adapter, the simulator, and the loopback between them. Notices are read off the simulator's log, not sent."""

    simulator: NowPaymentsSimulator
    session: aiohttp.ClientSession
    clock: ManualClock
    served: Served
    running: AsyncExitStack
    client: NowPaymentsGateway = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Connect as patiently as the service does."""
        self.client = self.connect(PATIENT)

    @property
    def gateway(self) -> NowPaymentsGateway:
        """The adapter."""
        return self.client

    def connect(self, deadlines: Deadlines) -> NowPaymentsGateway:
        """An adapter with these deadlines."""
        return NowPaymentsGateway(
            session=self.session,
            api_key=Secret(API_KEY),
            ipn_secrets=Secret(f"the-next-one,{IPN_SECRET}"),
            ipn_callback_url=CALLBACK,
            clock=self.clock,
            rate_limit=Unlimited(),
            base_url=self.served.base_url,
            deadlines=deadlines,
        )

    async def payments_of(self, order_id: OrderId) -> int:
        """What the simulator has."""
        return len(self.simulator.payments_of(order_id))

    async def pay(self, gateway_id: GatewayPaymentId, amount: Decimal) -> None:
        """The payer sends coins."""
        await self.simulator.pay(gateway_id, amount)

    async def deposit_again(self, gateway_id: GatewayPaymentId) -> GatewayPaymentId:
        """The payer sends coins once more."""
        child = await self.simulator.repeat_deposit(gateway_id)
        return GatewayPaymentId(str(child.payment_id))

    async def set_status(self, gateway_id: GatewayPaymentId, word: str) -> None:
        """The payment is in this state."""
        await self.simulator.set_status(gateway_id, word)

    async def notice_of(self, gateway_id: GatewayPaymentId) -> SignedNotice:
        """A notice by hand, taken before it leaves."""
        self.simulator.notify(gateway_id, Drop())
        return self.last_notice()

    async def notice_of_a_payout(self) -> SignedNotice:
        """A withdrawal, as documented."""
        self.simulator.send_notice(CALLBACK, {"id": "123456789", "status": "FINISHED", "amount": "50"}, Drop())
        return self.last_notice()

    def last_notice(self) -> SignedNotice:
        """What would have left last."""
        notice = self.simulator.sent_notices[-1].notice
        assert notice.signature is not None
        return SignedNotice(
            headers={"content-type": "application/json", SIGNATURE_HEADER: notice.signature}, body=notice.body
        )

    async def go_down(self) -> None:
        """Nobody listens any more."""
        await self.running.aclose()

    async def come_back(self) -> None:
        """Somebody listens again at the same place."""
        await self.running.enter_async_context(self.simulator.serve(port=self.served.port))

    async def lose_next_answer(self) -> None:
        """The connection breaks after the payment was made."""
        self.simulator.faults.next("POST /payment", AcceptThenDrop())

    async def answer_too_late(self) -> None:
        """The payment is made, and nothing more is heard."""
        self.client = self.connect(IMPATIENT)
        await self.client.coins()
        self.simulator.faults.next("POST /payment", AcceptThenTimeOut())

    async def answer_nonsense(self) -> None:
        """A page instead of JSON, after the payment was made, and then on a read."""
        self.simulator.faults.next("POST /payment", AcceptThenAnswer(answer=HtmlPage(status=200, reason="OK")))
        self.simulator.faults.next("GET /payment/{id}", RawAnswer(body=b'{"payment_id": 1', status=200))


class TestNowPaymentsGateway(PaymentGatewayContract):
    """The suite, on the adapter and the simulator."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[SimulatorWorld]:
        """A fresh simulator on a free port."""
        clock = ManualClock()
        simulator = NowPaymentsSimulator(
            api_keys=[API_KEY], ipn_secret=IPN_SECRET, clock=clock.now, rng=Random(7), outcome_currency="btc"
        )
        simulator.notice_faults.odds = NoticeOdds(drop=1)
        # A connection that was kept would break in the middle of a request, and that is Unknown instead of Unavailable.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session, AsyncExitStack() as running:
            served = await running.enter_async_context(simulator.serve())
            yield SimulatorWorld(simulator=simulator, session=session, clock=clock, served=served, running=running)

    async def test_a_proxy_page_after_the_payment_was_made_is_unknown(self, world: SimulatorWorld) -> None:
        """A 502 does not say whether the program behind it has seen the request."""
        await world.gateway.coins()
        world.simulator.faults.next(
            "POST /payment", AcceptThenAnswer(answer=HtmlPage(status=502, reason="Bad Gateway"))
        )

        with pytest.raises(Unknown, match="502"):
            await opened(world)

        assert await world.payments_of(ORDER) == 1
