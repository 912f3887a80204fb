"""
Purchases at the supplier: the list, and what the supplier says of one now.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.usecases.supplier_status import supplier_status
from bitloot_core.values.errors import NotFound, PortError
from bitloot_core.values.ids import SupplierOrderId
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import looking
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.pages.console.words import RESERVATION_WORDS
from bitloot_http.problems import problem_of
from bitloot_http.wire.admin import ReservationView, SupplierStatusView
from bitloot_http.wire.bodies import ReservationsQuery
from bitloot_http.wire.next_step import what_next


@looking()
async def reservations(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/reservations`."""
    query, typed = filters(request, ReservationsQuery)
    found = await edge_of(request).shop.queries.reservations(query.which, query.part)
    return await screen(
        request,
        visit,
        "reservations.html",
        rows=tuple((ReservationView.of(row), *what_next(row)) for row in found.items),
        next_cursor=found.next_cursor,
        typed=typed,
        statuses=RESERVATION_WORDS,
    )


@looking()
async def status(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/reservations/{reservationId}`: asks the supplier now; never a key."""
    shop, name = edge_of(request).shop, SupplierOrderId(request.match_info["reservationId"])
    order_id = await shop.orders.find_by_reservation(name)
    if order_id is None:
        raise NotFound("reservation", name)
    try:
        said, wrong = SupplierStatusView.of(await supplier_status(shop, name)), ""
    except (PortError, NotFound) as trouble:
        problem = problem_of(trouble)
        said, wrong = None, f"{problem.kind.title}. {problem.detail}"
    return await screen(request, visit, "reservation.html", name=name, order_id=order_id, said=said, wrong=wrong)
