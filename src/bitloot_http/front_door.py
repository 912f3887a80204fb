"""
The one middleware: every request gets a name, every error an answer, every answer its headers, and a line in the log.

The log and the counters name routes by their template: a path can hold a link's token.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import web

from bitloot_core.values.errors import BitlootError
from bitloot_http import log_context
from bitloot_http.edge import edge_of
from bitloot_http.problems import problem_of
from bitloot_http.requests import client_address
from bitloot_http.responses import problem_response

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID = "X-Request-Id"
QUIET_ROUTES = frozenset(
    {"/payments/ipn", "/kinguin/webhooks", "/health/live", "/health/ready", "/metrics", "/assets/{name}"}
)
"""They come by the thousand and are counted; a line in the log is for those that went wrong."""
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HSTS = "max-age=31536000"
_LOG = structlog.get_logger("bitloot.http")
_WRONG = 400


@web.middleware
async def front_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request in, and see that it is answered."""
    edge = edge_of(request)
    started = edge.shop.clock.monotonic()
    asked = request.headers.get(REQUEST_ID)
    request_id = asked if asked is not None and _SANE_ID.fullmatch(asked) else secrets.token_hex(8)
    log_context.begin(request_id=request_id)
    if (order_id := request.match_info.get("orderId")) is not None:
        log_context.add(order_id=order_id)
    try:
        response = await handler(request)
    except (BitlootError, web.HTTPException) as error:
        response = problem_response(request, problem_of(error), request_id)
    except Exception as error:  # noqa: BLE001 - the one place that turns the unexpected into an answer
        _LOG.error("unexpected", route=route_of(request), exc_info=error)
        response = problem_response(request, problem_of(error), request_id)
    response.headers[REQUEST_ID] = request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "BitLoot"
    if edge.is_secure:
        response.headers["Strict-Transport-Security"] = _HSTS
    route = route_of(request)
    edge.counts.requests[request.method, route, response.status] += 1
    if route not in QUIET_ROUTES or response.status >= _WRONG:
        _LOG.info(
            "request",
            method=request.method,
            route=route,
            status=response.status,
            ms=round((edge.shop.clock.monotonic() - started) * 1000, 1),
            address=client_address(request, edge.settings.trusted_proxies),
        )
    return response


def route_of(request: web.Request) -> str:
    """The template of the route that a request was matched to."""
    resource = request.match_info.route.resource
    return "unknown" if resource is None else resource.canonical
