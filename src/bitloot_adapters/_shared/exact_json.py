"""
JSON with exact decimals, both ways: no amount passes through a float.

An error never holds a piece of the document, which can be a product key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

_WORDS: dict[object, str] = {None: "null", True: "true", False: "false"}


class NotJson(ValueError):
    """The bytes are no JSON document that we would read."""


def decode_json(document: bytes) -> object:
    """
    Read a JSON document; a number with a point or an exponent becomes the exact `Decimal`.

    >>> decode_json(b'{"price": 5.10, "qty": 2}')
    {'price': Decimal('5.10'), 'qty': 2}

    Raises:
        NotJson: it is not UTF-8, not JSON, nested too deeply, or holds `NaN` or an infinity.
    """
    try:
        return _DECODER.decode(document.decode("utf-8"))
    except (ValueError, RecursionError, ArithmeticError):
        pass
    # Raised out here because the caught error carries the whole document, and would be chained to this one.
    raise NotJson("not a JSON document")


def encode_json(value: object) -> bytes:
    """
    Write JSON in which a `Decimal` is a number with exactly its own digits.

    >>> encode_json({"price": Decimal("5.10"), "qty": 2})
    b'{"price":5.10,"qty":2}'

    Raises:
        TypeError: a value has no exact JSON form (a float has none).
    """
    return _text(value).encode()


def _text(value: object) -> str:
    match value:
        case None | bool():
            return _WORDS[value]
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case str():
            return json.dumps(value)
        case Mapping():
            return "{" + ",".join(f"{_name(name)}:{_text(item)}" for name, item in value.items()) + "}"
        case Sequence() if not isinstance(value, bytes | bytearray):
            return "[" + ",".join(_text(item) for item in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("a JSON object is named by text")
    return json.dumps(name)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


# One for all documents: `json.loads` would make one for each.
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
