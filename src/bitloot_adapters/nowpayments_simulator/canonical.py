"""
JSON as a JavaScript backend prints it, and the IPN signature over it.

What lives here: the writer and the signers, the right one and those that merchants have met by mistake. What must not:
anything that reads or verifies; the adapter has a verifier of its own, and the two share no line, so that each can
convict the other.

**Source**: NOWPayments IPN documentation, Signature section (2026-04), and ECMA-262 `Number::toString` and
`JSON.stringify`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

JsonValue: TypeAlias = (
    "bool | int | float | Decimal | str | list[JsonValue] | tuple[JsonValue, ...] | Mapping[str, JsonValue] | None"
)
JsonObject: TypeAlias = Mapping[str, JsonValue]
_KeyOrder: TypeAlias = Callable[[JsonObject], Sequence[str]]

_SAFE_INTEGER = 2**53
_LARGEST_PLAIN_EXPONENT = 21
_SMALLEST_PLAIN_EXPONENT = -6
_LARGEST_ARRAY_INDEX = 2**32 - 2
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def js_number(value: float | Decimal) -> str:
    """
    A number is printed with the shortest digits that read back as the same double.

    An exponent appears only below 1e-6 and from 1e21.

    >>> js_number(Decimal("0.000083")), js_number(Decimal("1E-8")), js_number(100.0), js_number(10**20)
    ('0.000083', '1e-8', '100', '100000000000000000000')
    """
    if isinstance(value, int) and -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
        return str(int(value))
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    _, digit_tuple, exponent = Decimal(repr(abs(number))).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    return ("-" if number < 0 else "") + _place_point(digits, len(digits) + int(exponent))


def _place_point(digits: str, point: int) -> str:
    """ECMA-262 6.1.6.1.20: `point` is the `n` and `len(digits)` the `k` of the specification."""
    if len(digits) <= point <= _LARGEST_PLAIN_EXPONENT:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _LARGEST_PLAIN_EXPONENT:
        return f"{digits[:point]}.{digits[point:]}"
    if _SMALLEST_PLAIN_EXPONENT < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


def js_string(text: str) -> str:
    """A string is quoted as `JSON.stringify` does: non-ASCII raw, a lone surrogate escaped in lower-case hex."""
    quoted = json.dumps(text, ensure_ascii=False)
    if _SURROGATE.search(quoted) is None:
        return quoted
    paired = quoted.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", paired)


def canonical_text(value: JsonValue) -> str:
    """The signed text: keys sorted at every depth as JavaScript sorts them, no spaces."""
    return _text(value, _sorted_keys)


def wire_text(value: JsonValue) -> str:
    """The same writer without the sorting: keys go out in the order in which they were put in."""
    return _text(value, list)


def replacer_array_text(body: JsonObject) -> str:
    """
    What `JSON.stringify(body, Object.keys(body).sort())` makes.

    The array is a whitelist at every depth, so `fee` loses its fields.

    **Source**: the documentation's own one-liner, root cause of several public incidents (latest 2026-08-10).
    """
    allowed = sorted(body, key=_utf16)
    return _text(body, lambda keyed: [key for key in allowed if key in keyed])


def signature_of(text: str, secret: str) -> str:
    """The value of `x-nowpayments-sig`: lower-case hex HMAC-SHA512 under the trimmed secret."""
    return hmac.new(secret.strip().encode(), text.encode(), hashlib.sha512).hexdigest()


def _text(value: JsonValue, keys_of: _KeyOrder) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return js_string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return js_number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{js_string(key)}:{_text(value[key], keys_of)}" for key in keys_of(value)) + "}"
    return "[" + ",".join(_text(item, keys_of) for item in value) + "]"


def _sorted_keys(keyed: JsonObject) -> Sequence[str]:
    """Array-index-like keys come first in numeric order (an engine rule), the others by UTF-16 code unit."""
    indexes = [key for key in keyed if _is_array_index(key)]
    if not indexes:
        return sorted(keyed, key=_utf16)
    others = [key for key in keyed if not _is_array_index(key)]
    return sorted(indexes, key=int) + sorted(others, key=_utf16)


def _is_array_index(key: str) -> bool:
    return _ARRAY_INDEX.fullmatch(key) is not None and int(key) <= _LARGEST_ARRAY_INDEX


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
