"""
From what a handler found to a page of the console.
"""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web

from bitloot_http.accounts.visits import Visit
from bitloot_http.edge import edge_of
from bitloot_http.pages.console.board import at_least
from bitloot_http.pages.rendering import page
from bitloot_http.requests import read_query
from bitloot_http.wire.bodies import ListQuery

Query = TypeVar("Query", bound=ListQuery)


async def screen(
    request: web.Request, visit: Visit, template: str, http_status: int = 200, /, **values: object
) -> web.Response:
    """Render a page of the console, with what all of them show: who looks, where, when, and how much waits."""
    shop = edge_of(request).shop
    waiting = sum(one.count for one in await shop.figures.findings())
    shared = {
        "visit": visit,
        "now": shop.clock.now(),
        "waiting": at_least(waiting) if waiting else "",
        "here": request.path,
        "cursor": request.query.get("cursor", ""),
    }
    return page(f"console/{template}", http_status, **{**shared, **values})


def filters(request: web.Request, cls: type[Query]) -> tuple[Query, dict[str, str]]:
    """
    Read which rows are wanted.

    Returns:
        The query, and the same as text, to be shown in the form again and carried on to the next page.

    Raises:
        InvalidBody: it has another shape.
        HttpRefusal: a parameter is there twice (`malformed-request`).
    """
    typed = {name: text for name, text in request.query.items() if text and name != "cursor"}
    return read_query(request, cls), typed
