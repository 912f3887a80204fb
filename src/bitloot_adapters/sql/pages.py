"""
One page of a list, by keyset: rows that come in between neither shift nor repeat what is still to be read.

A cursor is the place of the last row shown, (time, name), in base64url. It is opaque, and checked like any input.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Select, Tuple, tuple_
from sqlalchemy.engine import Row

from bitloot_adapters.sql.columns import micros
from bitloot_core.ports.queries import Page, Slice
from bitloot_core.values.errors import InvalidInput

Shown = TypeVar("Shown")
LARGEST_PAGE = 100
_PLACE = re.compile(r"(-?[0-9]{1,17})/([\x21-\x7e]{1,200})")
_NUMBER = re.compile(r"[0-9]{1,18}")


def narrowed(rows: Select[Any], *wanted: tuple[Any, str | int | None]) -> Select[Any]:
    """Keep the rows whose columns have the wanted values; an absent one admits all."""
    return rows.where(*(column == value for column, value in wanted if value is not None))


def newest_first(rows: Select[Any], part: Slice, at: Column[int], name: Column[Any]) -> Select[Any]:
    """
    Narrow a list to one page, and one row more that tells whether another page follows.

    Args:
        at: the row's time.
        name: what tells apart the rows of one time.

    Raises:
        InvalidInput: the cursor is none of ours, or the limit is out of range.
    """
    rows = _bounded(rows, part, at)
    if part.cursor is not None:
        rows = rows.where(tuple_(at, name) < _place_of(part.cursor, name))
    return rows.order_by(at.desc(), name.desc()).limit(part.limit + 1)


def soonest_first(rows: Select[Any], part: Slice, at: Column[int], name: Column[Any]) -> Select[Any]:
    """Narrow a list that begins with its earliest row; otherwise as `newest_first`."""
    rows = _bounded(rows, part, at)
    if part.cursor is not None:
        rows = rows.where(tuple_(at, name) > _place_of(part.cursor, name))
    return rows.order_by(at, name).limit(part.limit + 1)


def last_number_first(rows: Select[Any], part: Slice, at: Column[int], number: Column[int]) -> Select[Any]:
    """
    Narrow a list whose rows are numbered as they come; otherwise as `newest_first`.

    For a table that is written so often that an index by time would cost more than it gives.
    """
    rows = _bounded(rows, part, at)
    if part.cursor is not None:
        _, last = _parsed(part.cursor, is_number=True)
        rows = rows.where(number < last)
    return rows.order_by(number.desc()).limit(part.limit + 1)


def _bounded(rows: Select[Any], part: Slice, at: Column[int]) -> Select[Any]:
    if not 1 <= part.limit <= LARGEST_PAGE:
        raise InvalidInput("limit", f"is not from 1 to {LARGEST_PAGE}")
    if part.since is not None:
        rows = rows.where(at >= micros(part.since))
    if part.until is not None:
        rows = rows.where(at < micros(part.until))
    return rows


def _place_of(cursor: str, name: Column[Any]) -> Tuple:
    return tuple_(*_parsed(cursor, is_number=name.type.python_type is int))


def page_of(
    rows: Sequence[Row[Any]],
    part: Slice,
    show: Callable[[Row[Any]], Shown],
    place: Callable[[Row[Any]], tuple[int, object]],
) -> Page[Shown]:
    """Make a page of the rows that `newest_first` has chosen; `place` says at what (time, name) a row stands."""
    shown = rows[: part.limit]
    more = len(rows) > part.limit
    return Page(items=tuple(map(show, shown)), next_cursor=_cursor(place(shown[-1])) if more else None)


def _cursor(place: tuple[int, object]) -> str:
    return base64.urlsafe_b64encode(f"{place[0]}/{place[1]}".encode()).decode().rstrip("=")


def _parsed(cursor: str, *, is_number: bool) -> tuple[int, str | int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise _no_cursor() from None
    place = _PLACE.fullmatch(text)
    if place is None or (is_number and _NUMBER.fullmatch(place[2]) is None):
        raise _no_cursor()
    return int(place[1]), int(place[2]) if is_number else place[2]


def _no_cursor() -> InvalidInput:
    return InvalidInput("cursor", "is not one that a list has given out")
