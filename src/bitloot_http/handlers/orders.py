"""
The API of the buyer: place an order, pay it in another coin, see how it stands, have the link mailed again.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId
from bitloot_http.access import Scope, bearer_of, require_access
from bitloot_http.edge import edge_of
from bitloot_http.handlers.placing import check_key, place_once
from bitloot_http.handlers.staff_door import require_staff
from bitloot_http.rate import bucket_of
from bitloot_http.requests import client_address, read_json, wants_page
from bitloot_http.responses import json_response
from bitloot_http.wire.bodies import PaymentBody, PlaceOrderBody
from bitloot_http.wire.orders import OrderView, PaymentView

BUYER = "buyer"
"""Who asked for a fresh link, in the timeline."""


async def place(request: web.Request) -> web.Response:
    """`POST /orders`."""
    edge = edge_of(request)
    edge.orders_rate.take(bucket_of(client_address(request, edge.settings.trusted_proxies)))
    key = check_key(request.headers.get("Idempotency-Key"))
    body = await read_json(request, PlaceOrderBody)
    placed = await place_once(edge.shop, body, key)
    return json_response(placed.body, status=201)


async def show(request: web.Request) -> web.StreamResponse:
    """`GET /orders/{orderId}`: to its buyer, or to the staff."""
    edge = edge_of(request)
    order_id = order_id_of(request)
    if wants_page(request) and "Authorization" not in request.headers:
        return web.Response(status=303, headers={"Location": f"/orders/{order_id}/page"})
    await _require_buyer_or_staff(request, order_id)
    dossier = await edge.shop.queries.dossier(order_id)
    return json_response(OrderView.of(dossier.order, dossier.timeline))


async def pay(request: web.Request) -> web.Response:
    """`POST /orders/{orderId}/payments`."""
    edge = edge_of(request)
    order_id = order_id_of(request)
    await require_access(edge.shop, bearer_of(request), order_id)
    body = await read_json(request, PaymentBody)
    order = await open_payment(edge.shop, order_id, body.pay_currency)
    shown = PaymentView.all_of(order.payments)
    return json_response(shown[-1], status=201)


async def resend(request: web.Request) -> web.Response:
    """`POST /orders/{orderId}/link`."""
    edge = edge_of(request)
    order_id = order_id_of(request)
    await require_access(edge.shop, bearer_of(request), order_id)
    edge.mails_rate.take(order_id)
    await resend_link(edge.shop, order_id, by=BUYER)
    return web.Response(status=202)


def order_id_of(request: web.Request) -> OrderId:
    """The order that a path names."""
    return OrderId(request.match_info["orderId"])


async def _require_buyer_or_staff(request: web.Request, order_id: OrderId) -> None:
    shop, token = edge_of(request).shop, bearer_of(request)
    try:
        shop.links.verify_access(token)
    except NotFound:
        is_buyer = False
    else:
        is_buyer = True
    if is_buyer:
        await require_access(shop, token, order_id)
    else:
        await require_staff(request, Scope.READ)
