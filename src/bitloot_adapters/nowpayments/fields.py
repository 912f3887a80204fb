"""
Single fields of NOWPayments' JSON, read tolerantly in form and strictly in content.

The vendor writes numbers as strings and strings as numbers at will; here each kind of field has one reader that takes
both forms and refuses everything else. What is read may come from an answer (`int`, `Decimal`) or from a notice, whose
numbers are still text.

**Source:** NOWPayments API documentation (2026-04) and live answers of 2023 to 2026, where the two differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from bitloot_core.values.ids import GatewayPaymentId

Fields: TypeAlias = Mapping[str, object]

_DECIMAL = re.compile(r"[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,3})?")
_ID = re.compile(r"[0-9]{1,20}")
_EXACT = re.compile(r"[\x20-\x7e]{1,256}")
_CODE = re.compile(r"[a-z0-9]{2,20}")
_LONGEST_DECIMAL = 60
_FINEST_EXPONENT = -40
_TOO_LARGE = Decimal(10) ** 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_402_300_799_999


class Unreadable(ValueError):
    """
    Something that we need is missing, or is not what it should be.

    Args:
        field: the vendor's name of it.
        reason: a clause that completes "field ...", free of any value from the answer.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


def amount_of(fields: Fields, name: str) -> Decimal | None:
    """
    Read an amount; None if it is null or missing.

    >>> amount_of({"pay_amount": "1.5e-7"}, "pay_amount")
    Decimal('1.5E-7')

    Raises:
        Unreadable: it is negative, no number, or of a size that no amount has.
    """
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Unreadable(name, "is not a number")
    text = str(value)
    if len(text) > _LONGEST_DECIMAL or _DECIMAL.fullmatch(text) is None:
        raise Unreadable(name, "is not a plain number")
    amount = Decimal(text)
    if amount >= _TOO_LARGE or amount.adjusted() < _FINEST_EXPONENT:
        raise Unreadable(name, "is out of range")
    return amount or Decimal(0)


def required_amount(fields: Fields, name: str) -> Decimal:
    """
    Read an amount that must be there.

    Raises:
        Unreadable: it is missing, or as for `amount_of`.
    """
    amount = amount_of(fields, name)
    if amount is None:
        raise Unreadable(name, "is missing")
    return amount


def id_of(fields: Fields, name: str) -> GatewayPaymentId | None:
    """
    Read a payment's id, which is a string in some answers and a number in others; None if it is null or missing.

    Digits only: `5.7e9` would be the same number, and so a second name for the same payment.

    >>> id_of({"payment_id": 5093564248}, "payment_id")
    '5093564248'

    Raises:
        Unreadable: it is something else.
    """
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or not is_payment_id(str(value)):
        raise Unreadable(name, "is not 1 to 20 digits")
    return GatewayPaymentId(str(value))


def is_payment_id(text: str) -> bool:
    """Whether a text can be a payment's id."""
    return _ID.fullmatch(text) is not None


def code_of(fields: Fields, name: str) -> str:
    """
    Read the code of a coin or a currency, in lower case; its case on the wire means nothing.

    Raises:
        Unreadable: it is missing or no such code.
    """
    value = fields.get(name)
    code = value.strip().lower() if isinstance(value, str) else ""
    if _CODE.fullmatch(code) is None:
        raise Unreadable(name, "is not a currency's code")
    return code


def text_of(fields: Fields, name: str, *, longest: int = 256) -> str | None:
    """
    Read a text, a number counting as one; None if it is null, missing, empty or of another kind.

    Characters that cannot be printed become `?`: a NUL or half a surrogate pair would spoil whatever stores it.
    """
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    return printable(str(value), longest=longest)


def exact_text_of(fields: Fields, name: str) -> str | None:
    """
    Read a text that is worthless with one wrong character, such as an address; None if it is null, missing or empty.

    Raises:
        Unreadable: it is not 1 to 256 printable characters of ASCII.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or _EXACT.fullmatch(str(value)) is None:
        raise Unreadable(name, "is not a printable text")
    return str(value)


def printable(text: str, *, longest: int) -> str:
    """
    Cut a text and replace what cannot be printed.

    >>> printable("fini" + chr(0) + "shed", longest=5)
    'fini?'
    """
    cut = text[:longest]
    return cut if cut.isprintable() else "".join(char if char.isprintable() else "?" for char in cut)


def time_of(fields: Fields, name: str) -> datetime | None:
    """
    Read a time: ISO 8601 in answers, milliseconds since 1970 in notices; None if it is missing or makes no sense.

    >>> time_of({"updated_at": 1711008564521}, "updated_at").isoformat()
    '2024-03-21T08:09:24.521000+00:00'
    """
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    if text.isascii() and text.isdigit():
        milliseconds = int(text[:16])
        return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds <= _LAST_MILLISECOND else None
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
