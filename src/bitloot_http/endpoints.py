"""
The API, endpoint by endpoint: what the router is built from is what `/openapi.json` prints.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import attrs
from aiohttp import web

from bitloot_http.handlers import admin, catalogue, delivery, health, orders, webhooks
from bitloot_http.wire.admin import (
    AdminOrderView,
    KeyAccessList,
    OrderList,
    ReservationList,
    SupplierStatusView,
)
from bitloot_http.wire.bodies import (
    OrdersQuery,
    PaymentBody,
    PlaceOrderBody,
    ReasonBody,
    ReservationsQuery,
    WebhooksQuery,
)
from bitloot_http.wire.catalogue import CoinList, ProductList, ProductsQuery
from bitloot_http.wire.orders import OrderPlacedView, OrderView, PaymentView, RevealedView
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookList

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(enum.Enum):
    """Who may call an endpoint; the value says it to people."""

    ANYBODY = "anybody"
    BUYER = "the buyer, with the order's access token"
    BUYER_OR_STAFF = "the buyer, with the order's access token; or the staff"
    LINK = "whoever has the delivery link"
    SENDER = "the vendor, who signs"
    READ = "the staff, with the scope `read`"
    OPERATE = "the staff, with the scope `operate`"
    MACHINE = "this machine, or whoever has METRICS_TOKEN"

    @property
    def is_by_token(self) -> bool:
        """Whether a bearer token is asked for."""
        return self in {Access.BUYER, Access.BUYER_OR_STAFF, Access.READ, Access.OPERATE}


@attrs.frozen(kw_only=True)
class Parameter:
    """A part of a path: what it must look like to be matched at all, and what it means."""

    pattern: str
    text: str


PARAMETERS: Mapping[str, Parameter] = {
    "orderId": Parameter(pattern="[A-Za-z0-9._-]{1,64}", text="The order."),
    "token": Parameter(pattern="[^/]{1,512}", text="The token of the delivery link."),
    "reservationId": Parameter(pattern="[A-Za-z0-9._:-]{1,128}", text="The supplier's name of the purchase."),
    "id": Parameter(pattern="[0-9]{1,18}", text="The number of the row."),
    "action": Parameter(pattern="|".join(admin.ACTIONS), text=f"One of {', '.join(admin.ACTIONS)}."),
}


@attrs.frozen(kw_only=True)
class Endpoint:
    """
    One thing that can be asked.

    Attributes:
        group: the chapter of `/docs`.
        status: that of success.
        answer: what it answers then; None for an empty body.
        headers: what it reads from the headers, with their meaning.
        problems: the statuses that it can refuse with, besides 500.
    """

    method: str
    path: str
    handler: Handler
    group: str
    summary: str
    access: Access = Access.ANYBODY
    status: int = 200
    body: type[Any] | None = None
    query: type[Any] | None = None
    answer: type[Any] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    problems: tuple[int, ...] = ()


_SHOP, _WEBHOOKS, _STAFF, _HEALTH = "Shop", "Webhooks", "Staff", "Health"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="get",
        path="/products",
        handler=catalogue.products,
        group=_SHOP,
        summary="What can be bought.",
        query=ProductsQuery,
        answer=ProductList,
        problems=(422, 503),
    ),
    Endpoint(
        method="get",
        path="/coins",
        handler=catalogue.coins,
        group=_SHOP,
        summary="What it can be paid with.",
        answer=CoinList,
        problems=(503,),
    ),
    Endpoint(
        method="post",
        path="/orders",
        handler=orders.place,
        group=_SHOP,
        summary="Place an order, and open its payment if a coin is named.",
        status=201,
        body=PlaceOrderBody,
        answer=OrderPlacedView,
        headers={"Idempotency-Key": "16 to 255 characters: the same key and body are answered the same for 24 hours."},
        problems=(400, 409, 413, 415, 422, 429, 503),
    ),
    Endpoint(
        method="get",
        path="/orders/{orderId}",
        handler=orders.show,
        group=_SHOP,
        summary="How an order stands.",
        access=Access.BUYER_OR_STAFF,
        answer=OrderView,
        problems=(401, 403, 404, 503),
    ),
    Endpoint(
        method="post",
        path="/orders/{orderId}/payments",
        handler=orders.pay,
        group=_SHOP,
        summary="Another coin, or another try.",
        access=Access.BUYER,
        status=201,
        body=PaymentBody,
        answer=PaymentView,
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 503),
    ),
    Endpoint(
        method="post",
        path="/orders/{orderId}/link",
        handler=orders.resend,
        group=_SHOP,
        summary="Mail a fresh delivery link to the address on the order; it revokes the earlier ones.",
        access=Access.BUYER,
        status=202,
        problems=(401, 403, 404, 409, 429, 503),
    ),
    Endpoint(
        method="post",
        path="/delivery/{token}/reveal",
        handler=delivery.reveal,
        group=_SHOP,
        summary="Show the keys that are ready. Ask for application/json; a browser gets a page.",
        access=Access.LINK,
        answer=RevealedView,
        problems=(403, 404, 409, 410, 503),
    ),
    Endpoint(
        method="post",
        path="/payments/ipn",
        handler=webhooks.ipn,
        group=_WEBHOOKS,
        summary="NOWPayments tells how a payment stands. 200 once it is stored, whatever it says.",
        access=Access.SENDER,
        headers={"x-nowpayments-sig": "HMAC-SHA512 of the canonical body, in hex."},
        problems=(401, 413, 503),
    ),
    Endpoint(
        method="post",
        path="/kinguin/webhooks",
        handler=webhooks.kinguin,
        group=_WEBHOOKS,
        summary="Kinguin tells how a purchase stands. 200 once it is stored, whatever it says.",
        access=Access.SENDER,
        headers={
            "X-KINGUIN-SIGNATURE": "HMAC-SHA512 of the raw body, in hex.",
            "X-Event-Secret": "Or the secret itself, beside X-Event-Name.",
        },
        problems=(401, 413, 503),
    ),
    Endpoint(
        method="get",
        path="/kinguin/status/{reservationId}",
        handler=admin.kinguin_status,
        group=_STAFF,
        summary="What the supplier says of a purchase now; never a key.",
        access=Access.READ,
        answer=SupplierStatusView,
        problems=(401, 403, 404, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/orders",
        handler=admin.orders,
        group=_STAFF,
        summary="Orders, newest first.",
        access=Access.READ,
        query=OrdersQuery,
        answer=OrderList,
        problems=(401, 403, 422, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/orders/{orderId}",
        handler=admin.order,
        group=_STAFF,
        summary="One order with everything that is known of it.",
        access=Access.READ,
        answer=AdminOrderView,
        problems=(401, 403, 404, 503),
    ),
    Endpoint(
        method="post",
        path="/admin/orders/{orderId}/{action}",
        handler=admin.act,
        group=_STAFF,
        summary="Decide what a machine must not; answers the order as it is then.",
        access=Access.OPERATE,
        body=ReasonBody,
        answer=AdminOrderView,
        problems=(400, 401, 403, 404, 409, 413, 415, 422, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/reservations",
        handler=admin.reservations,
        group=_STAFF,
        summary="Purchases at the supplier, newest first.",
        access=Access.READ,
        query=ReservationsQuery,
        answer=ReservationList,
        problems=(401, 403, 422, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/webhook-logs",
        handler=admin.webhooks,
        group=_STAFF,
        summary="Authentic webhooks, newest first.",
        access=Access.READ,
        query=WebhooksQuery,
        answer=WebhookList,
        problems=(401, 403, 422, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/webhook-logs/{id}",
        handler=admin.webhook,
        group=_STAFF,
        summary="One webhook with its body; what may be a key is starred.",
        access=Access.READ,
        answer=WebhookDetailView,
        problems=(401, 403, 404, 503),
    ),
    Endpoint(
        method="post",
        path="/admin/webhook-logs/{id}/replay",
        handler=admin.replay,
        group=_STAFF,
        summary="Run a stored webhook again, through the same idempotent path.",
        access=Access.OPERATE,
        status=202,
        problems=(401, 403, 404, 409, 503),
    ),
    Endpoint(
        method="get",
        path="/admin/key-audit/{orderId}",
        handler=admin.accesses,
        group=_STAFF,
        summary="Every access to every key of an order, oldest first.",
        access=Access.READ,
        answer=KeyAccessList,
        problems=(401, 403, 404, 503),
    ),
    Endpoint(method="get", path="/health/live", handler=health.live, group=_HEALTH, summary="The process answers."),
    Endpoint(
        method="get",
        path="/health/ready",
        handler=health.ready,
        group=_HEALTH,
        summary="Everything that work needs is there; 503 names what is not.",
        problems=(503,),
    ),
    Endpoint(
        method="get",
        path="/metrics",
        handler=health.metrics,
        group=_HEALTH,
        summary="Counters, for Prometheus.",
        access=Access.MACHINE,
        problems=(401,),
    ),
)
