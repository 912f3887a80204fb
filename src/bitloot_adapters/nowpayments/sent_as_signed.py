"""
The quick way for a notice that was sent as it was signed: then nothing has to be written again.

It only ever says "this body is its own canonical text" or "I do not know"; whatever needs a second look is left to
`signature`, whose answer would be the same.

**Source:** captures of notices: since 2024 the bytes on the wire are the signed text; before, their order was another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from bitloot_adapters.nowpayments.number_token import NumberToken

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INNER = re.compile(rb":(\{[^{}]*\})")
_ODD_NUMBER = re.compile(rb":-?[0-9](?:[0-9.]*[eE]|[0-9.]{63})")
"""With an exponent, or of a length that no amount has."""
_FIRST_LETTER = "A"
"""Names that begin with a digit stand before it; JavaScript may sort those by their number."""
_WORDS: Mapping[bytes, bool | None] = {b"null": None, b"true": True, b"false": False}


class PlainFields(Mapping[str, object]):
    """
    The members of an object of which one reads few, each read when it is asked for.

    Args:
        members: the text of each value; texts without escapes.
    """

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, msgspec.Raw]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> object:
        text = bytes(self._members[name])
        if text[:1] == b'"':
            return text[1:-1].decode()
        if text[:1] == b"{":
            return PlainFields(_MEMBERS.decode(text))
        return _WORDS[text] if text in _WORDS else NumberToken(text.decode())

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def plain_fields(body: bytes) -> PlainFields | None:
    """
    The members of a body that is its own canonical text; None if it is not, or if only a closer look could tell.

    >>> plain_fields(b'{"payment_id":12,"payment_status":"waiting"}')["payment_id"]
    '12'
    >>> plain_fields(b'{"payment_status":"waiting","payment_id":12}') is None
    True
    """
    if not body.isascii() or b"\\" in body or b"[" in body or _ODD_NUMBER.search(body):
        return None
    if not body.decode().isprintable():
        return None
    try:
        members = _compact_and_sorted(body)
        inner = _INNER.findall(body)
        if members is None or body.count(b"{") != len(inner) + 1:
            return None
        if any(_compact_and_sorted(one) is None for one in inner):
            return None
    except (msgspec.DecodeError, RecursionError):
        return None
    return PlainFields(members)


def _compact_and_sorted(text: bytes) -> dict[str, msgspec.Raw] | None:
    members: dict[str, msgspec.Raw] = _MEMBERS.decode(text)
    names = list(members)
    if not names or names[0] < _FIRST_LETTER or names != sorted(names):
        return None
    # Each member has two quotes, a colon, and a comma or brace. Anything more is a blank, or a name that stood twice.
    length = len("".join(names)) + len(b"".join(members.values())) + 4 * len(names) + 1
    return members if length == len(text) else None
