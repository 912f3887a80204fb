"""
The API, endpoint by endpoint: what the router is built from is what `/openapi.json` prints.
"""

from __future__ import annotations

from collections.abc import Mapping

from bitloot_http.endpoint import Access, Endpoint, Handler, Parameter
from bitloot_http.endpoints_of_staff import OF_STAFF
from bitloot_http.handlers import actions, catalogue, delivery, health, orders, webhooks
from bitloot_http.wire.bodies import PaymentBody, PlaceOrderBody
from bitloot_http.wire.catalogue import CoinList, ProductList, ProductsQuery
from bitloot_http.wire.health import LiveView, ReadyView
from bitloot_http.wire.orders import OrderPlacedView, OrderView, PaymentView, RevealedView

__all__ = ["ENDPOINTS", "PARAMETERS", "Access", "Endpoint", "Handler", "Parameter"]

PARAMETERS: Mapping[str, Parameter] = {
    "orderId": Parameter(pattern="[A-Za-z0-9._-]{1,64}", text="The order."),
    "token": Parameter(pattern="[^/]{1,512}", text="The token of the delivery link."),
    "reservationId": Parameter(pattern="[A-Za-z0-9._:-]{1,128}", text="The supplier's name of the purchase."),
    "id": Parameter(pattern="[0-9]{1,18}", text="The number of the row."),
    "findingId": Parameter(pattern="[A-Za-z0-9._:-]{1,128}", text="The finding."),
    "action": Parameter(pattern="|".join(actions.ACTIONS), text=f"One of {', '.join(actions.ACTIONS)}."),
}

_SHOP, _WEBHOOKS, _HEALTH = "Shop", "Webhooks", "Health"

_OF_BUYERS_AND_VENDORS: tuple[Endpoint, ...] = (
    Endpoint(
        method="get",
        path="/products",
        handler=catalogue.products,
        group=_SHOP,
        summary="What can be bought.",
        query=ProductsQuery,
        answer=ProductList,
        problems=(400, 422, 503),
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
        problems=(401, 403, 404, 429, 503),
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
        media=("text/html",),
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
)
_OF_HEALTH: tuple[Endpoint, ...] = (
    Endpoint(
        method="get",
        path="/health/live",
        handler=health.live,
        group=_HEALTH,
        summary="The process answers.",
        answer=LiveView,
    ),
    Endpoint(
        method="get",
        path="/health/ready",
        handler=health.ready,
        group=_HEALTH,
        summary="Everything that work needs is there; 503 names what is not.",
        answer=ReadyView,
        also={503: ReadyView},
    ),
    Endpoint(
        method="get",
        path="/metrics",
        handler=health.metrics,
        group=_HEALTH,
        summary="Counters, for Prometheus.",
        access=Access.MACHINE,
        media=("text/plain",),
        problems=(401,),
    ),
)

ENDPOINTS: tuple[Endpoint, ...] = (*_OF_BUYERS_AND_VENDORS, *OF_STAFF, *_OF_HEALTH)
