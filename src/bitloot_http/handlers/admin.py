"""
The API of the staff to look: lists, and one order with everything that is known of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from bitloot_core.ports.queries import OrderRow, ReservationRow, Slice, WebhookFilter, WebhookRow
from bitloot_core.usecases.supplier_status import supplier_status
from bitloot_core.values.ids import SupplierOrderId, WebhookId
from bitloot_http.access import Scope
from bitloot_http.csv_export import send_csv, wants_csv
from bitloot_http.edge import edge_of
from bitloot_http.handlers.actions import whole_order
from bitloot_http.handlers.listing import Listing
from bitloot_http.handlers.orders import order_id_of
from bitloot_http.handlers.staff_door import require_staff
from bitloot_http.requests import read_query
from bitloot_http.responses import json_response
from bitloot_http.wire.admin import (
    KeyAccessList,
    KeyAccessView,
    OrderList,
    OrderRowView,
    ReservationList,
    ReservationView,
    SupplierStatusView,
)
from bitloot_http.wire.bodies import FormatQuery, OrdersQuery, ReservationsQuery, WebhooksQuery
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookList, WebhookView

ORDERS: Listing[OrderRow] = Listing(name="orders", row=OrderRowView, show=OrderRowView.of, whole=OrderList)
RESERVATIONS: Listing[ReservationRow] = Listing(
    name="reservations", row=ReservationView, show=ReservationView.of, whole=ReservationList
)
WEBHOOKS: Listing[WebhookRow] = Listing(name="webhook-logs", row=WebhookView, show=WebhookView.of, whole=WebhookList)


async def orders(request: web.Request) -> web.StreamResponse:
    """`GET /admin/orders`."""
    await require_staff(request, Scope.READ)
    query, queries = read_query(request, OrdersQuery), edge_of(request).shop.queries
    return await ORDERS.answer(request, query, lambda part: queries.orders(query.which, part))


async def order(request: web.Request) -> web.Response:
    """`GET /admin/orders/{orderId}`."""
    await require_staff(request, Scope.READ)
    return await whole_order(edge_of(request).shop, order_id_of(request))


async def reservations(request: web.Request) -> web.StreamResponse:
    """`GET /admin/reservations`."""
    await require_staff(request, Scope.READ)
    query, queries = read_query(request, ReservationsQuery), edge_of(request).shop.queries
    return await RESERVATIONS.answer(request, query, lambda part: queries.reservations(query.which, part))


async def webhooks(request: web.Request) -> web.StreamResponse:
    """`GET /admin/webhook-logs`."""
    await require_staff(request, Scope.READ)
    query, queries = read_query(request, WebhooksQuery), edge_of(request).shop.queries
    return await WEBHOOKS.answer(request, query, lambda part: queries.webhooks(query.which, part))


async def webhook(request: web.Request) -> web.Response:
    """`GET /admin/webhook-logs/{id}`."""
    await require_staff(request, Scope.READ)
    shop, webhook_id = edge_of(request).shop, _webhook_id(request)
    stored = await shop.inbox.get(webhook_id)
    (row,) = (await shop.queries.webhooks(WebhookFilter(id=webhook_id), Slice(limit=1))).items
    return json_response(WebhookDetailView.of_stored(row, stored))


async def accesses(request: web.Request) -> web.StreamResponse:
    """`GET /admin/key-audit/{orderId}`; all of them at once, since an order has few."""
    await require_staff(request, Scope.READ)
    query = read_query(request, FormatQuery)
    shop, order_id = edge_of(request).shop, order_id_of(request)
    await shop.orders.get(order_id)
    found = tuple(KeyAccessView.of(number, access) for number, access in await shop.queries.accesses(order_id))
    if wants_csv(request, query.format):
        return await send_csv(request, "key-audit", KeyAccessView, _one_page(found))
    return json_response(KeyAccessList(items=found, next_cursor=None))


async def _one_page(rows: tuple[KeyAccessView, ...]) -> AsyncIterator[tuple[KeyAccessView, ...]]:
    yield rows


async def kinguin_status(request: web.Request) -> web.Response:
    """`GET /kinguin/status/{reservationId}`."""
    await require_staff(request, Scope.READ)
    purchase = await supplier_status(edge_of(request).shop, SupplierOrderId(request.match_info["reservationId"]))
    return json_response(SupplierStatusView.of(purchase))


def _webhook_id(request: web.Request) -> WebhookId:
    return WebhookId(int(request.match_info["id"]))
