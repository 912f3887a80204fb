"""Kinguin's prices, from the simulator over the adapter to the order: nothing above the cap is ever sent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import aiohttp
import attrs
import pytest

from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_adapters.kinguin_simulator import AcceptThenDrop, GatewayPage, KinguinSimulator, Offer
from bitloot_adapters.kinguin_simulator.signing import headers_of, product_update_event
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import PlacedReservation
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.refresh_quotes import note_changes, products_on_offer
from bitloot_core.usecases.staff_actions import rebuy
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.secret import Secret

SECRET = "the-webhook-secret-of-the-shop"
GAME = SupplierProductId("supplier-game")


@attrs.define
class KinguinShop:
    """A shop on fakes whose supplier is Kinguin's adapter, with the simulator behind a real connection."""

    fakes: FakeShop
    simulator: KinguinSimulator
    supplier: KinguinSupplier

    async def settled(self, quantity: int = 1) -> Order:
        """An order that is paid and not bought yet."""
        return await self.fakes.settle((await self.fakes.place(quantity)).id)

    async def reasons(self, order: Order) -> list[FindingReason]:
        """What is open on an order."""
        return [one.reason for one in (await self.fakes.order(order.id)).findings]

    @property
    def sent(self) -> int:
        """How many purchases arrived at the supplier, whatever became of them."""
        return len(self.simulator.calls_to("POST /v2/order"))


@pytest.fixture
async def shop() -> AsyncIterator[KinguinShop]:
    """A game that may cost 10.00, and costs 5.00."""
    fakes = FakeShop()
    await fakes.shop.catalogue.put([a_product()])
    simulator = KinguinSimulator(clock=fakes.clock.now)
    simulator.knobs.delivery_delay = None
    simulator.add_product(GAME, price=Decimal("5.00"), stock=20)
    async with simulator.serve() as server, aiohttp.ClientSession() as session:
        supplier = KinguinSupplier(
            session=session,
            api_key=Secret(simulator.api_key),
            webhook_secret=Secret(SECRET),
            base_url=server.base_url,
        )
        fakes.shop = attrs.evolve(fakes.shop, supplier=supplier, supplier_catalogue=supplier.catalogue)
        yield KinguinShop(fakes, simulator, supplier)


async def test_a_price_within_the_cap_is_bought(shop: KinguinShop) -> None:
    """One look at the reference, one at the price, one purchase."""
    order = await shop.settled()

    await shop.fakes.work()

    assert isinstance((await shop.fakes.order(order.id)).reservations[0], PlacedReservation)
    assert [seen.call for seen in shop.simulator.calls] == ["GET /v1/order", "GET /v1/products", "POST /v2/order"]


async def test_a_price_that_moved_above_the_cap_is_never_sent(shop: KinguinShop) -> None:
    """A person decides; when the price comes down, it is bought anew."""
    order = await shop.settled(2)
    shop.simulator.move_price(GAME, Decimal("10.01"))
    await shop.fakes.work()
    dear = (await shop.reasons(order), shop.sent)

    shop.simulator.move_price(GAME, Decimal("9.99"))
    await rebuy(shop.fakes.shop, order.id, by="admin:ann", reason="the price came down")
    await shop.fakes.work()

    assert dear == ([FindingReason.PRICE_ABOVE_CAP], 0)
    assert await shop.reasons(order) == []
    assert [purchase.charged for purchase in shop.simulator.purchases] == [Decimal("19.98")]


async def test_the_offers_that_are_needed_count(shop: KinguinShop) -> None:
    """One key is cheap, and the second one is not."""
    shop.simulator.set_stock(GAME, 1)
    shop.simulator.add_offer(GAME, Offer(offer_id="dear", price=Decimal("12.00"), stock=5))
    order = await shop.settled(2)

    await shop.fakes.work()

    (finding,) = (await shop.fakes.order(order.id)).findings
    assert finding.reason is FindingReason.PRICE_ABOVE_CAP
    assert "costs 12.00 EUR now" in finding.text
    assert shop.sent == 0


async def test_what_is_sold_out_is_kinguins_to_refuse(shop: KinguinShop) -> None:
    """It is no question of the price."""
    shop.simulator.set_stock(GAME, 0)
    order = await shop.settled()

    await shop.fakes.work()

    assert (await shop.reasons(order), shop.sent) == ([FindingReason.SUPPLIER_REFUSED], 1)


@pytest.mark.parametrize("fault", [GatewayPage(status=503, retry_after=60), AcceptThenDrop()])
async def test_without_a_price_nothing_is_sent(shop: KinguinShop, fault: GatewayPage | AcceptThenDrop) -> None:
    """It is bought when Kinguin can be asked again."""
    shop.simulator.faults.burst("GET /v1/products", fault, 2)
    order = await shop.settled()

    await shop.fakes.work()
    at_first = shop.sent
    await shop.fakes.pass_time(timedelta(minutes=5))

    assert at_first == 0
    assert isinstance((await shop.fakes.order(order.id)).reservations[0], PlacedReservation)
    assert len(shop.simulator.purchases) == 1


async def test_an_update_leads_to_a_look(shop: KinguinShop) -> None:
    """What the event says is not believed; what the API shows is."""
    event = product_update_event(shop.simulator.product(GAME))
    headers = {name.lower(): value for name, value in headers_of(event, SECRET).items()}
    webhook = shop.supplier.verify_event(headers, event.body)
    shop.simulator.set_stock(GAME, 0)

    await receive_webhook(shop.fakes.shop, webhook)
    await note_changes(shop.fakes.shop, [shop.supplier.catalogue.changed_product(webhook) or GAME])
    await shop.fakes.pass_time(timedelta(seconds=30))

    assert b'"qty":20' in event.body
    assert [product.available for product in await products_on_offer(shop.fakes.shop)] == [False]
    assert len(shop.simulator.calls_to("GET /v1/products")) == 1
