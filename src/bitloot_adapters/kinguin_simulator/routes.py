"""
What each documented call does to the world and what it answers.

One function a call; connections, faults and the API key are `server`'s, the rules are `world`'s.

Source: Kinguin ESA documentation, state July 2025; the 404 for a product out of stock has kind `HttpClient` in a public
issue of the documentation's repository (field report).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime

import attrs

from bitloot_adapters.kinguin_simulator.errors import refuse
from bitloot_adapters.kinguin_simulator.faults import Call
from bitloot_adapters.kinguin_simulator.knobs import KeyOrder, Knobs
from bitloot_adapters.kinguin_simulator.requests import Page, read_order, read_order_query, read_page, read_time
from bitloot_adapters.kinguin_simulator.signing import Webhook
from bitloot_adapters.kinguin_simulator.values import Key, Order, Product
from bitloot_adapters.kinguin_simulator.wire import (
    Json,
    key_json,
    key_state_json,
    list_json,
    order_json,
    product_json,
)
from bitloot_adapters.kinguin_simulator.world import KinguinWorld


@attrs.frozen(kw_only=True)
class Asked:
    """
    What of a request matters to a call.
    """

    order_id: str
    product_id: str
    query: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Answer:
    """
    A 2xx answer; `bought` and `returning` name the order whose follow-up now begins.

    `events` are the webhooks that the call causes; they go out once it has been answered.
    """

    status: int
    payload: Json | list[Json] = attrs.field(repr=False)
    bought: str | None = None
    returning: tuple[str, tuple[Key, ...]] | None = None
    events: tuple[Webhook, ...] = ()


@attrs.frozen(kw_only=True)
class Routes:
    """
    The calls of the API over one world.
    """

    world: KinguinWorld
    knobs: Knobs
    rng: random.Random

    def answer(self, call: Call, asked: Asked) -> Answer:
        """
        Carry one call out.

        Raises:
            Refusal: the API refuses it.
        """
        steps: dict[Call, Callable[[Asked], Answer]] = {
            "POST /v2/order": self._place_order,
            "GET /v1/order/{orderId}": self._show_order,
            "GET /v1/order": self._search_orders,
            "GET /v2/order/{orderId}/keys": self._list_keys,
            "POST /v2/order/{orderId}/keys/return": self._return_keys,
            "GET /v1/balance": self._show_balance,
            "GET /v2/products/{productId}": self._show_product,
            "GET /v1/products": self._search_products,
        }
        return steps[call](asked)

    def _place_order(self, asked: Asked) -> Answer:
        order = self.world.buy(read_order(asked.body))
        return Answer(status=201, payload=order_json(order, self.knobs), bought=order.order_id)

    def _show_order(self, asked: Asked) -> Answer:
        return Answer(status=200, payload=order_json(self.world.order(asked.order_id), self.knobs))

    def _search_orders(self, asked: Asked) -> Answer:
        page = read_page(asked.query)
        found = self.world.search(read_order_query(asked.query))
        shown = [order_json(order, self.knobs) for order in found[page.bounds]]
        return Answer(status=200, payload=list_json(shown, len(found)))

    def _list_keys(self, asked: Asked) -> Answer:
        page = read_page(asked.query)
        order = self.world.order(asked.order_id)
        keys = () if self.knobs.withhold_keys else self._page_of_keys(order, page)
        if self.knobs.downloads_claim:
            self.world.claimed.update(key.key_id for key in keys)
        return Answer(status=200, payload=[key_json(order, key) for key in keys])

    def _page_of_keys(self, order: Order, page: Page) -> tuple[Key, ...]:
        keys = list(order.delivered)
        if self.knobs.key_order is KeyOrder.SHUFFLED:
            self.rng.shuffle(keys)
        shown = keys[page.bounds]
        if self.knobs.key_order is KeyOrder.SHUFFLED_IN_PAGE:
            self.rng.shuffle(shown)
        return tuple(shown)

    def _return_keys(self, asked: Asked) -> Answer:
        keys = self.world.accept_return(asked.order_id)
        payload = [key_state_json(key) for key in keys]
        return Answer(status=200, payload=payload, returning=(asked.order_id, keys))

    def _show_balance(self, _asked: Asked) -> Answer:
        return Answer(status=200, payload={"balance": float(self.world.balance)})

    def _show_product(self, asked: Asked) -> Answer:
        product = self.world.catalog.find(asked.product_id)
        if product is None or not self._is_shown(product):
            raise refuse("HttpClient", "Product not found.")
        return Answer(status=200, payload=product_json(product))

    def _search_products(self, asked: Asked) -> Answer:
        query = asked.query
        page = read_page(query)
        since = read_time(query, "updatedSince")
        found = [
            product
            for product in self.world.catalog.products
            if self._is_shown(product) and _matches(product, query, since)
        ]
        shown = [product_json(product) for product in found[page.bounds]]
        return Answer(status=200, payload=list_json(shown, len(found)))

    def _is_shown(self, product: Product) -> bool:
        return bool(product.stocked) or not self.knobs.hide_sold_out


def _matches(product: Product, query: Mapping[str, str], since: datetime | None) -> bool:
    return (
        _listed(str(product.kinguin_id), query.get("kinguinId"))
        and _listed(product.product_id, query.get("productId"))
        and query.get("name", "").lower() in product.name.lower()
        and query.get("isPreorder") in {None, "yes" if product.is_preorder else "no"}
        and (since is None or product.updated_at >= since)
    )


def _listed(value: str, wanted: str | None) -> bool:
    return wanted is None or value in wanted.split(",")
