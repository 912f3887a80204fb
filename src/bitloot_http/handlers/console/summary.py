"""
The first page: is anything stuck, how much of it, and since when? And the switch that stops all buying.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import attrs
import structlog
from aiohttp import web

from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_core.values.errors import BitlootError
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.alert_channels import channel_ids, standings
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import Form, acting, looking, require_proof, see
from bitloot_http.handlers.console.screen import screen
from bitloot_http.pages.console.board import SOLD_OVER, SPENT_OVER, board
from bitloot_http.pages.console.charts import delivery_picture, orders_picture
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.bodies import ReasonBody

_LOG = structlog.get_logger("bitloot.console")
_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class _Reach:
    """How far back the pictures go."""

    name: str
    step: timedelta
    bars: int

    def since(self, now: datetime) -> datetime:
        """The beginning of the first bar; the last one is the present, and is still filling."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        newest = midnight + (now - midnight) // self.step * self.step
        return newest - self.step * (self.bars - 1)


REACHES: Mapping[str, _Reach] = {
    "day": _Reach(name="24 hours", step=timedelta(hours=1), bars=24),
    "fortnight": _Reach(name="14 days", step=_DAY, bars=14),
}


@looking()
async def summary(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console`."""
    return await _shown(request, visit)


@acting(Scope.OPERATE)
async def pause(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/buying/pause`: stops all buying."""
    return await _switched(request, visit, form, _pause)


@acting(Scope.OPERATE)
async def resume(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/buying/resume`: lets it go on, which lifts limits and so decides money."""
    return await _switched(request, visit, form, _resume)


async def _pause(request: web.Request, visit: Visit, reason: str, _: Form) -> None:
    await pause_buying(edge_of(request).shop, by=visit.staff.actor, reason=reason)


async def _resume(request: web.Request, visit: Visit, reason: str, form: Form) -> None:
    await require_proof(request, visit, form)
    await resume_buying(edge_of(request).shop, by=visit.staff.actor, reason=reason)


async def _switched(
    request: web.Request,
    visit: Visit,
    form: Form,
    switch: Callable[[web.Request, Visit, str, Form], Awaitable[None]],
) -> web.Response:
    typed = form.get("reason", "").strip()
    try:
        await switch(request, visit, structure({"reason": typed}, ReasonBody).reason, form)
    except BitlootError as refusal:
        problem = problem_of(refusal)
        wrong = f"{problem.kind.title}. {problem.detail}"
        return await _shown(request, visit, problem.kind.status, wrong=wrong, typed=typed)
    _LOG.info("buying", switched=request.path, actor=visit.staff.actor)
    return see("/console")


async def _shown(
    request: web.Request, visit: Visit, status: int = 200, *, wrong: str = "", typed: str = ""
) -> web.Response:
    edge = edge_of(request)
    shop, now = edge.shop, edge.shop.clock.now()
    reach = REACHES.get(request.query.get("reach", ""), REACHES["day"])
    since, step, bars = reach.since(now), reach.step, reach.bars
    money = await edge.kept.get(
        "money", lambda: shop.figures.money(sold_since=now - SOLD_OVER, spent_since=now - SPENT_OVER)
    )
    placed = await edge.kept.get(f"orders, {reach.name}", lambda: shop.trends.orders(since=since, step=step, bars=bars))
    took = await edge.kept.get(
        f"deliveries, {reach.name}", lambda: shop.trends.deliveries(since=since, step=step, bars=bars)
    )
    shown = board(
        orders=await shop.figures.orders(now=now),
        queue=await shop.figures.queue(now=now),
        findings=await shop.figures.findings(),
        webhooks=await shop.figures.webhooks(since=now - _DAY),
        money=money.what,
        buying=await shop.switches.buying(),
        now=now,
    )
    return await screen(
        request,
        visit,
        "summary.html",
        status,
        board=shown,
        orders_picture=orders_picture(placed.what, reach.step),
        delivery_picture=delivery_picture(took.what, reach.step),
        counted_at=min(money.at, placed.at, took.at),
        reaches=[(key, one.name) for key, one in REACHES.items()],
        broken=[
            one for one in await standings(shop.alerts, channel_ids(edge.settings), now=now) if one.state.is_broken
        ],
        reach=next(key for key, one in REACHES.items() if one is reach),
        wrong=wrong,
        typed=typed,
    )
