"""
The web application: routes, and the bundle that its handlers work with.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bitloot_core.usecases.shop import Shop
from bitloot_http.access import AdminTokens
from bitloot_http.coins import CoinShelf
from bitloot_http.counts import Counts
from bitloot_http.docs_page import docs
from bitloot_http.edge import EDGE, Edge, Probe
from bitloot_http.endpoints import ENDPOINTS, PARAMETERS, Handler
from bitloot_http.front_door import front_door
from bitloot_http.handlers import assets, delivery, pages
from bitloot_http.openapi import openapi
from bitloot_http.rate import Buckets
from bitloot_http.settings import Settings

MAILS_A_MINUTE = 6
_KEEPALIVE_SECONDS = 15.0
_LINGERING_SECONDS = 5.0
_SHUTDOWN_SECONDS = 20.0
_IN_PATH = re.compile(r"\{(\w+)\}")

PAGES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", pages.front),
    ("POST", "/checkout", pages.checkout),
    ("GET", "/orders/{orderId}/page", pages.show),
    ("POST", "/orders/{orderId}/page", pages.open_with_token),
    ("POST", "/orders/{orderId}/page/payments", pages.pay),
    ("POST", "/orders/{orderId}/page/link", pages.resend),
    ("GET", "/delivery/{token}", delivery.look),
    ("GET", "/assets/{name}", assets.asset),
    ("GET", "/docs", docs),
    ("GET", "/openapi.json", openapi),
)
"""What people look at, beside the API."""


def build_app(
    shop: Shop, *, settings: Settings, tokens: AdminTokens[Any], probes: Mapping[str, Probe] | None = None
) -> web.Application:
    """
    Build the application around a shop.

    Args:
        tokens: finds the tokens of the staff.
        probes: what `/health/ready` looks at, by name.
    """
    app = web.Application(middlewares=(front_door,))
    app[EDGE] = Edge(
        shop=shop,
        settings=settings,
        tokens=tokens,
        probes=probes or {},
        coins=CoinShelf(shop),
        counts=Counts(),
        orders_rate=Buckets(settings.orders_per_minute_per_address, monotonic=shop.clock.monotonic),
        mails_rate=Buckets(MAILS_A_MINUTE, monotonic=shop.clock.monotonic),
    )
    for endpoint in ENDPOINTS:
        app.router.add_route(endpoint.method.upper(), _pattern(endpoint.path), endpoint.handler)
    for method, path, handler in PAGES:
        app.router.add_route(method, _pattern(path), handler)
    app.on_cleanup.append(_close)
    return app


@asynccontextmanager
async def serving(app: web.Application, *, host: str, port: int) -> AsyncIterator[int]:
    """
    Serve the application; what is under way at the end is finished first.

    A client that says nothing is not waited for: the server's own default is an hour. Bodies are handed on as they
    came, since signatures are over raw bytes. A client that hangs up does not cut a write short.

    Returns:
        The port, which is a free one if 0 was asked for.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=_KEEPALIVE_SECONDS,
        lingering_time=_LINGERING_SECONDS,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        auto_decompress=False,
        handler_cancellation=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _close(app: web.Application) -> None:
    await app[EDGE].coins.close()


def _pattern(path: str) -> str:
    """A path with the patterns of its parts: one that does not fit is not found, and never looked up."""
    return _IN_PATH.sub(
        lambda found: f"{{{found[1]}:{PARAMETERS[found[1]].pattern}}}" if found[1] in PARAMETERS else found[0], path
    )
