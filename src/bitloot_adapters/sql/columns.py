"""
How values stand in columns: times as integer microseconds, amounts as minor units or exact decimal text.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """
    A time as whole microseconds since 1970, UTC: exact, sortable, and the same on every database.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    """The same, where there may be none."""
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    """
    The time that a column holds.

    >>> moment(1000005).isoformat()
    '1970-01-01T00:00:01.000005+00:00'
    """
    return _EPOCH + timedelta(microseconds=value)


def moment_or_none(value: int | None) -> datetime | None:
    """The same, where there may be none."""
    return None if value is None else moment(value)


def digits(amount: Decimal) -> str:
    """
    An amount as plain digits, every one of them kept.

    >>> digits(Decimal("1E-8"))
    '0.00000001'
    """
    return f"{amount:f}"


def storable(text: str, *, most: int | None = None) -> str:
    """
    Text from outside as every database takes it: no NUL, no lone surrogate, and not longer than `most` characters.

    >>> storable("a" + chr(0) + "bc", most=3) == "a" + chr(0xFFFD) + "b"
    True
    """
    cut = text if most is None else text[:most]
    if cut.isascii() and "\x00" not in cut:
        return cut
    return cut.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
