"""
The API of the staff about what waits (findings, jobs), who did what and saw which key, and the shop at one glance.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from bitloot_core.ports.audit import AccessRow, ActRow
from bitloot_core.ports.queries import FindingRow, JobRow
from bitloot_core.usecases.retry_job import retry_job
from bitloot_core.usecases.settle_finding import settle_finding
from bitloot_core.values.ids import FindingId, JobId
from bitloot_http.access import Scope
from bitloot_http.alert_channels import channel_ids, standings
from bitloot_http.edge import edge_of
from bitloot_http.handlers.listing import Listing
from bitloot_http.handlers.staff_door import require_staff
from bitloot_http.requests import read_json, read_query
from bitloot_http.responses import json_response
from bitloot_http.wire.admin import FindingView, JobView, KeyAccessList, KeyAccessView
from bitloot_http.wire.alerts import AlertChannelView
from bitloot_http.wire.backlog import (
    AccessesQuery,
    ActList,
    ActsQuery,
    ActView,
    FindingList,
    FindingsQuery,
    JobList,
    JobsQuery,
)
from bitloot_http.wire.bodies import ReasonBody
from bitloot_http.wire.summary import (
    SOLD_OVER,
    SPENT_OVER,
    BalanceView,
    CountView,
    MoneyView,
    OpenFindingsView,
    QueueView,
    SummaryView,
    UndeliveredView,
    WebhooksView,
)

_LOG = structlog.get_logger("bitloot.admin")

FINDINGS: Listing[FindingRow] = Listing(name="findings", row=FindingView, show=FindingView.of, whole=FindingList)
JOBS: Listing[JobRow] = Listing(name="jobs", row=JobView, show=JobView.of, whole=JobList)
ACCESSES: Listing[AccessRow] = Listing(
    name="key-audit", row=KeyAccessView, show=lambda row: KeyAccessView.of(row.id, row.access), whole=KeyAccessList
)
ACTS: Listing[ActRow] = Listing(name="audit", row=ActView, show=ActView.of, whole=ActList)


async def findings(request: web.Request) -> web.StreamResponse:
    """`GET /admin/findings`."""
    await require_staff(request, Scope.READ)
    query, backlog = read_query(request, FindingsQuery), edge_of(request).shop.backlog
    return await FINDINGS.answer(request, query, lambda part: backlog.findings(query.which, part))


async def resolve(request: web.Request) -> web.Response:
    """`POST /admin/findings/{findingId}/resolve`; answers the finding as it is then."""
    staff = await require_staff(request, Scope.OPERATE)
    body = await read_json(request, ReasonBody)
    finding_id = FindingId(request.match_info["findingId"])
    row = await settle_finding(edge_of(request).shop, finding_id, by=staff.actor, reason=body.reason)
    _LOG.info("finding settled", finding_id=finding_id, actor=staff.actor)
    return json_response(FindingView.of(row))


async def jobs(request: web.Request) -> web.StreamResponse:
    """`GET /admin/jobs`."""
    await require_staff(request, Scope.READ)
    query, backlog = read_query(request, JobsQuery), edge_of(request).shop.backlog
    return await JOBS.answer(request, query, lambda part: backlog.jobs(query.which, part))


async def retry(request: web.Request) -> web.Response:
    """`POST /admin/jobs/{id}/retry`."""
    staff = await require_staff(request, Scope.OPERATE)
    body = await read_json(request, ReasonBody)
    job_id = JobId(int(request.match_info["id"]))
    await retry_job(edge_of(request).shop, job_id, by=staff.actor, reason=body.reason)
    _LOG.info("job retried", job_id=job_id, actor=staff.actor)
    return web.Response(status=202)


async def acts(request: web.Request) -> web.StreamResponse:
    """`GET /admin/audit`."""
    await require_staff(request, Scope.READ)
    query, audit = read_query(request, ActsQuery), edge_of(request).shop.audit
    return await ACTS.answer(request, query, lambda part: audit.acts(query.which, part))


async def accesses(request: web.Request) -> web.StreamResponse:
    """`GET /admin/key-audit`."""
    await require_staff(request, Scope.READ)
    query, audit = read_query(request, AccessesQuery), edge_of(request).shop.audit
    return await ACCESSES.answer(request, query, lambda part: audit.accesses(query.which, part))


async def summary(request: web.Request) -> web.Response:
    """`GET /admin/summary`."""
    await require_staff(request, Scope.READ)
    edge = edge_of(request)
    figures, now = edge.shop.figures, edge.shop.clock.now()
    since = now - SOLD_OVER
    orders = await figures.orders(now=now)
    money = await edge.kept.get(
        "money of the API", lambda: figures.money(sold_since=since, spent_since=now - SPENT_OVER)
    )
    balance = (await edge.gauges.read()).balance  # of a supplier that is slow, the last that was heard
    channels = await standings(edge.shop.alerts, channel_ids(edge.settings), now=now)
    view = SummaryView(
        at=now,
        orders=CountView.all_of(orders.by_status),
        undelivered=UndeliveredView.of(orders),
        queue=QueueView.of(await figures.queue(now=now)),
        findings=tuple(map(OpenFindingsView.of, await figures.findings())),
        webhooks=WebhooksView.of(await figures.webhooks(since=since), since),
        money=MoneyView.of(money.what, sold_since=money.at - SOLD_OVER, spent_since=money.at - SPENT_OVER),
        balance=BalanceView.of(balance, money.what),
        pauses=SummaryView.pauses_of(await edge.shop.switches.buying(), now),
        alerts=tuple(map(AlertChannelView.of, channels)),
    )
    return json_response(view)
