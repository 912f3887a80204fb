"""
One box for everything: an order, a buyer's address, a purchase under our name or the supplier's, a payment, a webhook.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.ports.queries import OrderFilter, OrderRow, Slice, WebhookFilter
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import looking, see
from bitloot_http.handlers.console.screen import screen
from bitloot_http.requests import read_query
from bitloot_http.wire.admin import OrderRowView
from bitloot_http.wire.bodies import SearchQuery
from bitloot_http.wire.webhooks import WebhookView

_MOST = 25


@looking()
async def search(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/search`: one order is opened at once, several hits are listed."""
    asked = (read_query(request, SearchQuery).q or "").strip()
    shop = edge_of(request).shop
    orders = await _orders(shop, asked) if asked else {}
    webhooks = await shop.queries.webhooks(WebhookFilter(external_id=asked), Slice(limit=_MOST)) if asked else None
    if len(orders) == 1:
        return see(f"/console/orders/{next(iter(orders))}")
    return await screen(
        request,
        visit,
        "search.html",
        asked=asked,
        rows=tuple(map(OrderRowView.of, orders.values())),
        webhooks=() if webhooks is None else tuple(map(WebhookView.of, webhooks.items)),
    )


async def _orders(shop: Shop, asked: str) -> dict[OrderId, OrderRow]:
    """The orders that a text leads to, each once."""
    wanted = [OrderFilter(order_id=asked), OrderFilter(email=asked), OrderFilter(supplier_order_id=asked)]
    of_reference = asked.rpartition("-")[0]
    if of_reference:
        wanted.append(OrderFilter(order_id=of_reference))
    paid = await shop.orders.find_by_payment(GatewayPaymentId(asked))
    if paid is not None:
        wanted.append(OrderFilter(order_id=paid))
    found = [await shop.queries.orders(which, Slice(limit=_MOST)) for which in wanted]
    return {row.id: row for page in found for row in page.items}
