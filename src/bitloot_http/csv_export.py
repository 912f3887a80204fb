"""
A whole list as CSV (RFC 4180), sent while it is read: page by page, however long it is.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and runs it: such text gets a `'` in
front. **Source:** OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from aiohttp import hdrs, web

from bitloot_core.values.errors import BitlootError
from bitloot_core.values.money import Money
from bitloot_http.outgoing import iso
from bitloot_http.shapes import fields_of, wire_name

MEDIA_TYPE = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LOG = structlog.get_logger("bitloot.csv")


def wants_csv(request: web.Request, asked: str | None) -> bool:
    """Whether the list is asked for as CSV: with `?format=csv`, or with `Accept: text/csv` where no format is named."""
    if asked is not None:
        return asked == "csv"
    return MEDIA_TYPE in request.headers.get(hdrs.ACCEPT, "")


def head_of(kind: Any) -> list[str]:
    """The names of the columns that the fields of a view stand in; money takes two."""
    columns: list[str] = []
    for field, hint in fields_of(kind):
        name = wire_name(field)
        columns += [name, f"{name}Currency"] if hint in {Money, Money | None} else [name]
    return columns


def cells_of(view: Any) -> list[str]:
    """
    The cells of a view, in the order of its columns.

    An absent value is an empty cell.
    """
    cells: list[str] = []
    kind: Any = type(view)
    for field, hint in fields_of(kind):
        value = getattr(view, field.name)
        if hint in {Money, Money | None}:
            cells += ["", ""] if value is None else [value.text, value.currency]
        else:
            cells.append(_cell(value))
    return cells


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return iso(value)
        case tuple():
            return defused(" ".join(map(str, value)))
        case _:
            return defused(str(value))


def defused(text: str) -> str:
    """
    Text that no spreadsheet runs.

    >>> defused("=1+1"), defused("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


async def send_csv(
    request: web.Request, name: str, kind: type[Any], pages: AsyncIterator[Iterable[Any]]
) -> web.StreamResponse:
    """
    Send a list.

    The first page is read before anything is sent, so that what is wrong with the question is still a problem. If a
    later one cannot be read, the connection is cut: half a list must not look like a whole one.

    Args:
        name: what the file is called, without its ending.
        kind: the class of the views.
        pages: the views, page by page.
    """
    first = await anext(pages, ())
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: f"{MEDIA_TYPE}; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.csv"',
            hdrs.CACHE_CONTROL: "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    try:
        await response.write(_lines([head_of(kind), *map(cells_of, first)]))
        async for page in pages:
            await response.write(_lines([cells_of(view) for view in page]))
    except BitlootError as error:
        _LOG.warning("export cut short", list=name, error=type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
