"""
What waits: findings for a person, jobs for a worker. And what the staff did.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.guide import GUIDE
from bitloot_core.order.jobs import JobName
from bitloot_core.usecases.retry_job import retry_job
from bitloot_core.usecases.settle_finding import settle_finding
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import FindingId, JobId
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking, see
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.pages.console.remedies import remedies
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody
from bitloot_http.wire.console import ActsQuery, FindingsQuery, JobsQuery

_LOG = structlog.get_logger("bitloot.console")
FINDING_STATUSES = ("open", "resolved")
JOB_STATUSES = ("dead", "running", "ready", "done")


@looking()
async def findings(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/findings`: the open ones, unless others are asked for."""
    return await _findings(request, visit)


@acting(Scope.OPERATE)
async def resolve(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/findings/{findingId}/resolve`."""
    shop, finding_id = edge_of(request).shop, FindingId(request.match_info["findingId"])
    try:
        body = structure({"reason": form.get("reason", "").strip()}, ReasonBody)
        await settle_finding(shop, finding_id, by=visit.staff.actor, reason=body.reason)
    except BitlootError as refusal:
        problem = problem_of(refusal)
        wrong = f"{problem.kind.title}. {problem.detail}"
        return await _findings(request, visit, problem.kind.status, wrong=wrong)
    _LOG.info("finding resolved", finding_id=finding_id, actor=visit.staff.actor)
    return see("/console/findings?done=1")


@looking()
async def jobs(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/jobs`: those that will be done, unless others are asked for."""
    return await _jobs(request, visit)


@acting(Scope.OPERATE)
async def retry(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/jobs/{id}/retry`: does it now, also one that was given up."""
    shop, job_id = edge_of(request).shop, JobId(int(request.match_info["id"]))
    try:
        body = structure({"reason": form.get("reason", "").strip()}, ReasonBody)
        await retry_job(shop, job_id, by=visit.staff.actor, reason=body.reason)
    except BitlootError as refusal:
        problem = problem_of(refusal)
        return await _jobs(request, visit, problem.kind.status, wrong=f"{problem.kind.title}. {problem.detail}")
    _LOG.info("job retried", job_id=job_id, actor=visit.staff.actor)
    return see("/console/jobs?done=1")


@looking()
async def acts(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/acts`."""
    query, typed = filters(request, ActsQuery)
    found = await edge_of(request).shop.audit.acts(query.which, query.part)
    return await screen(request, visit, "acts.html", rows=found.items, next_cursor=found.next_cursor, typed=typed)


async def _findings(request: web.Request, visit: Visit, status: int = 200, *, wrong: str = "") -> web.Response:
    query, typed = filters(request, FindingsQuery)
    shop = edge_of(request).shop
    found = await shop.backlog.findings(query.which, query.part)
    return await screen(
        request,
        visit,
        "findings.html",
        status,
        rows=tuple((row, remedies(row.finding, visit.staff.scopes)) for row in found.items),
        next_cursor=found.next_cursor,
        done=typed.pop("done", ""),
        typed=typed,
        reasons=tuple(FindingReason),
        statuses=FINDING_STATUSES,
        guide=GUIDE,
        wrong=wrong,
    )


async def _jobs(request: web.Request, visit: Visit, status: int = 200, *, wrong: str = "") -> web.Response:
    query, typed = filters(request, JobsQuery)
    shop = edge_of(request).shop
    found = await shop.backlog.jobs(query.which, query.part)
    return await screen(
        request,
        visit,
        "jobs.html",
        status,
        rows=found.items,
        next_cursor=found.next_cursor,
        done=typed.pop("done", ""),
        typed=typed,
        names=tuple(JobName),
        statuses=JOB_STATUSES,
        queue=await shop.figures.queue(now=shop.clock.now()),
        wrong=wrong,
    )
