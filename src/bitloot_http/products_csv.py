"""
The catalogue as a table in a text file: read whole, judged whole, and refused with every mistake that it has.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.catalogue import Product, checked_title
from bitloot_core.values.errors import BitlootError, InvalidInput
from bitloot_core.values.money import Money

REQUIRED = ("product_id", "title", "supplier_product_id", "price", "currency", "max_cost")
OPTIONAL = ("key_type", "release_date")
COST_CURRENCY = "EUR"
"""The currency of the supplier's balance. **Source:** Kinguin ESA documentation, balance."""
_LONGEST_ID = 128
_CURRENCY = re.compile(r"[A-Z]{3}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@attrs.frozen(kw_only=True)
class RowProblem:
    """
    One mistake.

    Attributes:
        line: where, counted from 1, the heading included.
        field: the column; empty where it is about the whole line.
        reason: a clause that completes "field ...".
    """

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        subject = f"{self.field} {self.reason}" if self.field else self.reason
        return f"line {self.line}: {subject}"


class ProductsInvalid(BitlootError):
    """
    The file does not describe a catalogue; nothing of it may be used.

    Args:
        problems: all of them, in the order of the file.
    """

    def __init__(self, problems: tuple[RowProblem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def parse_products(content: bytes) -> tuple[Product, ...]:
    """
    Read the products out of a CSV file.

    Raises:
        ProductsInvalid: with every mistake of every line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise ProductsInvalid((RowProblem(line=line, field="", reason="is not UTF-8"),)) from None
    products: list[Product] = []
    problems: list[RowProblem] = []
    first_lines: dict[str, int] = {}
    for line, cells in _rows(text):
        try:
            products.append(_product(line, cells, first_lines))
        except ProductsInvalid as found:
            problems.extend(found.problems)
    if not products and not problems:
        problems.append(RowProblem(line=1, field="", reason="there is no product in the file"))
    if problems:
        raise ProductsInvalid(tuple(problems))
    return tuple(products)


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line that holds anything, as its number and its cells by column."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(reader, []))
        line = reader.line_num + 1
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, dict(zip_longest(columns, (cell.strip() for cell in row), fillvalue=""))
            # A quoted field may span lines: the next row begins after the last line that was read.
            line = reader.line_num + 1
    except csv.Error as exc:
        reason = f"cannot be read as CSV: {exc}"
        raise ProductsInvalid((RowProblem(line=reader.line_num, field="", reason=reason),)) from None


def _columns(heading: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(name.strip().lower() for name in heading)
    wrong = [
        RowProblem(line=1, field=name, reason="is missing in the heading") for name in REQUIRED if name not in columns
    ]
    known = {*REQUIRED, *OPTIONAL}
    wrong += [RowProblem(line=1, field=name, reason="is no column of ours") for name in columns if name not in known]
    twice = {name for name in columns if columns.count(name) > 1}
    wrong += [RowProblem(line=1, field=name, reason="is there twice") for name in sorted(twice & known)]
    if wrong and len(heading) == 1 and ";" in heading[0]:
        wrong = [RowProblem(line=1, field="", reason="columns must be separated by commas, not semicolons")]
    if wrong:
        raise ProductsInvalid(tuple(wrong))
    return columns


def _product(line: int, cells: Mapping[str, str], first_lines: MutableMapping[str, int]) -> Product:
    problems = [RowProblem(line=line, field="", reason="has more fields than the heading")] if "" in cells else []
    values: dict[str, Any] = {}
    for column, read in _READERS.items():
        text = cells.get(column, "")
        if not text:
            if column in REQUIRED:
                problems.append(RowProblem(line=line, field=column, reason="is empty"))
            continue
        try:
            values[_ATTRIBUTES.get(column, column)] = read(text, cells)
        except InvalidInput as refusal:
            problems.append(RowProblem(line=line, field=column, reason=refusal.reason))
    earlier = first_lines.setdefault(cells["product_id"], line)
    if earlier != line and cells["product_id"]:
        problems.append(RowProblem(line=line, field="product_id", reason=f"is the same as in line {earlier}"))
    if problems:
        raise ProductsInvalid(tuple(problems))
    del values["currency"]
    return Product(**values)


def _name(text: str, _: Mapping[str, str]) -> str:
    if len(text) > _LONGEST_ID or not text.isprintable() or " " in text:
        raise InvalidInput("", f"must be at most {_LONGEST_ID} characters without spaces")
    return text


def _title(text: str, _: Mapping[str, str]) -> str:
    return checked_title(text)


def _currency(text: str, _: Mapping[str, str]) -> str:
    return Money.zero(text).currency


def _price(text: str, cells: Mapping[str, str]) -> Money:
    # A currency that cannot be used has a problem of its own; the number is still judged.
    currency = cells["currency"] if _CURRENCY.fullmatch(cells["currency"]) else COST_CURRENCY
    return _positive(text, currency)


def _cost(text: str, _: Mapping[str, str]) -> Money:
    return _positive(text, COST_CURRENCY)


def _positive(text: str, currency: str) -> Money:
    amount = Money.of(text, currency)
    if amount.amount <= 0:
        raise InvalidInput("", "must be above 0")
    return amount


def _key_type(text: str, _: Mapping[str, str]) -> KeyType:
    try:
        return KeyType(text.lower())
    except ValueError:
        raise InvalidInput("", f"must be one of {', '.join(KeyType)}") from None


def _day(text: str, _: Mapping[str, str]) -> date:
    if _DAY.fullmatch(text) is None:
        raise InvalidInput("", "must be a day like 2026-01-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("", "is no day of the calendar") from None


_READERS: Mapping[str, Callable[[str, Mapping[str, str]], object]] = {
    "product_id": _name,
    "title": _title,
    "supplier_product_id": _name,
    "price": _price,
    "currency": _currency,
    "max_cost": _cost,
    "key_type": _key_type,
    "release_date": _day,
}
_ATTRIBUTES = {"product_id": "id"}
