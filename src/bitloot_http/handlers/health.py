"""
For those who watch the service: is it alive, can it work, what has it counted and how does the shop stand.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from bitloot_http.access import bearer_of
from bitloot_http.edge import edge_of
from bitloot_http.metrics.exposition import CONTENT_TYPE, as_prometheus
from bitloot_http.problems import HttpRefusal
from bitloot_http.requests import is_from_this_machine
from bitloot_http.responses import json_response
from bitloot_http.wire.health import LiveView, ReadyView

_UNAVAILABLE = 503


async def live(_: web.Request) -> web.Response:
    """`GET /health/live`: the process answers."""
    return json_response(LiveView())


async def ready(request: web.Request) -> web.Response:
    """`GET /health/ready`: everything that work needs is there; says which thing is not."""
    seen = await edge_of(request).readiness.checks()
    is_ready = all(wrong is None for wrong in seen.values())
    checks = {name: wrong or "ok" for name, wrong in seen.items()}
    shown = ReadyView(status="ready" if is_ready else "not-ready", checks=checks)
    return json_response(shown, status=200 if is_ready else _UNAVAILABLE)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: for this machine, and for others with `METRICS_TOKEN`."""
    edge = edge_of(request)
    if not is_from_this_machine(request, edge.settings.trusted_proxies):
        token = edge.settings.metrics_token
        given = bearer_of(request)
        if token is None or not hmac.compare_digest(given.encode(), token.reveal().encode()):
            raise HttpRefusal("token-invalid", "It is not METRICS_TOKEN.")
    reading = await edge.gauges.read()
    body = as_prometheus(edge.counts, reading, in_hand=edge.in_hand())
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
