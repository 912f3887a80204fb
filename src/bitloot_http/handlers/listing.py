"""
Answering a list: a page of it as JSON, or all of it as CSV.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import attrs
from aiohttp import web

from bitloot_core.ports.queries import Page, Slice
from bitloot_http.csv_export import send_csv, wants_csv
from bitloot_http.responses import json_response
from bitloot_http.wire.bodies import MOST_ROWS, ListQuery

Row = TypeVar("Row")


@attrs.frozen(kw_only=True)
class Listing(Generic[Row]):
    """
    How a list is shown.

    Attributes:
        name: what its file is called.
        row: the class of the views.
        show: makes a view of a row.
        whole: the class that holds views and `next_cursor`.
    """

    name: str
    row: type[Any]
    show: Callable[[Row], Any]
    whole: Callable[..., Any]

    async def answer(
        self, request: web.Request, query: ListQuery, read: Callable[[Slice], Awaitable[Page[Row]]]
    ) -> web.StreamResponse:
        """Read and answer what was asked for."""
        if wants_csv(request, query.format):
            return await send_csv(request, self.name, self.row, self._pages(query, read))
        page = await read(query.part)
        return json_response(self.whole(items=tuple(map(self.show, page.items)), next_cursor=page.next_cursor))

    async def _pages(
        self, query: ListQuery, read: Callable[[Slice], Awaitable[Page[Row]]]
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Every page from the asked one on, in pages as large as can be."""
        part: Slice | None = attrs.evolve(query.part, limit=MOST_ROWS)
        while part is not None:
            page = await read(part)
            yield tuple(map(self.show, page.items))
            part = None if page.next_cursor is None else attrs.evolve(part, cursor=page.next_cursor)
