"""
Kinguin's JSON, read and written: strict about what we need, blind to everything else.

Nothing here calls anybody, and no error carries a value from an answer: an answer can hold a product key.

**Source:** Kinguin ESA documentation (state July 2025): order object, key object, search orders, return keys.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

import attrs

from bitloot_adapters.kinguin.key_material import key_material
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_core.order.reservations import KeyType, PurchaseItem, SupplierWord
from bitloot_core.ports.supplier import Purchase, ReturnedKey, ReturnOutcome, SupplierKey
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.money import LARGEST, Money, parse_decimal

CURRENCY = "EUR"
"""Prices and the prepaid balance are in euros."""
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a date that cannot be read: an order without a readable date is still an order that we paid for."""

_NAME = re.compile(r"[\x21-\x7e]{1,128}")
_WORDS = {word.value: word for word in SupplierWord if word is not SupplierWord.UNRECOGNISED}
_CENT = Decimal("0.01")
_OUTCOMES = {
    "RETURNED": ReturnOutcome.RETURNED,
    # The money is back, which is what a return is for.
    "REFUNDED": ReturnOutcome.RETURNED,
    # Named in the answer to an accepted return, and so on its way.
    "DELIVERED": ReturnOutcome.PENDING,
    "PROCESSING": ReturnOutcome.PENDING,
    "PENDING": ReturnOutcome.PENDING,
    # It never came into being: there is nothing to give back.
    "CANCELED": ReturnOutcome.REFUSED,
}


@attrs.frozen(kw_only=True)
class Found:
    """
    One page of the order search.

    Attributes:
        ours: the orders that carry our reference; the search may match more loosely than we asked.
        shown: how many orders the page holds, of any reference.
        total: how many there are on all pages, as the API counts them.
    """

    ours: tuple[Purchase, ...]
    shown: int
    total: int


@attrs.frozen(kw_only=True)
class Listed:
    """
    One page of orders of any reference.

    Attributes:
        purchases: the orders that carry a reference.
        names: the orders that the page holds, with and without one.
        total: how many there are on all pages, as the API counts them.
    """

    purchases: tuple[Purchase, ...]
    names: tuple[str, ...]
    total: int


def order_request(items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> dict[str, object]:
    """
    Write the body of `POST /v2/order`.

    `price` is the most that we pay for one; `keyType` is not allowed with a preorder.

    Raises:
        InvalidInput: a cap is not in euros.
    """
    return {"products": [_product_request(item) for item in items], "orderExternalId": ref}


def read_order(payload: object) -> Purchase:
    """
    Read an order object.

    A product can stand in several entries, one for each offer that it is bought from; their quantities add up. The
    charge is `paymentPrice`, and `totalPrice` where that is missing.

    Raises:
        Unreadable: something that we need is not there.
    """
    order = read_object(payload, "order")
    return Purchase(
        supplier_order_id=SupplierOrderId(read_name(order, "orderId")),
        ref=ExternalRef(read_name(order, "orderExternalId")),
        word=_word(order),
        charged=_charged(order),
        quantities=_quantities(order),
        created_at=_read_time(order.get("createdAt")),
    )


def read_found(payload: object, *, ref: ExternalRef) -> Found:
    """
    Read one page of the order search.

    Raises:
        Unreadable: it is no page of orders, or one of ours lacks what we need.
    """
    page = read_object(payload, "search")
    orders = [read_object(entry, "search.results") for entry in read_list(page.get("results"), "search.results")]
    ours = [order for order in orders if read_name(order, "orderExternalId") == ref]
    return Found(
        ours=tuple(read_order(order) for order in ours), shown=len(orders), total=read_count(page, "item_count")
    )


def read_listed(payload: object) -> Listed:
    """
    Read one page of the order search, whatever the orders on it are.

    Raises:
        Unreadable: it is no page of orders, or one that has a reference lacks what we need.
    """
    page = read_object(payload, "search")
    orders = [read_object(entry, "search.results") for entry in read_list(page.get("results"), "search.results")]
    return Listed(
        purchases=tuple(read_order(order) for order in orders if _has_reference(order)),
        names=tuple(read_name(order, "orderId") for order in orders),
        total=read_count(page, "item_count"),
    )


def read_keys(payload: object) -> tuple[SupplierKey, ...]:
    """
    Read one page of keys.

    Raises:
        Unreadable: it is no list of keys, or one of them cannot be read.
    """
    return tuple(_key(read_object(entry, "key")) for entry in read_list(payload, "keys"))


def read_returned(payload: object) -> tuple[ReturnedKey, ...]:
    """
    Read the answer to a return of keys.

    Raises:
        Unreadable: it is no list of key states, or a state is a word that we do not know.
    """
    return tuple(_returned(read_object(entry, "returned key")) for entry in read_list(payload, "returned keys"))


def read_balance(payload: object) -> Money:
    """
    Read the prepaid balance.

    Raises:
        Unreadable: there is no amount in it.
    """
    return read_money(read_object(payload, "balance"), "balance")


def read_object(payload: object, what: str) -> Mapping[str, object]:
    """
    Take a JSON object for what it is.

    Raises:
        Unreadable: it is none.
    """
    if not isinstance(payload, dict):
        raise Unreadable(what, "is not an object")
    return payload


def read_name(source: Mapping[str, object], field: str) -> str:
    """
    Read an identifier: printable ASCII without spaces, at most 128 characters.

    Raises:
        Unreadable: it is missing or something else.
    """
    name = name_or_none(source, field)
    if name is None:
        raise Unreadable(field, "is not an identifier")
    return name


def name_or_none(source: Mapping[str, object], field: str) -> str | None:
    """An identifier, as `read_name` reads it; None if it is missing or something else."""
    value = source.get(field)
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _has_reference(order: Mapping[str, object]) -> bool:
    """Whether an order was made under a reference that could be ours: one made by hand may have none, or any text."""
    value = order.get("orderExternalId")
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _product_request(item: PurchaseItem) -> dict[str, object]:
    if item.max_cost.currency != CURRENCY:
        raise InvalidInput("max_cost", f"is in {item.max_cost.currency}, and Kinguin is paid in {CURRENCY}")
    request: dict[str, object] = {
        "productId": item.supplier_product_id,
        "qty": item.quantity,
        "price": item.max_cost.amount,
    }
    if item.key_type is KeyType.TEXT and item.release_date is None:
        request["keyType"] = "text"
    return request


def _word(order: Mapping[str, object]) -> SupplierWord:
    status = order.get("status")
    if not isinstance(status, str):
        raise Unreadable("status", "is not a word")
    return _WORDS.get(status, SupplierWord.UNRECOGNISED)


def _charged(order: Mapping[str, object]) -> Money:
    return read_money(order, "totalPrice" if order.get("paymentPrice") is None else "paymentPrice")


def _quantities(order: Mapping[str, object]) -> Mapping[SupplierProductId, int]:
    counted: Counter[SupplierProductId] = Counter()
    for entry in read_list(order.get("products"), "products"):
        product = read_object(entry, "products")
        counted[SupplierProductId(read_name(product, "productId"))] += read_count(product, "qty")
    return MappingProxyType(dict(counted))


def _key(key: Mapping[str, object]) -> SupplierKey:
    key_id = read_name(key, "id")
    return SupplierKey(
        id=SupplierKeyId(key_id),
        product_id=SupplierProductId(read_name(key, "productId")),
        material=key_material(key.get("serial"), media_type=key.get("type"), key_id=key_id),
    )


def _returned(key: Mapping[str, object]) -> ReturnedKey:
    status = key.get("status")
    outcome = _OUTCOMES.get(status) if isinstance(status, str) else None
    if outcome is None:
        raise Unreadable("status", "is not a state of a key that we know")
    return ReturnedKey(id=SupplierKeyId(read_name(key, "id")), outcome=outcome)


def read_money(source: Mapping[str, object], field: str) -> Money:
    """
    Read an amount, rounded to the cent: Kinguin computes with floats, and a sum can come as 10.580000000000002.

    Raises:
        Unreadable: it is missing, no number, or beyond what a shop could mean.
    """
    amount = _decimal(source.get(field), field)
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise Unreadable(field, "is out of range")
    return Money(amount=amount.quantize(_CENT, ROUND_HALF_UP), currency=CURRENCY)


def _decimal(value: object, field: str) -> Decimal:
    match value:
        case Decimal():
            return value
        case int() if not isinstance(value, bool):
            return Decimal(value)
        case str():
            try:
                return parse_decimal(value, field=field)
            except InvalidInput:
                raise Unreadable(field, "is not an amount") from None
        case _:
            raise Unreadable(field, "is not an amount")


def read_count(source: Mapping[str, object], field: str) -> int:
    """
    Read a whole number of things.

    Raises:
        Unreadable: it is missing, no whole number, or below 0.
    """
    value = source.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unreadable(field, "is not a count")
    return value


def read_list(value: object, what: str) -> list[object]:
    """
    Take a JSON array for what it is.

    Raises:
        Unreadable: it is none.
    """
    if not isinstance(value, list):
        raise Unreadable(what, "is not a list")
    return value


def _read_time(value: object) -> datetime:
    """Read a time; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else UNDATED
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return UNDATED
