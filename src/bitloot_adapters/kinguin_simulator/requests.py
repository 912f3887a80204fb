"""
Reading what a client sent: the order body and the query parameters, refused in the API's own words.

What only needs the request is checked here; what needs the catalogue, the balance or earlier orders is `world`'s.

Source: Kinguin ESA documentation, state July 2025, "Place an order", "Search orders"; that a product may stand only
once in an order (400) is a field report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import attrs

from bitloot_adapters.kinguin_simulator.errors import refuse, violation
from bitloot_adapters.kinguin_simulator.values import OrderStatus

MAX_PRODUCTS = 10
MAX_PER_OFFER = 9
MAX_PER_ORDER = 90
MAX_WHOLESALE = 1000
MAX_PAGE = 100
USUAL_PAGE = 25

_Word = TypeVar("_Word", bound=StrEnum)


class YesNo(StrEnum):
    """
    How a query spells a truth value.
    """

    YES = "yes"
    NO = "no"


@attrs.frozen(kw_only=True)
class WantedLine:
    """
    One product that the client asks for, at most at `price` EUR a key.
    """

    product_id: str
    quantity: int
    price: Decimal
    text_only: bool
    offer_id: str | None

    @property
    def wholesale(self) -> bool:
        """
        Whether the quantity is above what an ordinary purchase allows.
        """
        return self.quantity > MAX_PER_OFFER


@attrs.frozen(kw_only=True)
class WantedOrder:
    """
    A well-formed order request.
    """

    lines: tuple[WantedLine, ...]
    external_id: str | None


@attrs.frozen(kw_only=True)
class Page:
    """
    Which slice of a list is asked for; pages count from 1.
    """

    number: int
    size: int

    @property
    def bounds(self) -> slice:
        """
        The slice of the whole list that this page shows.
        """
        return slice((self.number - 1) * self.size, self.number * self.size)


@attrs.frozen(kw_only=True)
class OrderQuery:
    """
    The filters of the order search; None leaves a filter out.
    """

    order_id: str | None
    external_id: str | None
    status: OrderStatus | None
    created_from: datetime | None
    created_to: datetime | None
    kinguin_id: int | None
    product_id: str | None
    preorder: YesNo | None


def read_order(body: bytes) -> WantedOrder:
    """
    Return the order that the body asks for.

    Raises:
        Refusal: the body is no JSON (kind Http), or breaks a rule that needs no catalogue (ConstraintViolation).
    """
    try:
        payload = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError as exc:
        raise refuse("Http", "The body is not valid JSON.") from exc
    if not isinstance(payload, dict):
        raise refuse("Http", "The body is not a JSON object.")
    lines = _read_lines(payload.get("products"))
    external_id = payload.get("orderExternalId")
    if external_id is not None and (not isinstance(external_id, str) or not external_id):
        raise violation("orderExternalId", external_id, "This value should be a string and not be blank.")
    return WantedOrder(lines=lines, external_id=external_id)


def read_page(query: Mapping[str, str]) -> Page:
    """
    Return the page asked for: the first 25 unless the query says otherwise, never more than 100.
    """
    number = _whole(query, "page", usual=1)
    size = _whole(query, "limit", usual=USUAL_PAGE)
    if size > MAX_PAGE:
        raise violation("limit", size, f"This value should be less than or equal to {MAX_PAGE}.")
    return Page(number=number, size=size)


def read_order_query(query: Mapping[str, str]) -> OrderQuery:
    """
    Return the filters of an order search.
    """
    return OrderQuery(
        order_id=query.get("orderId"),
        external_id=query.get("orderExternalId"),
        status=_word(query, "status", OrderStatus),
        created_from=read_time(query, "createdAtFrom"),
        created_to=read_time(query, "createdAtTo"),
        kinguin_id=_whole(query, "kinguinId", usual=0) or None,
        product_id=query.get("productId"),
        preorder=_word(query, "isPreorder", YesNo),
    )


def read_time(query: Mapping[str, str], name: str) -> datetime | None:
    """
    Return that query parameter as a time; without an offset it is UTC.

    A bare `+` in a query means a space, so an offset that the client did not escape is refused, as it should be.
    """
    text = query.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise violation(name, text, "This value is not a valid datetime.") from exc
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _read_lines(products: Any) -> tuple[WantedLine, ...]:
    if not isinstance(products, list) or not products:
        raise violation("products", products, "This value should be a list and not be blank.")
    if len(products) > MAX_PRODUCTS:
        raise violation("products", len(products), f"This collection should contain {MAX_PRODUCTS} elements or less.")
    lines = tuple(_read_line(f"products[{index}]", entry) for index, entry in enumerate(products))
    seen: set[str] = set()
    for index, line in enumerate(lines):
        if line.product_id in seen:
            raise violation(f"products[{index}].productId", line.product_id, "This value should be unique.")
        seen.add(line.product_id)
    total = sum(line.quantity for line in lines)
    most = MAX_WHOLESALE if any(line.wholesale for line in lines) else MAX_PER_ORDER
    if total > most:
        raise violation("products", total, f'Sum of total values of "qty" must be lower than or equal {most}.')
    return lines


def _read_line(at: str, entry: Any) -> WantedLine:
    if not isinstance(entry, dict):
        raise violation(at, entry, "This value should be an object.")
    product_id, quantity, price = entry.get("productId"), entry.get("qty"), entry.get("price")
    key_type, offer_id = entry.get("keyType"), entry.get("offerId")
    if not isinstance(product_id, str) or not product_id:
        raise violation(f"{at}.productId", product_id, "This value should be a string and not be blank.")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise violation(f"{at}.qty", _shown(quantity), "This value should be a positive integer.")
    if not isinstance(price, int | Decimal) or isinstance(price, bool) or price <= 0:
        raise violation(f"{at}.price", _shown(price), "This value should be a positive float.")
    if key_type is not None and key_type != "text":
        raise violation(f"{at}.keyType", key_type, "The value you selected is not a valid choice.")
    if offer_id is not None and (not isinstance(offer_id, str) or not offer_id):
        raise violation(f"{at}.offerId", offer_id, "This value should be a string and not be blank.")
    most = MAX_PER_OFFER if offer_id is None else MAX_WHOLESALE
    if quantity > most:
        raise violation(f"{at}.qty", quantity, f"This value should be less than or equal to {most}.")
    return WantedLine(
        product_id=product_id,
        quantity=quantity,
        price=Decimal(price),
        text_only=key_type == "text",
        offer_id=offer_id,
    )


def _whole(query: Mapping[str, str], name: str, *, usual: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise violation(name, text, "This value should be a positive integer.")
    return int(text)


def _word(query: Mapping[str, str], name: str, words: type[_Word]) -> _Word | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return words(text)
    except ValueError as exc:
        raise violation(name, text, "The value you selected is not a valid choice.") from exc


def _shown(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
