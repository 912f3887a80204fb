"""
Fresh identifiers: nine characters of time, then sixteen of chance.

The time comes first so that rows which are made together lie together in an index. The 80 random bits make an
identifier unguessable, but an identifier is no secret: what opens something is a token.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bitloot_core.ports.system import Clock, Ids
from bitloot_core.values.ids import FindingId, LinkId, OrderId

# Crockford's base 32: no i, l, o, u, so that nobody reads one for another over the telephone.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BITS_PER_CHARACTER = 5
_TIME_CHARACTERS = 9
_RANDOM_CHARACTERS = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION_BITS = 53  # as many as a float holds exactly


class SystemIds:
    """
    Makes identifiers from the clock and the operating system's randomness.

    Args:
        clock: for the first characters.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def order_id(self) -> OrderId:
        """A fresh order id of 25 characters."""
        return OrderId(self._fresh())

    def link_id(self) -> LinkId:
        """A fresh link id of 25 characters."""
        return LinkId(self._fresh())

    def finding_id(self) -> FindingId:
        """A fresh finding id of 25 characters."""
        return FindingId(self._fresh())

    def token(self) -> str:
        """A fresh lease token: 128 random bits in hexadecimal."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """A random number from 0 up to, not including, 1."""
        return secrets.randbits(_FRACTION_BITS) / (1 << _FRACTION_BITS)

    def _fresh(self) -> str:
        milliseconds = max(0, (self._clock.now() - _EPOCH) // timedelta(milliseconds=1))
        chance = secrets.randbits(_RANDOM_CHARACTERS * _BITS_PER_CHARACTER)
        return _in_base_32(milliseconds, _TIME_CHARACTERS) + _in_base_32(chance, _RANDOM_CHARACTERS)


def _in_base_32(number: int, characters: int) -> str:
    mask = (1 << _BITS_PER_CHARACTER) - 1
    places = range((characters - 1) * _BITS_PER_CHARACTER, -1, -_BITS_PER_CHARACTER)
    return "".join(_ALPHABET[number >> place & mask] for place in places)


if TYPE_CHECKING:
    _: type[Ids] = SystemIds
