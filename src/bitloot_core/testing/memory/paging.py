"""
One page of a list: by keyset, so that rows which come in between neither shift nor repeat what is still to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from bitloot_core.ports.queries import Page, Slice
from bitloot_core.values.errors import InvalidInput

Row = TypeVar("Row")
LARGEST_PAGE = 100


def newest_first(
    rows: Iterable[Row], part: Slice, *, at: Callable[[Row], datetime], name: Callable[[Row], str]
) -> Page[Row]:
    """
    Cut a page out of a list.

    Args:
        at: the row's time.
        name: what tells apart the rows of one time.

    Raises:
        InvalidInput: the cursor is none of ours, or the limit is out of range.
    """
    start = _start(part)
    wanted = [row for row in rows if part.spans(at(row)) and (start is None or (at(row), name(row)) < start)]
    wanted.sort(key=lambda row: (at(row), name(row)), reverse=True)
    return _page(wanted, part, at, name)


def soonest_first(
    rows: Iterable[Row], part: Slice, *, at: Callable[[Row], datetime], name: Callable[[Row], str]
) -> Page[Row]:
    """Cut a page out of a list that begins with its earliest row; otherwise as `newest_first`."""
    start = _start(part)
    wanted = [row for row in rows if part.spans(at(row)) and (start is None or (at(row), name(row)) > start)]
    wanted.sort(key=lambda row: (at(row), name(row)))
    return _page(wanted, part, at, name)


def _start(part: Slice) -> tuple[datetime, str] | None:
    if not 1 <= part.limit <= LARGEST_PAGE:
        raise InvalidInput("limit", f"is not from 1 to {LARGEST_PAGE}")
    return None if part.cursor is None else _parse(part.cursor)


def _page(wanted: list[Row], part: Slice, at: Callable[[Row], datetime], name: Callable[[Row], str]) -> Page[Row]:
    items = tuple(wanted[: part.limit])
    more = len(wanted) > part.limit
    return Page(items=items, next_cursor=f"{at(items[-1]).isoformat()}~{name(items[-1])}" if more else None)


def _parse(cursor: str) -> tuple[datetime, str]:
    time, separator, name = cursor.partition("~")
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        raise InvalidInput("cursor", "is not one that this list gave out") from None
    if not separator or at.tzinfo is None:
        raise InvalidInput("cursor", "is not one that this list gave out")
    return at, name
