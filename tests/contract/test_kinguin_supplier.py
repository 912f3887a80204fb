"""Kinguin's adapter keeps the promises of the port, against the simulator."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal

import aiohttp
import attrs
import pytest

from bitloot_adapters._shared.http_caller import Deadlines
from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_adapters.kinguin_simulator import (
    PNG,
    AcceptThenAlter,
    AcceptThenDrop,
    AcceptThenFail,
    AcceptThenGarble,
    AcceptThenTimeOut,
    Call,
    DropUnheard,
    GatewayPage,
    KeyOrder,
    KinguinSimulator,
    Refuse,
    RunningServer,
    WebhookForm,
)
from bitloot_adapters.kinguin_simulator.signing import (
    Webhook,
    headers_of,
    order_status_event,
    signed_key_event,
    signed_order_event,
)
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.supplier import RELEASE, SupplierContract
from bitloot_core.testing.contracts.supplier_events import SupplierEventsContract
from bitloot_core.testing.contracts.supplier_world import COST, an_item, bought
from bitloot_core.values.errors import Rejected, Unknown
from bitloot_core.values.ids import ExternalRef, OrderId, SupplierOrderId, SupplierProductId, external_ref
from bitloot_core.values.secret import Secret

SECRET = "the-webhook-secret-of-the-shop"
CALLS: dict[str, Call] = {
    "reserve": "POST /v2/order",
    "find": "GET /v1/order",
    "purchases_between": "GET /v1/order",
    "status": "GET /v1/order/{orderId}",
    "keys_of": "GET /v2/order/{orderId}/keys",
    "return_keys": "POST /v2/order/{orderId}/keys/return",
    "balance": "GET /v1/balance",
}
IMPATIENT = Deadlines(total=timedelta(seconds=0.6))


@attrs.define
class KinguinWorld:
    """The adapter, and the simulator behind a real connection."""

    session: aiohttp.ClientSession
    form: WebhookForm = WebhookForm.EVENT_SECRET
    clock: ManualClock = attrs.field(factory=ManualClock)
    simulator: KinguinSimulator = attrs.field()
    server: RunningServer | None = None
    serving: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    stalled: bool = False

    @simulator.default
    def _simulator(self) -> KinguinSimulator:
        """One that lives by the world's clock and delivers when it is told to."""
        simulator = KinguinSimulator(clock=self.clock.now)
        simulator.knobs.delivery_delay = None
        simulator.knobs.key_order = KeyOrder.SHUFFLED
        return simulator

    @property
    def supplier(self) -> KinguinSupplier:
        """An adapter; for the call that is going to stall, one that does not wait long."""
        assert self.server is not None
        stalled, self.stalled = self.stalled, False
        return KinguinSupplier(
            session=self.session,
            api_key=Secret(self.simulator.api_key),
            webhook_secret=Secret(SECRET),
            base_url=self.server.base_url,
            deadlines=IMPATIENT if stalled else None,
        )

    def ref(self, number: int = 1) -> ExternalRef:
        """A reference."""
        return external_ref(OrderId("order7f3k"), number)

    async def in_stock(self, count: int, *, cost: str = COST) -> SupplierProductId:
        """Given text keys."""
        return SupplierProductId(self.simulator.add_product(price=Decimal(cost), stock=count).product_id)

    async def pictures_in_stock(self, count: int) -> SupplierProductId:
        """Given pictures."""
        product = self.simulator.add_product(price=Decimal(COST), stock=count, media_type=PNG)
        return SupplierProductId(product.product_id)

    async def preorder_open(self) -> SupplierProductId:
        """Given a preorder."""
        return SupplierProductId(self.simulator.add_product(price=Decimal(COST), preorder_until=RELEASE).product_id)

    async def has_left(self, balance: str) -> None:
        """Given a balance."""
        self.simulator.balance = Decimal(balance)

    async def deliver(self, supplier_order_id: SupplierOrderId, count: int | None = None) -> None:
        """Given a delivery."""
        self.simulator.deliver(supplier_order_id, count)

    async def cancel(self, supplier_order_id: SupplierOrderId) -> None:
        """Given a cancellation."""
        self.simulator.cancel(supplier_order_id)

    async def refund(self, supplier_order_id: SupplierOrderId) -> None:
        """Given a refund."""
        self.simulator.refund(supplier_order_id)

    async def lose_next_answer(self, call: str) -> None:
        """Given a connection that is cut after the effect."""
        self.simulator.faults.next(CALLS[call], AcceptThenDrop())

    async def fail_next(self, call: str) -> None:
        """Given a 500 after the effect."""
        self.simulator.faults.next(CALLS[call], AcceptThenFail())

    async def contradict_next_purchase(self) -> None:
        """Given an answer that names another reference."""
        self.simulator.faults.next(CALLS["reserve"], AcceptThenAlter(fields={"orderExternalId": "another-1"}))

    async def garble_next(self, call: str) -> None:
        """Given half a JSON document."""
        self.simulator.faults.next(CALLS[call], AcceptThenGarble())

    async def stall_next(self, call: str) -> None:
        """Given an answer that is held back for minutes."""
        self.stalled = True
        self.simulator.faults.next(CALLS[call], AcceptThenTimeOut())

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given a gateway's 429, in HTML."""
        self.simulator.faults.next(CALLS[call], GatewayPage(status=429, retry_after=int(wait.total_seconds())))

    async def drop_next_purchase(self) -> None:
        """Given a connection that is cut before the effect."""
        self.simulator.faults.next(CALLS["reserve"], DropUnheard())

    async def comes_late_next(self) -> None:
        """Given a purchase without an answer that the search does not show for an hour."""
        self.simulator.knobs.search_lag = timedelta(hours=1)
        await self.lose_next_answer("reserve")

    async def late_effects_happen(self) -> None:
        """Given that the hour is over."""
        self.clock.advance(timedelta(hours=1))

    async def accepts_repeats(self) -> None:
        """Given that the external id need not be unique."""
        self.simulator.knobs.accept_repeats = True

    async def go_down(self) -> None:
        """Given that nobody listens."""
        await self.serving.aclose()

    async def come_back(self) -> None:
        """Given that somebody listens again, at the same place."""
        port = self.server.port if self.server else 0
        self.server = await self.serving.enter_async_context(self.simulator.serve(port=port))

    async def time_passes(self, by: timedelta) -> None:
        """Given a later time."""
        self.clock.advance(by)

    async def sold(self, ref: ExternalRef) -> int:
        """How often the simulator charged the balance for it."""
        return len(self.simulator.purchases_of(ref))

    async def event_of(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook of now, in the form of this world."""
        order = self.simulator.order(supplier_order_id)
        plain = self.form is WebhookForm.EVENT_SECRET
        return sent(order_status_event(order) if plain else signed_order_event(order))

    async def event_with_key(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook with a key, which only the signed form has."""
        return sent(signed_key_event(self.simulator.order(supplier_order_id)))

    async def signed(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """An authentic body, in the form of this world."""
        return sent(Webhook(event_name="order.status", form=self.form, body=body))

    async def forged(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """A body vouched for with a guessed secret."""
        return sent(Webhook(event_name="order.status", form=self.form, body=body), secret="a-guess")


def sent(webhook: Webhook, *, secret: str = SECRET) -> tuple[Mapping[str, str], bytes]:
    """A webhook as it arrives."""
    return {name.lower(): value for name, value in headers_of(webhook, secret).items()}, webhook.body


@pytest.fixture
async def kinguin() -> AsyncIterator[KinguinWorld]:
    """A fresh simulator, served."""
    async with aiohttp.ClientSession() as session:
        world = KinguinWorld(session)
        await world.come_back()
        yield world
        await world.go_down()


class TestKinguinSupplier(SupplierContract):
    """The suite, on the simulator."""

    @pytest.fixture
    async def world(self, kinguin: KinguinWorld) -> KinguinWorld:
        """A fresh simulator, with webhooks of the documented form."""
        return kinguin

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("Authorization", "unauthorised"),
            ("ProductUnavailable", "out-of-stock"),
            ("InsufficientBalance", "insufficient-balance"),
            ("Preorder", "preorder"),
        ],
    )
    async def test_a_definite_refusal_is_final(self, world: KinguinWorld, kind: str, code: str) -> None:
        """The kinds that come before anything is bought (documentation: error codes)."""
        item = an_item(await world.in_stock(1))
        world.simulator.faults.next("POST /v2/order", Refuse(kind=kind))

        with pytest.raises(Rejected) as caught:
            await world.supplier.reserve((item,), ref=world.ref())

        assert caught.value.code == code

    @pytest.mark.parametrize(
        "fault",
        [
            Refuse(kind="Error"),
            Refuse(kind="HttpClient"),
            Refuse(kind="Http"),
            Refuse(kind="OrderFailed"),
            Refuse(kind="ResourceLock"),
            Refuse(kind="OrderNotSupported"),
            Refuse(kind="ConstraintViolation", status=422),
            Refuse(kind="ConstraintViolation", status=422, property_path="orderExternalId"),
            Refuse(kind="ProductUnavailable", status=500),
            GatewayPage(status=502),
            GatewayPage(status=503, retry_after=7),
            AcceptThenGarble(body=b"<html>", content_type="text/html"),
            AcceptThenGarble(body=b"", content_type="application/json"),
            AcceptThenGarble(body=b"null", content_type="application/json"),
            AcceptThenAlter(fields={"orderId": None}),
            AcceptThenAlter(fields={"products": []}),
        ],
    )
    async def test_everything_else_is_looked_up(self, world: KinguinWorld, fault: Refuse | GatewayPage) -> None:
        """Whether it had an effect or not is for `find` to say."""
        item = an_item(await world.in_stock(1))
        world.simulator.faults.next("POST /v2/order", fault)

        with pytest.raises(Unknown):
            await world.supplier.reserve((item,), ref=world.ref())

        assert len(await world.supplier.find(world.ref())) == await world.sold(world.ref())
        assert len(world.simulator.calls_to("POST /v2/order")) == 1

    async def test_the_charge_is_what_the_balance_paid(self, world: KinguinWorld) -> None:
        """`paymentPrice`, which may be a string (documentation: order object)."""
        world.simulator.knobs.payment_price_as_text = True
        world.simulator.knobs.discount = Decimal("0.1")
        before = await world.supplier.balance()

        order = await bought(world, 3)

        assert order.purchase.charged.text == "13.50"
        assert await world.supplier.balance() == before - order.purchase.charged

    async def test_a_product_from_two_offers_is_one_product(self, world: KinguinWorld) -> None:
        """The API then lists it twice in the order."""
        product_id = await world.in_stock(1)
        offer = world.simulator.product(product_id).offers[0]
        world.simulator.add_offer(product_id, attrs.evolve(offer, offer_id="second", price=Decimal("5.50"), stock=1))

        purchase = await world.supplier.reserve((an_item(product_id, 2),), ref=world.ref())

        assert purchase.quantities == {product_id: 2}
        assert purchase.charged.text == "10.50"

    async def test_a_wrong_api_key_shows_nothing_of_itself(self, world: KinguinWorld) -> None:
        """Refused for good, with the API's own word for it."""
        item = an_item(await world.in_stock(1))
        supplier = world.supplier
        world.simulator.api_key = "another"

        with pytest.raises(Rejected) as caught:
            await supplier.reserve((item,), ref=world.ref())

        assert str(caught.value) == "supplier: answered 401, Authorization"


class TestKinguinSignedEvents(SupplierEventsContract):
    """The part of the suite about webhooks, with the signed form."""

    @pytest.fixture
    async def world(self, kinguin: KinguinWorld) -> KinguinWorld:
        """A fresh simulator that signs."""
        kinguin.form = WebhookForm.SIGNATURE
        return kinguin
