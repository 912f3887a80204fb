"""
The web application: routes, and the bundle that its handlers work with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from aiohttp import web

from bitloot_core.usecases.shop import Shop
from bitloot_http.access import AdminTokens
from bitloot_http.accounts.books import StaffBooks
from bitloot_http.accounts.passwords import Passwords
from bitloot_http.accounts.reception import Reception
from bitloot_http.alert_channels import channel_ids
from bitloot_http.coins import CoinShelf
from bitloot_http.docs_page import docs
from bitloot_http.edge import EDGE, Edge
from bitloot_http.endpoints import ENDPOINTS, PARAMETERS, Handler
from bitloot_http.front_door import front_door
from bitloot_http.handlers import assets, delivery, health, pages
from bitloot_http.handlers.console.routes import CONSOLE
from bitloot_http.kept import Kept
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.gauges import Gauges
from bitloot_http.openapi import openapi
from bitloot_http.price_watch import PriceWatch
from bitloot_http.rate import Buckets
from bitloot_http.readiness import Probe, Readiness
from bitloot_http.settings import Settings

MAILS_A_MINUTE = 6
STRANGERS_A_MINUTE = 60
"""Tokens that are none, from one address."""
FIGURES_KEPT = timedelta(minutes=1)
"""How old the dear figures of the summary may be; the page says so."""
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


WATCHED: tuple[tuple[str, Handler], ...] = (
    ("/health/live", health.live),
    ("/health/ready", health.ready),
    ("/metrics", health.metrics),
)
"""What a worker answers; the service does, too."""


class Serves(Protocol):
    """What an application needs of a running service; `container.Service` is one, and a test's is another."""

    @property
    def settings(self) -> Settings:
        """The settings that it was started with."""
        ...

    @property
    def shop(self) -> Shop:
        """What the use cases work with."""
        ...

    @property
    def tokens(self) -> AdminTokens[Any]:
        """Finds the tokens of the staff."""
        ...

    @property
    def staff(self) -> StaffBooks:
        """The accounts of the staff, and their sessions."""
        ...


def build_app(
    service: Serves,
    *,
    probes: Mapping[str, Probe] | None = None,
    counts: Counts | None = None,
    in_hand: Callable[[], int | None] = lambda: None,
) -> web.Application:
    """
    Build the application around a service.

    Args:
        probes: what `/health/ready` looks at, by name.
        counts: what this process counts, if others count, too.
        in_hand: how many jobs this process works on.
    """
    app = _app_around(service, probes or {}, counts or Counts(), in_hand)
    for endpoint in ENDPOINTS:
        _add(app, endpoint.method.upper(), endpoint.path, endpoint.handler)
    for method, path, handler in (*PAGES, *CONSOLE):
        _add(app, method, path, handler)
    return app


def build_watch_app(
    service: Serves, *, probes: Mapping[str, Probe], counts: Counts, in_hand: Callable[[], int | None]
) -> web.Application:
    """Build the little application of a worker: for those who watch it, and for nobody else."""
    app = _app_around(service, probes, counts, in_hand)
    for path, handler in WATCHED:
        _add(app, "GET", path, handler)
    return app


def _app_around(
    service: Serves, probes: Mapping[str, Probe], counts: Counts, in_hand: Callable[[], int | None]
) -> web.Application:
    shop, settings = service.shop, service.settings
    app = web.Application(middlewares=(front_door,))
    app[EDGE] = Edge(
        shop=shop,
        settings=settings,
        tokens=service.tokens,
        reception=Reception(service.staff, Passwords(), shop.clock),
        readiness=Readiness(probes, monotonic=shop.clock.monotonic),
        coins=CoinShelf(shop),
        kept=Kept(shop.clock, good_for=FIGURES_KEPT),
        prices=PriceWatch(shop),
        counts=counts,
        gauges=Gauges(shop, channel_ids(settings)),
        in_hand=in_hand,
        orders_rate=Buckets(settings.orders_per_minute_per_address, monotonic=shop.clock.monotonic),
        mails_rate=Buckets(MAILS_A_MINUTE, monotonic=shop.clock.monotonic),
        staff_rate=Buckets(settings.admin_requests_per_minute, monotonic=shop.clock.monotonic),
        strangers_rate=Buckets(STRANGERS_A_MINUTE, monotonic=shop.clock.monotonic),
    )
    app.on_cleanup.append(_close)
    return app


def _add(app: web.Application, method: str, path: str, handler: Handler) -> None:
    """Add a route; what can be got can be asked for its headers alone."""
    if method == "GET":
        app.router.add_get(_pattern(path), handler, allow_head=True)
    else:
        app.router.add_route(method, _pattern(path), handler)


async def _close(app: web.Application) -> None:
    await app[EDGE].coins.close()
    await app[EDGE].gauges.close()
    await app[EDGE].readiness.close()


def _pattern(path: str) -> str:
    """A path with the patterns of its parts: one that does not fit is not found, and never looked up."""
    return _IN_PATH.sub(
        lambda found: f"{{{found[1]}:{PARAMETERS[found[1]].pattern}}}" if found[1] in PARAMETERS else found[0], path
    )
