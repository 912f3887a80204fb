"""
For those who watch the service: is it alive, can it work, what has it counted.
"""

from __future__ import annotations

import asyncio
import hmac

import structlog
from aiohttp import web

from bitloot_http.access import bearer_of
from bitloot_http.counts import as_prometheus
from bitloot_http.edge import edge_of
from bitloot_http.problems import HttpRefusal
from bitloot_http.readiness import Probe
from bitloot_http.requests import is_from_this_machine
from bitloot_http.responses import json_response

_PROBE_SECONDS = 3.0
_UNAVAILABLE = 503
_LOG = structlog.get_logger("bitloot.health")


async def live(_: web.Request) -> web.Response:
    """`GET /health/live`: the process answers."""
    return json_response({"status": "live"})


async def ready(request: web.Request) -> web.Response:
    """`GET /health/ready`: everything that work needs is there; says which thing is not."""
    probes = edge_of(request).probes
    answers = await asyncio.gather(*(_look(name, probe) for name, probe in probes.items()))
    checks = {name: "ok" if wrong is None else wrong for name, wrong in zip(probes, answers, strict=True)}
    is_ready = all(wrong is None for wrong in answers)
    shown = {"status": "ready" if is_ready else "not-ready", "checks": checks}
    return json_response(shown, status=200 if is_ready else _UNAVAILABLE)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`: for this machine, and for others with `METRICS_TOKEN`."""
    edge = edge_of(request)
    if not is_from_this_machine(request, edge.settings.trusted_proxies):
        token = edge.settings.metrics_token
        given = bearer_of(request)
        if token is None or not hmac.compare_digest(given.encode(), token.reveal().encode()):
            raise HttpRefusal("token-invalid", "It is not METRICS_TOKEN.")
    return web.Response(body=as_prometheus(edge.counts), headers={"Content-Type": "text/plain; version=0.0.4"})


async def _look(name: str, probe: Probe) -> str | None:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except TimeoutError:
        return "no answer"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ready
        _LOG.warning("not ready", check=name, exc_info=error)
        return type(error).__name__
