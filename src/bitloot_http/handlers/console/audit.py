"""
Who saw product keys.
"""

from __future__ import annotations

from aiohttp import web

from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.handlers.console.gate import looking
from bitloot_http.handlers.console.screen import filters, screen
from bitloot_http.wire.admin import KeyAccessView
from bitloot_http.wire.backlog import AccessesQuery


@looking()
async def accesses(request: web.Request, visit: Visit) -> web.Response:
    """`GET /console/key-audit`: of everybody, unless one order or one person is asked for."""
    query, typed = filters(request, AccessesQuery)
    found = await edge_of(request).shop.audit.accesses(query.which, query.part)
    rows = tuple(KeyAccessView.of(row.id, row.access) for row in found.items)
    return await screen(request, visit, "audit.html", rows=rows, next_cursor=found.next_cursor, typed=typed)
