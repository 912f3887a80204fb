"""
One box for everything that has a name: orders, buyers, purchases, keys, payments, findings, webhooks, products.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from aiohttp import web

from bitloot_core.ports.queries import OrderFilter, OrderRow, Slice, WebhookFilter, WebhookRow
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import GatewayPaymentId, OrderId, ProductId, WebhookId
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import looking, see
from bitloot_http.handlers.console.screen import screen
from bitloot_http.requests import read_query
from bitloot_http.wire.admin import OrderRowView
from bitloot_http.wire.bodies import SearchQuery
from bitloot_http.wire.webhooks import WebhookView

_MOST = 25
_NUMBER = re.compile(r"#?[0-9]{1,18}")


@looking()
async def search(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/search`: a single hit is opened at once, several are listed."""
    asked = (read_query(request, SearchQuery).q or "").strip()
    shop = edge_of(request).shop
    orders = await _orders(shop, asked) if asked else {}
    webhooks = await _webhooks(shop, asked) if asked else {}
    products = await shop.catalogue.products([ProductId(asked)]) if asked else ()
    if len(orders) == 1 and not products:
        return see(f"/console/orders/{next(iter(orders))}")
    if products and not (orders or webhooks):
        return see(f"/console/products/{quote(asked, safe='')}")
    return await screen(
        request,
        visit,
        "search.html",
        asked=asked,
        rows=tuple(map(OrderRowView.of, orders.values())),
        webhooks=tuple(map(WebhookView.of, webhooks.values())),
        products=products,
    )


async def _orders(shop: Shop, asked: str) -> dict[OrderId, OrderRow]:
    """The orders that a text leads to, each once."""
    wanted = [
        OrderFilter(order_id=asked),
        OrderFilter(email=asked),
        OrderFilter(supplier_order_id=asked),
        OrderFilter(supplier_key_id=asked),
    ]
    # A purchase and a finding are named after their order.
    wanted += [OrderFilter(order_id=before) for mark in ("-", ".f") if (before := asked.rpartition(mark)[0])]
    paid = await shop.orders.find_by_payment(GatewayPaymentId(asked))
    if paid is not None:
        wanted.append(OrderFilter(order_id=paid))
    found = [await shop.queries.orders(which, Slice(limit=_MOST)) for which in wanted]
    return {row.id: row for page in found for row in page.items}


async def _webhooks(shop: Shop, asked: str) -> dict[WebhookId, WebhookRow]:
    """The webhooks that a text leads to: what they are about, or the number of one."""
    wanted = [WebhookFilter(external_id=asked)]
    if _NUMBER.fullmatch(asked):
        wanted.append(WebhookFilter(id=WebhookId(int(asked.removeprefix("#")))))
    found = [await shop.queries.webhooks(which, Slice(limit=_MOST)) for which in wanted]
    return {row.id: row for page in found for row in page.items}
