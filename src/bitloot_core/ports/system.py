"""Time and fresh identifiers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bitloot_core.values.ids import FindingId, LinkId, OrderId


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, aware, in UTC. It may step back; nothing counts on it for order."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never steps back."""
        ...


class Ids(Protocol):
    """Makes identifiers that nobody can guess and nobody has used before."""

    def order_id(self) -> OrderId:
        """A fresh order id: at most 32 characters of `a-z0-9`."""
        ...

    def link_id(self) -> LinkId:
        """A fresh link id: at most 32 characters of `a-z0-9`."""
        ...

    def finding_id(self) -> FindingId:
        """A fresh id for a finding that is about no order."""
        ...

    def token(self) -> str:
        """A fresh lease token."""
        ...

    def fraction(self) -> float:
        """A number from 0 up to (not including) 1, for jitter."""
        ...
