"""
The API of the staff to look: lists, and one order with everything that is known of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from aiohttp import web

from bitloot_core.ports.queries import OrderRow, Page, ReservationRow, Slice, WebhookFilter, WebhookRow
from bitloot_core.ports.store import KeyAccess
from bitloot_core.usecases.supplier_status import supplier_status
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import SupplierOrderId, WebhookId
from bitloot_http.access import Scope
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
from bitloot_http.wire.bodies import ListQuery, OrdersQuery, ReservationsQuery, WebhooksQuery
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookList, WebhookView

_NumberedAccess: TypeAlias = tuple[int, KeyAccess]

ORDERS: Listing[OrderRow] = Listing(name="orders", row=OrderRowView, show=OrderRowView.of, whole=OrderList)
RESERVATIONS: Listing[ReservationRow] = Listing(
    name="reservations", row=ReservationView, show=ReservationView.of, whole=ReservationList
)
ACCESSES: Listing[_NumberedAccess] = Listing(
    name="key-audit", row=KeyAccessView, show=lambda row: KeyAccessView.of(*row), whole=KeyAccessList
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
    """`GET /admin/key-audit/{orderId}`."""
    await require_staff(request, Scope.READ)
    query, shop, order_id = read_query(request, ListQuery), edge_of(request).shop, order_id_of(request)
    await shop.orders.get(order_id)
    found = await shop.queries.accesses(order_id)

    async def read(part: Slice) -> Page[_NumberedAccess]:
        return _cut(found, part)

    return await ACCESSES.answer(request, query, read)


def _cut(found: Sequence[_NumberedAccess], part: Slice) -> Page[_NumberedAccess]:
    """A part of the accesses to one order's keys, of which there are few; the cursor is the last row's id."""
    if part.cursor is not None and not (part.cursor.isascii() and part.cursor.isdecimal()):
        raise InvalidInput("cursor", "is not one that this list gave out")
    after = 0 if part.cursor is None else int(part.cursor)
    rows = [(number, access) for number, access in found if number > after and part.spans(access.at)]
    shown = tuple(rows[: part.limit])
    return Page(items=shown, next_cursor=str(shown[-1][0]) if len(rows) > part.limit else None)


async def kinguin_status(request: web.Request) -> web.Response:
    """`GET /kinguin/status/{reservationId}`."""
    await require_staff(request, Scope.READ)
    purchase = await supplier_status(edge_of(request).shop, SupplierOrderId(request.match_info["reservationId"]))
    return json_response(SupplierStatusView.of(purchase))


def _webhook_id(request: web.Request) -> WebhookId:
    return WebhookId(int(request.match_info["id"]))
