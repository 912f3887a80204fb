"""How long the store may take; apart from the rest, so that settings can be made without the client's library."""

from __future__ import annotations

from datetime import timedelta

import attrs


@attrs.frozen(kw_only=True)
class R2Deadlines:
    """
    How long the store may take.

    Attributes:
        connect: until a connection is there.
        answer: for each piece of an answer.
        operation: for one call of the vault, however many objects it is about, repeats included.
    """

    connect: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=15)
    operation: timedelta = timedelta(seconds=40)
