"""
The API of the staff: lists, one order with everything that is known of it, and what a person can decide.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from aiohttp import web

from bitloot_core.order.order import Order
from bitloot_core.ports.queries import ReservationFilter, Slice, WebhookFilter
from bitloot_core.usecases.close_order import cancel_order, record_refund, retry_order
from bitloot_core.usecases.forget_buyer import forget_buyer
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.supplier_status import supplier_status
from bitloot_core.values.ids import OrderId, SupplierOrderId, WebhookId
from bitloot_http.access import Scope, Staff, bearer_of, staff_of
from bitloot_http.edge import edge_of
from bitloot_http.handlers.orders import order_id_of
from bitloot_http.requests import read_json, read_query
from bitloot_http.responses import json_response
from bitloot_http.wire.admin import (
    AdminOrderView,
    KeyAccessList,
    KeyAccessView,
    OrderList,
    OrderRowView,
    ReservationList,
    ReservationView,
    SupplierStatusView,
)
from bitloot_http.wire.bodies import MOST_ROWS, OrdersQuery, ReasonBody, ReservationsQuery, WebhooksQuery
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookList, WebhookView

_LOG = structlog.get_logger("bitloot.admin")

Action: TypeAlias = Callable[[Shop, OrderId, str, str], Awaitable[Order]]


async def orders(request: web.Request) -> web.Response:
    """`GET /admin/orders`."""
    await _staff(request, Scope.READ)
    query = read_query(request, OrdersQuery)
    found = await edge_of(request).shop.queries.orders(query.which, query.part)
    return json_response(
        OrderList(items=tuple(OrderRowView.of(row) for row in found.items), next_cursor=found.next_cursor)
    )


async def order(request: web.Request) -> web.Response:
    """`GET /admin/orders/{orderId}`."""
    await _staff(request, Scope.READ)
    return await _whole_order(edge_of(request).shop, order_id_of(request))


async def act(request: web.Request) -> web.Response:
    """`POST /admin/orders/{orderId}/{action}`; answers the order as it is then."""
    staff = await _staff(request, Scope.OPERATE)
    body = await read_json(request, ReasonBody)
    order_id, action = order_id_of(request), request.match_info["action"]
    shop = edge_of(request).shop
    await ACTIONS[action](shop, order_id, staff.actor, body.reason)
    _LOG.info("action", action=action, order_id=order_id, actor=staff.actor)
    return await _whole_order(shop, order_id)


async def reservations(request: web.Request) -> web.Response:
    """`GET /admin/reservations`."""
    await _staff(request, Scope.READ)
    query = read_query(request, ReservationsQuery)
    found = await edge_of(request).shop.queries.reservations(query.which, query.part)
    return json_response(
        ReservationList(items=tuple(ReservationView.of(row) for row in found.items), next_cursor=found.next_cursor)
    )


async def webhooks(request: web.Request) -> web.Response:
    """`GET /admin/webhook-logs`."""
    await _staff(request, Scope.READ)
    query = read_query(request, WebhooksQuery)
    found = await edge_of(request).shop.queries.webhooks(query.which, query.part)
    return json_response(
        WebhookList(items=tuple(WebhookView.of(row) for row in found.items), next_cursor=found.next_cursor)
    )


async def webhook(request: web.Request) -> web.Response:
    """`GET /admin/webhook-logs/{id}`."""
    await _staff(request, Scope.READ)
    shop, webhook_id = edge_of(request).shop, _webhook_id(request)
    stored = await shop.inbox.get(webhook_id)
    (row,) = (await shop.queries.webhooks(WebhookFilter(id=webhook_id), Slice(limit=1))).items
    return json_response(WebhookDetailView.of_stored(row, stored))


async def replay(request: web.Request) -> web.Response:
    """`POST /admin/webhook-logs/{id}/replay`."""
    staff = await _staff(request, Scope.OPERATE)
    reason = "asked for over the API"
    await replay_webhook(edge_of(request).shop, _webhook_id(request), by=staff.actor, reason=reason)
    _LOG.info("replay", webhook_id=_webhook_id(request), actor=staff.actor)
    return web.Response(status=202)


async def accesses(request: web.Request) -> web.Response:
    """`GET /admin/key-audit/{orderId}`."""
    await _staff(request, Scope.READ)
    shop, order_id = edge_of(request).shop, order_id_of(request)
    await shop.orders.get(order_id)
    found = await shop.queries.accesses(order_id)
    return json_response(
        KeyAccessList(items=tuple(KeyAccessView.of(number, access) for number, access in found), next_cursor=None)
    )


async def kinguin_status(request: web.Request) -> web.Response:
    """`GET /kinguin/status/{reservationId}`."""
    await _staff(request, Scope.READ)
    purchase = await supplier_status(edge_of(request).shop, SupplierOrderId(request.match_info["reservationId"]))
    return json_response(SupplierStatusView.of(purchase))


async def _retry(shop: Shop, order_id: OrderId, by: str, reason: str) -> Order:
    return await retry_order(shop, order_id, by=by, reason=reason)


async def _cancel(shop: Shop, order_id: OrderId, by: str, reason: str) -> Order:
    return await cancel_order(shop, order_id, by=by, reason=reason)


async def _refund(shop: Shop, order_id: OrderId, by: str, reason: str) -> Order:
    return await record_refund(shop, order_id, by=by, reason=reason)


async def _resend(shop: Shop, order_id: OrderId, by: str, reason: str) -> Order:
    return await resend_link(shop, order_id, by=by, reason=reason)


async def _forget(shop: Shop, order_id: OrderId, by: str, reason: str) -> Order:
    return await forget_buyer(shop, order_id, by=by, reason=reason)


ACTIONS: Mapping[str, Action] = {
    "retry": _retry,
    "resend": _resend,
    "cancel": _cancel,
    "refund": _refund,
    "forget": _forget,
}
"""What a person can do to an order so far."""


async def _whole_order(shop: Shop, order_id: OrderId) -> web.Response:
    dossier = await shop.queries.dossier(order_id)
    bought = await shop.queries.reservations(ReservationFilter(order_id=order_id), Slice(limit=MOST_ROWS))
    return json_response(AdminOrderView.of_dossier(dossier, bought.items))


async def _staff(request: web.Request, scope: Scope) -> Staff:
    edge = edge_of(request)
    return await staff_of(
        bearer_of(request),
        scope,
        tokens=edge.tokens,
        bootstrap=edge.settings.admin_token,
        now=edge.shop.clock.now(),
    )


def _webhook_id(request: web.Request) -> WebhookId:
    return WebhookId(int(request.match_info["id"]))
