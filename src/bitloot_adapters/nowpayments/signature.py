"""
Proves that a notice (IPN) is NOWPayments': strict JSON in, canonical text, HMAC-SHA512.

What lives here: parsing, the canonical text, the comparison. What must not: what a notice means. Everything that is not
certainly authentic is refused; the poll still settles the order, so a refusal costs minutes and never money.

**Source:** NOWPayments IPN documentation, Signature section (2026-04), and 21 public captures of 2021 to 2026.
"""

from __future__ import annotations

import hmac
import json
import math
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from typing import TypeAlias

import attrs

from bitloot_adapters.nowpayments.number_token import NumberToken
from bitloot_adapters.nowpayments.sent_as_signed import plain_fields
from bitloot_core.values.errors import SignatureInvalid

SOURCE = "nowpayments"
LARGEST_BODY_BYTES = 64 * 1024
DEEPEST = 16
"""A notice has two levels (`fee`); a body that nests deeper than this is an attack."""

MOST_MEMBERS = 256
"""A notice has some thirty. Whoever sends thousands has us sort and write them before a forgery shows."""

_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_LARGEST_ARRAY_INDEX = 2**32 - 2
_MOST_INTEGER_DIGITS = 308


JsonValue: TypeAlias = "str | bool | list[JsonValue] | dict[str, JsonValue] | None"
"""A parsed value; a number is a `NumberToken`, which is text."""


class _NotStrict(ValueError):
    """The body is JSON that two readers could read in two ways."""


@attrs.frozen(kw_only=True)
class SignedBody:
    """
    A body that is what its sender signed.

    Attributes:
        fields: the members of the object; numbers are `NumberToken`.
        canonical: the signed text, equal for equal contents whatever the order of keys on the wire.
    """

    fields: Mapping[str, object] = attrs.field(repr=False)
    canonical: bytes = attrs.field(repr=False)


class IpnVerifier:
    """
    Checks signatures under the account's IPN secret.

    Args:
        secrets: one or, while it is being rotated, several separated by commas; white space around each is cut off, as
            the vendor's own code does. Without any, everything is refused: anybody can sign with an empty secret.
    """

    def __init__(self, secrets: str) -> None:
        self._keys = tuple(secret.strip().encode() for secret in secrets.split(",") if secret.strip())

    def verify(self, signature: str, body: bytes) -> SignedBody:
        """
        Check one notice, in constant time once the body is read.

        Args:
            signature: the value of `x-nowpayments-sig`; empty if the header is missing.
            body: the raw bytes.

        Raises:
            SignatureInvalid: it is not authentic, for whatever reason; no other error comes out.
        """
        if not self._keys:
            raise SignatureInvalid(SOURCE, "no IPN secret is configured")
        if len(body) > LARGEST_BODY_BYTES:
            raise SignatureInvalid(SOURCE, f"the body is larger than {LARGEST_BODY_BYTES} bytes")
        # HTTP lets blanks stand around a header's value; anything else inside it is no signature.
        given = signature.strip(" \t")
        if _SIGNATURE.fullmatch(given) is None:
            raise SignatureInvalid(SOURCE, "the signature is missing or malformed")
        signed = _signed_body(body)
        claimed = bytes.fromhex(given)
        matches = [hmac.compare_digest(hmac.digest(key, signed.canonical, "sha512"), claimed) for key in self._keys]
        if not any(matches):
            raise SignatureInvalid(SOURCE, "the signature does not match")
        return signed

    def __repr__(self) -> str:
        return f"IpnVerifier({len(self._keys)} secrets)"


def _signed_body(body: bytes) -> SignedBody:
    plain = plain_fields(body)
    if plain is not None:
        return SignedBody(fields=plain, canonical=body)
    try:
        fields = parse_strictly(body)
        return SignedBody(fields=fields, canonical=canonical_text(fields))
    except (ValueError, RecursionError):
        pass
    # Raised out here because the caught error carries the whole body, and would be chained to this one.
    raise SignatureInvalid(SOURCE, "the body is not a strict JSON object")


def parse_strictly(body: bytes) -> dict[str, JsonValue]:
    """
    Read a body that has only one reading: UTF-8 without a mark, an object, no key twice, no number beyond a double.

    >>> parse_strictly(b'{"pay_amount": 1e-8}')
    {'pay_amount': '1e-8'}

    Raises:
        ValueError: it is something else, or has more members than any notice.
        RecursionError: it is nested deeper than the parser can go.
    """
    if body.count(b",") >= MOST_MEMBERS:
        raise _NotStrict("too many members")
    fields = _DECODER.decode(body.decode("utf-8"))
    if not isinstance(fields, dict):
        raise _NotStrict("not an object")
    return fields


def canonical_text(fields: Mapping[str, JsonValue]) -> bytes:
    """
    Write what `JSON.stringify` writes for an object whose keys were sorted at every depth; numbers stay as they stood.

    >>> canonical_text(parse_strictly(b'{"fee": {"serviceFee": 0.000071, "currency": "sol"}, "actually_paid": 1.50}'))
    b'{"actually_paid":1.50,"fee":{"currency":"sol","serviceFee":0.000071}}'

    Raises:
        ValueError: it is nested deeper than `DEEPEST`.
    """
    # Only a lone surrogate has no UTF-8. **Source:** ECMA-262, well-formed JSON.stringify: it is escaped, `\ud800`.
    return _object_text(fields, DEEPEST).encode(errors="backslashreplace")


def _object_text(fields: Mapping[str, JsonValue], levels: int) -> str:
    if not levels:
        raise _NotStrict("nested too deeply")
    parts = []
    for name in _sorted_as_javascript(fields):
        value = fields[name]
        kind = type(value)
        # The three kinds that a notice is made of are written here: a call for each would double the time.
        if kind is NumberToken:
            parts.append(f"{encode_basestring(name)}:{value}")
        elif kind is str:
            parts.append(f"{encode_basestring(name)}:{encode_basestring(value)}")  # type: ignore[arg-type]  # it is text
        elif value is None:
            parts.append(f"{encode_basestring(name)}:null")
        else:
            parts.append(f"{encode_basestring(name)}:{_text(value, levels - 1)}")
    return "{" + ",".join(parts) + "}"


def _text(value: JsonValue, levels: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case NumberToken():
            return value
        case str():
            return encode_basestring(value)
        case dict():
            return _object_text(value, levels)
        case list():
            if not levels:
                raise _NotStrict("nested too deeply")
            return "[" + ",".join([_text(item, levels - 1) for item in value]) + "]"


def _sorted_as_javascript(names: Iterable[str]) -> list[str]:
    """
    Sort keys as JavaScript does: those like an array's index first, by number; the others by UTF-16 code unit.

    **Source:** ECMA-262, OrdinaryOwnPropertyKeys and the default comparison of `Array.prototype.sort`.

    >>> _sorted_as_javascript(["b", "10", "2", "A", "a"])
    ['2', '10', 'A', 'a', 'b']
    """
    ordered = sorted(names)
    joined = "".join([name[:1] for name in ordered])
    if joined.isascii() and joined.isalpha() and "".join(ordered).isascii():
        return ordered
    indexes = [name for name in ordered if _is_array_index(name)]
    others = [name for name in ordered if not _is_array_index(name)]
    return sorted(indexes, key=int) + sorted(others, key=_utf16)


def _is_array_index(name: str) -> bool:
    return _ARRAY_INDEX.fullmatch(name) is not None and int(name) <= _LARGEST_ARRAY_INDEX


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def _without_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _NotStrict("a key stands twice")
    return fields


def _integer(token: str) -> NumberToken:
    if len(token) > _MOST_INTEGER_DIGITS:
        raise _NotStrict("a number is out of range")
    return NumberToken(token)


def _fraction(token: str) -> NumberToken:
    # JavaScript reads a number beyond the double's range as Infinity, and signs `null` for it.
    if not math.isfinite(float(token)):
        raise _NotStrict("a number is out of range")
    return NumberToken(token)


def _refuse(constant: str) -> NumberToken:
    raise _NotStrict(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse
)
