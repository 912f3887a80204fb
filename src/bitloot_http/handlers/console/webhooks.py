"""
Webhooks: the log, one with its body, and running it again.
"""

from __future__ import annotations

import json

import structlog
from aiohttp import web

from bitloot_core.ports.inbox import Source, WebhookStatus
from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.values.errors import BitlootError, Corrupt
from bitloot_core.values.ids import WebhookId
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking, see
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.problems import problem_of
from bitloot_http.wire.bodies import WebhooksQuery
from bitloot_http.wire.webhooks import WebhookDetailView, WebhookView

_LOG = structlog.get_logger("bitloot.console")


@looking()
async def webhooks(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/webhooks`."""
    query, typed = filters(request, WebhooksQuery)
    found = await edge_of(request).shop.queries.webhooks(query.which, query.part)
    return await screen(
        request,
        visit,
        "webhooks.html",
        rows=tuple(map(WebhookView.of, found.items)),
        next_cursor=found.next_cursor,
        typed=typed,
        sources=tuple(Source),
        statuses=tuple(WebhookStatus),
    )


@looking()
async def webhook(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/webhooks/{id}`."""
    return await _shown(request, visit, done="done" in request.query)


@acting(Scope.OPERATE)
async def replay(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/webhooks/{id}/replay`."""
    webhook_id = _webhook_id(request)
    try:
        reason = form.get("reason", "").strip() or "asked for in the console"
        await replay_webhook(edge_of(request).shop, webhook_id, by=visit.staff.actor, reason=reason)
    except BitlootError as refusal:
        problem = problem_of(refusal)
        return await _shown(request, visit, problem.kind.status, wrong=f"{problem.kind.title}. {problem.detail}")
    _LOG.info("replay", webhook_id=webhook_id, actor=visit.staff.actor)
    return see(f"/console/webhooks/{webhook_id}?done=1")


async def _shown(
    request: web.Request, visit: Visit, status: int = 200, *, done: bool = False, wrong: str = ""
) -> web.Response:
    shop, webhook_id = edge_of(request).shop, _webhook_id(request)
    found = (await shop.queries.webhooks(WebhookFilter(id=webhook_id), Slice(limit=1))).items
    view = None
    try:
        stored = await shop.inbox.get(webhook_id)
    except Corrupt:  # what else is known of it tells what to do
        payload = None
    else:
        view = WebhookDetailView.of_stored(found[0], stored)
        payload = None if view.payload is None else json.dumps(view.payload, indent=2, ensure_ascii=False)
    return await screen(
        request,
        visit,
        "webhook.html",
        status,
        webhook=view or WebhookView.of(found[0]),
        is_readable=view is not None,
        payload=payload,
        done=done,
        wrong=wrong,
    )


def _webhook_id(request: web.Request) -> WebhookId:
    return WebhookId(int(request.match_info["id"]))
