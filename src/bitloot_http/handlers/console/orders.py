"""
Orders: the list, one with everything that is known of it, and what a person can decide about it.
"""

from __future__ import annotations

import structlog
from aiohttp import web

from bitloot_core.order.guide import GUIDE
from bitloot_core.order.status import Status
from bitloot_core.ports.queries import ReservationFilter, Slice
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import OrderId
from bitloot_http.access import Scope
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.deeds import DEEDS
from bitloot_http.handlers.console.gate import Form, acting, looking, require_proof, see
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.handlers.orders import order_id_of
from bitloot_http.pages.console.choices import DECIDES_MONEY, choices
from bitloot_http.pages.console.order_sheet import order_sheet
from bitloot_http.pages.console.words import deed
from bitloot_http.problems import problem_of
from bitloot_http.schema import structure
from bitloot_http.wire.admin import OrderRowView
from bitloot_http.wire.bodies import MOST_ROWS, OrdersQuery, ReasonBody

_LOG = structlog.get_logger("bitloot.console")


@looking()
async def orders(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/orders`."""
    query, typed = filters(request, OrdersQuery)
    found = await edge_of(request).shop.queries.orders(query.which, query.part)
    return await screen(
        request,
        visit,
        "orders.html",
        rows=tuple(map(OrderRowView.of, found.items)),
        next_cursor=found.next_cursor,
        typed=typed,
        statuses=tuple(Status),
    )


@looking()
async def order(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/orders/{orderId}`."""
    return await _sheet(request, visit, done=request.query.get("done", ""), action=request.query.get("deed", ""))


@acting(Scope.OPERATE)
async def act(request: web.Request, visit: Visit, form: Form) -> web.Response:
    """`POST /console/orders/{orderId}/{action}`; what was typed is still there when it is refused."""
    order_id, action = order_id_of(request), request.match_info["deed"]
    if action not in DEEDS:
        raise web.HTTPNotFound
    try:
        body = structure({"reason": form.get("reason", "").strip()}, ReasonBody)
        if action in DECIDES_MONEY:
            await require_proof(request, visit, form)
        await DEEDS[action](edge_of(request).shop, order_id, form, visit.staff.actor, body.reason)
    except BitlootError as refusal:
        return await refused_deed(request, visit, form, refusal, deed=action)
    _LOG.info("action", action=action, order_id=order_id, actor=visit.staff.actor)
    return see(f"/console/orders/{order_id}?done={action}")


async def refused_deed(
    request: web.Request, visit: Visit, form: Form, refusal: BitlootError, *, deed: str
) -> web.Response:
    """Show the order with why a deed was refused, and with what was typed."""
    problem = problem_of(refusal)
    response = await _sheet(
        request,
        visit,
        problem.kind.status,
        wrong=f"{problem.kind.title}. {problem.detail}",
        action=deed,
        reason=form.get("reason", ""),
    )
    response.headers.update(problem.headers)
    return response


async def _sheet(
    request: web.Request,
    visit: Visit,
    status: int = 200,
    *,
    done: str = "",
    wrong: str = "",
    action: str = "",
    reason: str = "",
) -> web.Response:
    shop, order_id = edge_of(request).shop, order_id_of(request)
    dossier = await shop.queries.dossier(order_id)
    bought = await shop.queries.reservations(ReservationFilter(order_id=order_id), Slice(limit=MOST_ROWS))
    accesses = await shop.queries.accesses(OrderId(order_id))
    offered, closed = choices(dossier.order, shop.clock.now(), shop.policy)
    sheet = order_sheet(dossier, bought.items, accesses, shop.clock.now())
    return await screen(
        request,
        visit,
        "order.html",
        status,
        sheet=sheet,
        guide=GUIDE,
        choices=offered,
        closed=closed,
        done=deed(done).done if done in DEEDS else "",
        wrong=wrong,
        tried=action,
        typed=reason,
    )
