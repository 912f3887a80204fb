"""
The pages of the console, address by address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from bitloot_http.handlers.console import (
    audit,
    backlog,
    entry,
    orders,
    products,
    replays,
    reservations,
    reveal,
    search,
    stocking,
    summary,
    webhooks,
)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONSOLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/console/login", entry.ask),
    ("POST", "/console/login", entry.log_in),
    ("GET", "/console/login/code", entry.ask_code),
    ("POST", "/console/login/code", entry.finish),
    ("POST", "/console/logout", entry.log_out),
    ("POST", "/console/logout/everywhere", entry.log_out_everywhere),
    ("GET", "/console/account", entry.account),
    ("GET", "/console", summary.summary),
    ("POST", "/console/buying/pause", summary.pause),
    ("POST", "/console/buying/resume", summary.resume),
    ("GET", "/console/orders", orders.orders),
    ("GET", "/console/orders/{orderId}", orders.order),
    ("POST", "/console/orders/{orderId}/reveal", reveal.reveal),
    ("POST", "/console/orders/{orderId}/{deed}", orders.act),
    ("GET", "/console/findings", backlog.findings),
    ("POST", "/console/findings/{findingId}/resolve", backlog.resolve),
    ("GET", "/console/jobs", backlog.jobs),
    ("POST", "/console/jobs/{id}/retry", backlog.retry),
    ("GET", "/console/acts", backlog.acts),
    ("GET", "/console/reservations", reservations.reservations),
    ("GET", "/console/reservations/{reservationId}", reservations.status),
    ("GET", "/console/webhooks", webhooks.webhooks),
    ("GET", "/console/webhooks/replay", replays.plan),
    ("POST", "/console/webhooks/replay", replays.replay),
    ("GET", "/console/webhooks/{id}", webhooks.webhook),
    ("POST", "/console/webhooks/{id}/replay", webhooks.replay),
    ("GET", "/console/key-audit", audit.accesses),
    ("GET", "/console/products", products.products),
    ("GET", "/console/products/{productId}", products.product),
    ("POST", "/console/products/{productId}", products.change),
    ("GET", "/console/supplier-products", stocking.find),
    ("GET", "/console/supplier-products/import", stocking.plan),
    ("POST", "/console/supplier-products/import", stocking.take_over),
    ("GET", "/console/search", search.search),
)
