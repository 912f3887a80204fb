"""
Who saw product keys.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_core.values.ids import OrderId
from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import looking
from bitloot_http.handlers.console.screen import screen
from bitloot_http.requests import read_query
from bitloot_http.wire.admin import KeyAccessView
from bitloot_http.wire.bodies import SearchQuery


@looking()
async def accesses(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/key-audit`: of one order."""
    asked = (read_query(request, SearchQuery).q or "").strip()
    found = await edge_of(request).shop.queries.accesses(OrderId(asked)) if asked else ()
    rows = tuple(KeyAccessView.of(number, access) for number, access in reversed(found))
    return await screen(request, visit, "audit.html", order_id=asked, rows=rows)
