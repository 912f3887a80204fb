"""
The pages of the shop: its front, the checkout, and the page of one order.

How a buyer opens the page of an order: an access token in an address would stand in histories, logs and referrers. So
the token is sent once, in the body of a form, and a cookie for this order's path takes its place; the address is then
`/orders/{orderId}/page` and opens nothing by itself. A link can still carry it, behind a `#`, which browsers send to
nobody: the page's script puts it into the form and sends it. Without a script a person pastes it. The cookie is
HttpOnly and SameSite=Lax, so a wallet's return link works and no other site's form does.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from aiohttp import web

from bitloot_core.ports.payment_gateway import Coin
from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.refresh_quotes import products_on_offer
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.values.errors import NotFound, PortError
from bitloot_core.values.ids import OrderId
from bitloot_http.access import is_access_to, require_access
from bitloot_http.edge import Edge, edge_of
from bitloot_http.handlers.orders import BUYER, order_id_of
from bitloot_http.handlers.placing import check_key, place_once
from bitloot_http.pages.order_page import masked, order_page
from bitloot_http.pages.rendering import own_form_page, page
from bitloot_http.problems import HttpRefusal
from bitloot_http.rate import bucket_of
from bitloot_http.requests import client_address, read_form, require_own_page
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import PaymentBody, PlaceOrderBody

COOKIE = "bl-order"
_COOKIE_SECONDS = 30 * 24 * 3600
_QUANTITY = "quantity."


async def front(request: web.Request) -> web.Response:
    """`GET /`."""
    edge = edge_of(request)
    products = await products_on_offer(edge.shop)
    return own_form_page("front.html", products=products, coins=await _coins(edge), request_key=secrets.token_hex(16))


async def checkout(request: web.Request) -> web.Response:
    """`POST /checkout`: the form of the front page; a second press of the button is the same order."""
    edge = edge_of(request)
    require_own_page(request, edge.settings.public_url)
    edge.orders_rate.take(bucket_of(client_address(request, edge.settings.trusted_proxies)))
    fields = await read_form(request)
    body = structure(_order_in(fields), PlaceOrderBody)
    placed = await place_once(edge.shop, body, check_key(fields.get("requestKey")))
    return _opened(edge, placed.order_id, edge.shop.links.issue_access(placed.order_id).reveal())


async def show(request: web.Request) -> web.Response:
    """`GET /orders/{orderId}/page`: the order to its buyer, to others a form that asks for the token."""
    edge = edge_of(request)
    order_id = order_id_of(request)
    if not _has_cookie(edge, request, order_id):
        return own_form_page("open.html", order_id=order_id, wrong="")
    dossier = await edge.shop.queries.dossier(order_id)
    coins, buying = await _coins(edge), await edge.shop.switches.buying()
    page = order_page(dossier.order, dossier.timeline, coins, edge.shop.clock.now(), buying)
    return own_form_page("order.html", page=page, coins=coins)


async def open_with_token(request: web.Request) -> web.Response:
    """`POST /orders/{orderId}/page`: takes the token, leaves a cookie."""
    edge = edge_of(request)
    require_own_page(request, edge.settings.public_url)
    order_id = order_id_of(request)
    token = (await read_form(request)).get("accessToken", "").strip()
    try:
        await require_access(edge.shop, token, order_id)
    except HttpRefusal as refusal:
        return own_form_page("open.html", 403, order_id=order_id, wrong=str(refusal))
    return _opened(edge, order_id, token)


async def pay(request: web.Request) -> web.Response:
    """`POST /orders/{orderId}/page/payments`: another coin."""
    edge = edge_of(request)
    order_id = await _buyer(edge, request)
    body = structure({"payCurrency": (await read_form(request)).get("payCurrency", "")}, PaymentBody)
    await open_payment(edge.shop, order_id, body.pay_currency)
    return _see(f"/orders/{order_id}/page")


async def resend(request: web.Request) -> web.Response:
    """`POST /orders/{orderId}/page/link`: a fresh link by mail."""
    edge = edge_of(request)
    order_id = await _buyer(edge, request)
    edge.mails_rate.take(order_id)
    order = await resend_link(edge.shop, order_id, by=BUYER)
    # A link is mailed to a named buyer only.
    return page("sent.html", order_id=order_id, email=masked(order.email or ""))


async def _coins(edge: Edge) -> tuple[Coin, ...]:
    """The coins, or none if the gateway is away: a page is shown all the same."""
    try:
        return await edge.coins.coins()
    except PortError:
        return ()


async def _buyer(edge: Edge, request: web.Request) -> OrderId:
    require_own_page(request, edge.settings.public_url)
    order_id = order_id_of(request)
    if not _has_cookie(edge, request, order_id):
        raise HttpRefusal("token-missing", "Open the order's page with its access token first.")
    return order_id


def _has_cookie(edge: Edge, request: web.Request, order_id: OrderId) -> bool:
    try:
        return is_access_to(edge.shop, request.cookies.get(_cookie_name(edge), ""), order_id)
    except NotFound:
        return False


def _opened(edge: Edge, order_id: OrderId, token: str) -> web.Response:
    response = _see(f"/orders/{order_id}/page")
    response.set_cookie(
        _cookie_name(edge),
        token,
        path=f"/orders/{order_id}",
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=edge.is_secure,
    )
    return response


def _cookie_name(edge: Edge) -> str:
    """Under TLS a browser takes this name from us over TLS only."""
    return f"__Secure-{COOKIE}" if edge.is_secure else COOKIE


def _see(location: str) -> web.Response:
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def _order_in(fields: Mapping[str, str]) -> dict[str, object]:
    """The form's fields as the body of an order, to be judged like any other."""
    wanted = [
        {"productId": name.removeprefix(_QUANTITY), "quantity": _number(text)}
        for name, text in fields.items()
        if name.startswith(_QUANTITY) and text.strip() not in {"", "0"}
    ]
    return {"email": fields.get("email", "").strip(), "items": wanted, "payCurrency": fields.get("payCurrency") or None}


def _number(text: str) -> int | str:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) < 9 else text  # noqa: PLR2004
