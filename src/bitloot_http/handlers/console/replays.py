"""
Running many webhooks again: first what that would do, then, with a reason, doing it; a page at a time.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from bitloot_core.usecases.replay_webhooks import ReplayOutcome, Replays, plan_replays, replay_webhooks
from bitloot_core.values.errors import BitlootError
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody, WebhooksQuery

_LOG = structlog.get_logger("bitloot.console")


@looking(Scope.OPERATE)
async def plan(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/webhooks/replay`: changes nothing."""
    return await _planned(request, visit)


@acting(Scope.OPERATE)
async def replay(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/webhooks/replay`: runs what the filter in the address names."""
    query, typed = filters(request, WebhooksQuery)
    try:
        body = structure({"reason": form.get("reason", "").strip()}, ReasonBody)
        shop = edge_of(request).shop
        done = await replay_webhooks(shop, query.which, query.part, by=visit.staff.actor, reason=body.reason)
    except BitlootError as refusal:
        problem = problem_of(refusal)
        return await _planned(request, visit, problem.kind.status, wrong=f"{problem.kind.title}. {problem.detail}")
    _LOG.info("replays", count=_running(done), actor=visit.staff.actor)
    return await _shown(request, visit, done, typed, is_done=True)


async def _planned(request: web.Request, visit: Visit, status: int = 200, *, wrong: str = "") -> web.Response:
    query, typed = filters(request, WebhooksQuery)
    planned = await plan_replays(edge_of(request).shop, query.which, query.part)
    return await _shown(request, visit, planned, typed, status, wrong=wrong)


async def _shown(
    request: web.Request,
    visit: Visit,
    replays: Replays,
    typed: dict[str, str],
    status: int = 200,
    *,
    is_done: bool = False,
    wrong: str = "",
) -> web.Response:
    return await screen(
        request,
        visit,
        "replays.html",
        status,
        rows=replays.items,
        running=_running(replays),
        next_cursor=replays.next_cursor,
        typed=typed,
        query=request.query_string,
        is_done=is_done,
        wrong=wrong,
    )


def _running(replays: Replays) -> int:
    return sum(one.outcome is ReplayOutcome.RUNS for one in replays.items)
