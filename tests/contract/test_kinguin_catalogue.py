"""Kinguin's catalogue keeps the promises of the port, against the simulator."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal

import aiohttp
import attrs
import pytest

from bitloot_adapters._shared.http_caller import Deadlines
from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_adapters.kinguin.catalogue import KinguinCatalogue
from bitloot_adapters.kinguin_simulator import (
    PNG,
    AcceptThenDrop,
    AcceptThenFail,
    AcceptThenGarble,
    AcceptThenTimeOut,
    Call,
    GatewayPage,
    KinguinSimulator,
    Offer,
    Refuse,
    RunningServer,
    WebhookForm,
)
from bitloot_adapters.kinguin_simulator.signing import Webhook, headers_of, product_update_event
from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.testing.contracts.supplier import RELEASE
from bitloot_core.testing.contracts.supplier_catalogue import SupplierCatalogueContract
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.secret import Secret

SECRET = "the-webhook-secret-of-the-shop"
SEARCH: Call = "GET /v1/products"


@attrs.define
class KinguinShelves:
    """The adapter, and the simulator behind a real connection."""

    session: aiohttp.ClientSession
    simulator: KinguinSimulator = attrs.field(factory=KinguinSimulator)
    server: RunningServer | None = None
    serving: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    stalled: bool = False

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
            deadlines=Deadlines(total=timedelta(seconds=0.6)) if stalled else None,
        )

    @property
    def catalogue(self) -> KinguinCatalogue:
        """Its catalogue."""
        return self.supplier.catalogue

    async def in_stock(self, title: str, count: int = 5, *, cost: str = "5.00") -> SupplierProductId:
        """Given text keys."""
        product = self.simulator.add_product(name=title, price=Decimal(cost), stock=count)
        return SupplierProductId(product.product_id)

    async def pictures_in_stock(self, title: str, count: int) -> SupplierProductId:
        """Given pictures."""
        return SupplierProductId(self.simulator.add_product(name=title, stock=count, media_type=PNG).product_id)

    async def preorder_open(self, title: str) -> SupplierProductId:
        """Given a preorder."""
        return SupplierProductId(self.simulator.add_product(name=title, preorder_until=RELEASE).product_id)

    async def costs(self, product_id: SupplierProductId, cost: str) -> None:
        """Given another price."""
        self.simulator.move_price(product_id, Decimal(cost))

    async def sells_out(self, product_id: SupplierProductId) -> None:
        """Given no stock."""
        self.simulator.set_stock(product_id, 0)

    async def lose_next_answer(self, call: str) -> None:
        """Given a connection that is cut, and once more: the client itself repeats a read that met a closed one."""
        self.simulator.faults.burst(SEARCH, AcceptThenDrop(), 2)

    async def fail_next(self, call: str) -> None:
        """Given a 500."""
        self.simulator.faults.next(SEARCH, AcceptThenFail())

    async def garble_next(self, call: str) -> None:
        """Given half a JSON document."""
        self.simulator.faults.next(SEARCH, AcceptThenGarble(body=b'{"results": [{"productId": "5'))

    async def stall_next(self, call: str) -> None:
        """Given an answer that is held back for minutes."""
        self.stalled = True
        self.simulator.faults.next(SEARCH, AcceptThenTimeOut())

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given a gateway's 429, in HTML."""
        self.simulator.faults.next(SEARCH, GatewayPage(status=429, retry_after=int(wait.total_seconds())))

    async def go_down(self) -> None:
        """Given that nobody listens."""
        await self.serving.aclose()

    async def change_of(self, product_id: SupplierProductId) -> VerifiedWebhook:
        """The documented event, as it would be sent now."""
        return self.heard(product_update_event(self.simulator.product(product_id)))

    async def other_event(self) -> VerifiedWebhook:
        """An order's event that names a product, too."""
        body = b'{"orderId":"PHS84FJAG5U","productId":"5c9b5f6b2539a4e8f172916a","status":"completed"}'
        return self.heard(Webhook(event_name="order.status", form=WebhookForm.EVENT_SECRET, body=body))

    def heard(self, webhook: Webhook) -> VerifiedWebhook:
        """A webhook as it is let in."""
        headers = {name.lower(): value for name, value in headers_of(webhook, SECRET).items()}
        return self.supplier.verify_event(headers, webhook.body)


class TestKinguinCatalogue(SupplierCatalogueContract):
    """The suite, on the simulator."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[KinguinShelves]:
        """A fresh simulator, served."""
        async with aiohttp.ClientSession() as session:
            world = KinguinShelves(session)
            world.server = await world.serving.enter_async_context(world.simulator.serve())
            yield world
            await world.go_down()

    async def test_several_offers_are_the_price_of_what_they_hold(self, world: KinguinShelves) -> None:
        """The dearest that is needed for all of them, the cheapest first, whatever order they are listed in."""
        product_id = await world.in_stock("Quest One", 2, cost="7.00")
        world.simulator.add_offer(product_id, Offer(offer_id="cheap", price=Decimal("5.50"), stock=1))
        world.simulator.add_offer(product_id, Offer(offer_id="gone", price=Decimal("1.00"), stock=0))

        (shown,) = await world.catalogue.products([product_id])

        costs = [shown.cost_of(count, KeyType.TEXT) for count in (1, 2, 3, 4)]
        assert [Money.of("5.50", "EUR"), Money.of("7.00", "EUR"), Money.of("7.00", "EUR"), None] == costs

    async def test_what_is_not_shown_while_sold_out_is_left_out(self, world: KinguinShelves) -> None:
        """Field report: a product without stock can be missing from the API."""
        world.simulator.knobs.hide_sold_out = True
        product_id = await world.in_stock("Quest One", 0)

        assert await world.catalogue.products([product_id]) == ()

    async def test_a_wrong_key_is_told_without_it(self, world: KinguinShelves) -> None:
        """With the API's own word for it."""
        catalogue = world.catalogue
        world.simulator.api_key = "another"

        with pytest.raises(Unavailable) as caught:
            await catalogue.search("quest")

        assert str(caught.value) == "supplier: answered 401, Authorization"

    async def test_a_refused_search_shows_nothing(self, world: KinguinShelves) -> None:
        """A refusal is no empty list."""
        world.simulator.faults.next(SEARCH, Refuse(kind="ConstraintViolation", property_path="name"))

        with pytest.raises(Unavailable):
            await world.catalogue.search("quest")
