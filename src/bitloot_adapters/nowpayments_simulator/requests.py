"""
What a merchant may send: bodies and query strings, parsed strictly.

What lives here: the field lists of the calls and their checks. What must not: whether the request can be granted
(`book.py`).
An unknown field is refused, so that a misspelt one shows in a test; the vendor's own behaviour there is not published.

**Source**: NOWPayments API documentation, request tables (2026-04). Messages follow the two that are published
(`... must be a valid uri`, `... must be a number`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlsplit

import attrs

from . import errors

SANDBOX_CASES: Final = ("success", "common", "failed", "partially_paid")
_NOT_IN_URI: Final = frozenset(' |"<>\\^`{}')
_LARGEST_ID_DIGITS = 20


@attrs.frozen(kw_only=True)
class PaymentRequest:
    """The body of `POST /payment`."""

    price_amount: Decimal
    price_currency: str
    pay_currency: str
    pay_amount: Decimal | None
    ipn_callback_url: str | None
    order_id: str | None
    order_description: str | None
    payout_currency: str | None
    is_fixed_rate: bool
    is_fee_paid_by_user: bool
    purchase_id: int | None
    case: str | None


@attrs.frozen(kw_only=True)
class InvoiceRequest:
    """The body of `POST /invoice`."""

    price_amount: Decimal
    price_currency: str
    pay_currency: str | None
    ipn_callback_url: str | None
    order_id: str | None
    order_description: str | None
    success_url: str | None
    cancel_url: str | None
    partially_paid_url: str | None
    is_fixed_rate: bool
    is_fee_paid_by_user: bool


@attrs.frozen(kw_only=True)
class InvoicePaymentRequest:
    """The body of `POST /invoice-payment`."""

    invoice_id: int
    pay_currency: str
    purchase_id: int | None
    order_description: str | None
    customer_email: str | None
    payout_currency: str | None


def payment_request(body: bytes, *, is_sandbox: bool) -> PaymentRequest:
    """
    Parse the body of `POST /payment`.

    Raises:
        ApiError: 400 with the first field that is wrong.
    """
    fields = _Fields.parse(body)
    payout_currency = _payout_currency(fields)
    request = PaymentRequest(
        price_amount=fields.required_amount("price_amount"),
        price_currency=fields.required_text("price_currency"),
        pay_currency=fields.required_text("pay_currency"),
        pay_amount=fields.amount("pay_amount"),
        ipn_callback_url=fields.uri("ipn_callback_url"),
        order_id=fields.text("order_id"),
        order_description=fields.text("order_description"),
        payout_currency=payout_currency,
        is_fixed_rate=fields.flag("is_fixed_rate"),
        is_fee_paid_by_user=fields.flag("is_fee_paid_by_user"),
        purchase_id=fields.identifier("purchase_id"),
        case=fields.one_of("case", SANDBOX_CASES) if is_sandbox else None,
    )
    fields.refuse_the_rest()
    return request


def invoice_request(body: bytes) -> InvoiceRequest:
    """
    Parse the body of `POST /invoice`.

    Raises:
        ApiError: 400 with the first field that is wrong.
    """
    fields = _Fields.parse(body)
    request = InvoiceRequest(
        price_amount=fields.required_amount("price_amount"),
        price_currency=fields.required_text("price_currency"),
        pay_currency=fields.text("pay_currency"),
        ipn_callback_url=fields.uri("ipn_callback_url"),
        order_id=fields.text("order_id"),
        order_description=fields.text("order_description"),
        success_url=fields.uri("success_url"),
        cancel_url=fields.uri("cancel_url"),
        partially_paid_url=fields.uri("partially_paid_url"),
        is_fixed_rate=fields.flag("is_fixed_rate"),
        is_fee_paid_by_user=fields.flag("is_fee_paid_by_user"),
    )
    fields.refuse_the_rest()
    return request


def invoice_payment_request(body: bytes) -> InvoicePaymentRequest:
    """
    Parse the body of `POST /invoice-payment`.

    Raises:
        ApiError: 400 with the first field that is wrong.
    """
    fields = _Fields.parse(body)
    invoice_id = fields.identifier("iid")
    if invoice_id is None:
        raise errors.invalid_request("iid is required")
    request = InvoicePaymentRequest(
        invoice_id=invoice_id,
        pay_currency=fields.required_text("pay_currency"),
        purchase_id=fields.identifier("purchase_id"),
        order_description=fields.text("order_description"),
        customer_email=fields.text("customer_email"),
        payout_currency=_payout_currency(fields),
    )
    fields.refuse_the_rest()
    return request


def login_request(body: bytes) -> tuple[str, str]:
    """
    Parse the body of `POST /auth` into e-mail and password.

    Raises:
        ApiError: 400 with the first field that is wrong.
    """
    fields = _Fields.parse(body)
    login = fields.required_text("email"), fields.required_text("password")
    fields.refuse_the_rest()
    return login


def query_amount(query: Mapping[str, str], name: str) -> Decimal:
    """
    A required positive number of a query string.

    Raises:
        ApiError: 400 if it is missing or not a number.
    """
    try:
        amount = Decimal(query_text(query, name))
    except InvalidOperation:
        raise errors.invalid_request(f"{name} must be a number") from None
    if not amount.is_finite() or amount <= 0:
        raise errors.invalid_request(f"{name} must be a number")
    return amount


def query_text(query: Mapping[str, str], name: str) -> str:
    """
    A required field of a query string.

    Raises:
        ApiError: 400 if it is missing or empty.
    """
    value = query.get(name, "")
    if not value:
        raise errors.invalid_request(f"{name} is required")
    return value


def query_flag(query: Mapping[str, str], name: str) -> bool:
    """
    An optional boolean of a query string, false if absent.

    Raises:
        ApiError: 400 if it is neither `true` nor `false`.
    """
    value = query.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise errors.invalid_request(f"{name} must be a boolean")
    return value == "true"


def query_integer(query: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    """
    An optional integer of a query string.

    Raises:
        ApiError: 400 if it is not a number or out of bounds.
    """
    value = query.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise errors.invalid_request(f"{name} must be a number")
    if not least <= int(value) <= most:
        raise errors.invalid_request(f"{name} must be between {least} and {most}")
    return int(value)


def path_id(value: str) -> int:
    """
    The payment id of a path.

    Raises:
        ApiError: 400 `Payment id must be a number`.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= _LARGEST_ID_DIGITS):
        raise errors.invalid_request("Payment id must be a number")
    return int(value)


def _payout_currency(fields: _Fields) -> str | None:
    """`payout_currency` is required with `payout_address`; address and memo themselves change nothing here."""
    address = fields.text("payout_address")
    fields.text("payout_extra_id")
    currency = fields.text("payout_currency")
    if address is not None and currency is None:
        raise errors.invalid_request("payout_currency is required")
    return currency


class _Fields:
    """A JSON object from which each known field is taken once; what is left over is unknown."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, body: bytes) -> _Fields:
        try:
            parsed = json.loads(body, parse_float=Decimal)
        except ValueError as exc:
            raise errors.invalid_request("Body must be a valid json") from exc
        if not isinstance(parsed, dict):
            raise errors.invalid_request("Body must be an object")
        return cls(parsed)

    def amount(self, name: str) -> Decimal | None:
        value = self._fields.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise errors.invalid_request(f"{name} must be a number")
        amount = Decimal(value)
        if amount <= 0:
            raise errors.invalid_request(f"{name} must be a positive number")
        return amount

    def required_amount(self, name: str) -> Decimal:
        amount = self.amount(name)
        if amount is None:
            raise errors.invalid_request(f"{name} is required")
        return amount

    def text(self, name: str) -> str | None:
        if name not in self._fields:
            return None
        value = self._fields.pop(name)
        if not isinstance(value, str):
            raise errors.invalid_request(f"{name} must be a string")
        return value

    def required_text(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise errors.invalid_request(f"{name} is required")
        return text

    def one_of(self, name: str, words: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text is not None and text not in words:
            raise errors.invalid_request(f"{name} must be one of [{', '.join(words)}]")
        return text

    def uri(self, name: str) -> str | None:
        text = self.text(name)
        if text is not None and not _is_uri(text):
            raise errors.invalid_request(f"{name} must be a valid uri")
        return text

    def flag(self, name: str) -> bool:
        value = self._fields.pop(name, False)
        if not isinstance(value, bool):
            raise errors.invalid_request(f"{name} must be a boolean")
        return value

    def identifier(self, name: str) -> int | None:
        value = self._fields.pop(name, None)
        if value is None:
            return None
        text = str(value)
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= _LARGEST_ID_DIGITS):
            raise errors.invalid_request(f"{name} must be a number")
        return int(text)

    def refuse_the_rest(self) -> None:
        if self._fields:
            raise errors.invalid_request(f"{min(self._fields)} is not allowed")


def _is_uri(text: str) -> bool:
    """An absolute http or https address in which all is encoded that has to be; a bare `|` is refused."""
    if not text.isascii() or _NOT_IN_URI.intersection(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
