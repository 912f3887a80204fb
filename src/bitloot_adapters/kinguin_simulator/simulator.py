"""
The simulator as its users hold it: catalogue, verbs, script of faults, webhooks, and the server to talk to.

The world outlives the server: `serve` can be entered again (an outage), and orders that were waiting for their keys
get them then. The rules are in `world`, what follows a call in `desk`, the HTTP in `server`.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
from aiohttp import web

from bitloot_adapters.kinguin_simulator.desk import Desk, SeenCall
from bitloot_adapters.kinguin_simulator.faults import Call, Faults
from bitloot_adapters.kinguin_simulator.knobs import Knobs
from bitloot_adapters.kinguin_simulator.server import BASE_PATH, Server
from bitloot_adapters.kinguin_simulator.signing import product_update_event
from bitloot_adapters.kinguin_simulator.values import TEXT, Offer, Order, Product, Purchase
from bitloot_adapters.kinguin_simulator.webhooks import Webhooks
from bitloot_adapters.kinguin_simulator.world import KinguinWorld

DEFAULT_API_KEY = "simulated-kinguin-api-key"
DEFAULT_BALANCE = Decimal(1000)


def utc_now() -> datetime:
    """
    Return the real time.
    """
    return datetime.now(UTC)  # noqa: TID251  # the default of the injected clock; this package knows no port


@attrs.frozen(kw_only=True)
class RunningServer:
    """
    Where a running simulator listens.
    """

    host: str
    port: int

    @property
    def base_url(self) -> str:
        """
        The base that stands in for `https://gateway.kinguin.net/esa/api`.
        """
        return f"http://{self.host}:{self.port}{BASE_PATH}"


class KinguinSimulator:
    """
    A supplier on loopback that keeps Kinguin's rules and breaks its promises on demand.

    Args:
        clock: the time in the books (creation, release dates, the 24 hours of a return); delays use real time.
        rng: the dice behind ids, serials and random faults; the same seed gives the same run.
        api_key: the only key that is let in.
        balance: EUR prepaid.
        knobs: standing switches; they can be turned later through `simulator.knobs`.

    Attributes:
        faults: the script of faults for calls.
        webhooks: the shop's webhook settings and sender, with its own script in `webhooks.faults`.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        rng: random.Random | None = None,
        api_key: str = DEFAULT_API_KEY,
        balance: Decimal = DEFAULT_BALANCE,
        knobs: Knobs | None = None,
    ) -> None:
        dice = random.Random(0) if rng is None else rng  # reproducible on purpose; nothing here is secret
        self._knobs = Knobs() if knobs is None else knobs
        self.faults = Faults(dice)
        self.webhooks = Webhooks(dice)
        self._clock = clock
        self._world = KinguinWorld(now=clock, rng=dice, knobs=self._knobs, balance=balance)
        self._desk = Desk(
            world=self._world,
            knobs=self._knobs,
            faults=self.faults,
            webhooks=self.webhooks,
            api_key=api_key,
            now=clock,
            rng=dice,
        )

    @asynccontextmanager
    async def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[RunningServer]:
        """
        Answer on that address while the context is open; port 0 takes a free one.
        """
        server = Server(backend=self._desk)
        runner = web.AppRunner(server.app(), access_log=None, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        async with self.webhooks.running():
            try:
                await web.TCPSite(runner, host, port).start()
                self._desk.resume()
                yield RunningServer(host=host, port=runner.addresses[0][1])
            finally:
                server.closing.set()
                self._desk.stop()
                await runner.cleanup()

    @property
    def knobs(self) -> Knobs:
        """
        The standing switches: turn them, do not replace them.
        """
        return self._knobs

    @property
    def api_key(self) -> str:
        """
        The only API key that is let in; setting it shuts out the old one.
        """
        return self._desk.api_key

    @api_key.setter
    def api_key(self, value: str) -> None:
        self._desk.api_key = value

    @property
    def balance(self) -> Decimal:
        """
        The prepaid EUR that are left; setting it tops up or drains the account.
        """
        return self._world.balance

    @balance.setter
    def balance(self, value: Decimal) -> None:
        self._world.balance = value

    @property
    def calls(self) -> tuple[SeenCall, ...]:
        """
        The latest calls that came in, oldest first.
        """
        return tuple(self._desk.calls)

    def calls_to(self, call: Call) -> tuple[SeenCall, ...]:
        """
        Return the latest calls of that name, oldest first.
        """
        return tuple(seen for seen in self._desk.calls if seen.call == call)

    @property
    def purchases(self) -> tuple[Purchase, ...]:
        """
        Every time that the balance was charged, oldest first.
        """
        return self._world.purchases()

    def purchases_of(self, external_id: str) -> tuple[Purchase, ...]:
        """
        Return the purchases under that `orderExternalId`; more than one is what must never happen.
        """
        return self._world.purchases_of(external_id)

    def delivered_serials(self, external_id: str) -> tuple[str, ...]:
        """
        Return the serials that can be downloaded from the orders under that `orderExternalId`.
        """
        return tuple(key.serial for order in self._world.orders_of(external_id) for key in order.delivered)

    def orders(self) -> tuple[Order, ...]:
        """
        Return every order, oldest first.
        """
        return self._world.orders()

    def order(self, order_id: str) -> Order:
        """
        Return that order.
        """
        return self._world.order(order_id)

    def product(self, product_id: str) -> Product:
        """
        Return that product.
        """
        return self._world.catalog.get(product_id)

    def add_product(
        self,
        product_id: str | None = None,
        *,
        name: str = "Simulated Game Steam CD Key",
        price: Decimal = Decimal("5.79"),
        stock: int = 100,
        media_type: str = TEXT,
        wholesale_tiers: tuple[Decimal, ...] = (),
        preorder_until: date | None = None,
        offer_id: str | None = None,
    ) -> Product:
        """
        List a product with one offer.

        Args:
            product_id: the supplier's id; None draws one.
            name: as shown.
            price: EUR for one key.
            stock: keys of the offer.
            media_type: `text/plain` or `image/png`.
            wholesale_tiers: EUR for one key from 10, 50, 100 and 500 keys on; empty switches wholesale off.
            preorder_until: the release date of a preorder.
            offer_id: the supplier's id of the offer; None draws one.
        """
        return self._world.catalog.add(
            self._world.new_object_id() if product_id is None else product_id,
            name=name,
            price=price,
            stock=stock,
            media_type=media_type,
            wholesale_tiers=wholesale_tiers,
            preorder_until=preorder_until,
            offer_id=offer_id,
        )

    def add_offer(self, product_id: str, offer: Offer) -> Product:
        """
        Add a further merchant's offer to a product.
        """
        return self._announced(self._world.catalog.add_offer(product_id, offer))

    def move_price(self, product_id: str, price: Decimal) -> Product:
        """
        Give every offer of a product that price.
        """
        return self._announced(
            self._world.catalog.change_offers(product_id, lambda offer: attrs.evolve(offer, price=price))
        )

    def set_stock(self, product_id: str, stock: int) -> Product:
        """
        Give every offer of a product that stock; 0 sells it out.
        """
        return self._announced(
            self._world.catalog.change_offers(product_id, lambda offer: attrs.evolve(offer, stock=stock))
        )

    def flood_product_updates(self, count: int) -> None:
        """
        Send that many `product.update` webhooks, round and round the catalogue.
        """
        products = self._world.catalog.products
        self._desk.send_all(tuple(product_update_event(products[n % len(products)]) for n in range(count)))

    def deliver(self, order_id: str, count: int | None = None) -> Order:
        """
        Deliver the next `count` keys of an order now, or all of them.
        """
        self._desk.send_all(self._desk.deliver(order_id, count))
        return self.order(order_id)

    def cancel(self, order_id: str, count: int | None = None) -> Order:
        """
        Cancel an order, or `count` of its undelivered keys; delivered keys stay, the rest is credited.
        """
        self._desk.send_all(self._desk.cancel(order_id, count))
        return self.order(order_id)

    def refund(self, order_id: str, count: int | None = None) -> Order:
        """
        Refund an order with all its keys, or `count` of its undelivered keys.
        """
        self._desk.send_all(self._desk.refund(order_id, count))
        return self.order(order_id)

    def release_preorders(self) -> tuple[Order, ...]:
        """
        Deliver the preorders whose release date has come by the simulator's clock, and return them.
        """
        today = self._clock().date()
        due = [
            order
            for order in self.orders()
            if order.is_preorder and order.undelivered and order.lines[0].release_date <= today
        ]
        return tuple(self.deliver(order.order_id) for order in due)

    def claim_keys(self, order_id: str) -> None:
        """
        Mark the delivered keys of an order as claimed, so that they can no longer be returned.
        """
        self._world.claimed.update(key.key_id for key in self.order(order_id).delivered)

    def announce(self, order_id: str) -> None:
        """
        Send the webhook about an order's present status once more.
        """
        self._desk.send_all(self._desk.order_events(self.order(order_id)))

    def _announced(self, product: Product) -> Product:
        self._desk.send_all(self._desk.product_events((product.product_id,)))
        return product
