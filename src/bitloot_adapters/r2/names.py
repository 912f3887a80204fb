"""
What objects are called: 32 characters of chance, then 8 that say when the key was saved.

The time is in the name because S3 keeps one date for an object, that of its last write: wrapping it anew, or copying
the bucket, would make every key young again. The first 32 characters are as the vault on disk names its files, and such
a name alone is good too, so that a folder which is copied into the bucket keeps its references.
"""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, datetime, timedelta

from bitloot_core.values.ids import StorageRef

_NAME = re.compile(r"[a-z2-7]{32}(?P<time>[a-z2-7]{8})?")
_CHANCE_BYTES = 20
_TIME_BYTES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fresh_name(at: datetime) -> StorageRef:
    """A name that nobody can guess and nobody has used, for a key that is saved now."""
    seconds = max(0, (at - _EPOCH) // timedelta(seconds=1))
    return StorageRef(_written(os.urandom(_CHANCE_BYTES)) + _written(seconds.to_bytes(_TIME_BYTES, "big")))


def is_name(text: str) -> bool:
    """
    Whether an object of ours can have this name.

    >>> is_name("a" * 32), is_name("a" * 40), is_name("a/../b")
    (True, True, False)
    """
    return _NAME.fullmatch(text) is not None


def saved_at(ref: StorageRef) -> datetime | None:
    """
    When a key was saved, to the second; None if its name does not say.

    >>> saved_at(fresh_name(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)))
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    """
    found = _NAME.fullmatch(ref)
    if found is None or found["time"] is None:
        return None
    try:
        return _EPOCH + timedelta(seconds=int.from_bytes(base64.b32decode(found["time"].upper()), "big"))
    except OverflowError:
        return None


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower()
