"""
Webhooks: proved on the raw bytes, stored, and only then answered. What they mean is found out later, by a job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.values.errors import SignatureInvalid, Unavailable
from bitloot_http.edge import Edge, edge_of
from bitloot_http.metrics.counts import DUPLICATE, REFUSED, STORED
from bitloot_http.requests import read_body

MOST_SECONDS = 2.5
"""Reading the body included. **Source:** NOWPayments' help centre: an answer within 3000 ms, or it counts as failed."""
_LOG = structlog.get_logger("bitloot.webhooks")


async def ipn(request: web.Request) -> web.Response:
    """`POST /payments/ipn`."""
    edge = edge_of(request)
    return await _receive(request, edge, Source.NOWPAYMENTS, edge.shop.gateway.verify_notice)


async def kinguin(request: web.Request) -> web.Response:
    """`POST /kinguin/webhooks`."""
    edge = edge_of(request)
    return await _receive(request, edge, Source.KINGUIN, edge.shop.supplier.verify_event)


async def _receive(
    request: web.Request, edge: Edge, source: Source, verify: Callable[[Mapping[str, str], bytes], VerifiedWebhook]
) -> web.Response:
    try:
        async with asyncio.timeout(MOST_SECONDS):
            body = await read_body(request)
            # The names of headers are found in any case here.
            webhook = verify(request.headers, body)
            received = await receive_webhook(edge.shop, webhook)
            if source is Source.KINGUIN:
                await edge.prices.hear(webhook)
    except TimeoutError:
        edge.counts.webhooks[source, REFUSED] += 1
        raise Unavailable("inbox", "did not store the webhook in time") from None
    except SignatureInvalid:
        _count_forged(edge, source)
        raise
    except BaseException:
        edge.counts.webhooks[source, REFUSED] += 1
        raise
    edge.counts.webhooks[source, DUPLICATE if received.duplicate else STORED] += 1
    return web.Response()


def _count_forged(edge: Edge, source: Source) -> None:
    """Count it by source and minute. It is never stored: there must be nothing forged to replay."""
    minute = int(edge.shop.clock.now().timestamp() // 60)
    if edge.counts.refuse_webhook(source, minute=minute) == 1:
        _LOG.warning("webhooks refused", source=str(source), minute=minute)
