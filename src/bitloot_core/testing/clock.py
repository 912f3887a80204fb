"""A clock that stands still until somebody turns it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bitloot_core.ports.system import Clock


class ManualClock:
    """
    Tells the time that it was told.

    >>> clock = ManualClock()
    >>> clock.advance(timedelta(seconds=90))
    >>> clock.now().isoformat(), clock.monotonic()
    ('2026-01-05T12:01:30+00:00', 90.0)
    """

    def __init__(self, start: datetime = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = timedelta(0)

    def now(self) -> datetime:
        """The time that the clock shows."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._passed.total_seconds()

    def advance(self, by: timedelta) -> None:
        """Turn the clock forward."""
        self._passed += by


if TYPE_CHECKING:
    _: type[Clock] = ManualClock
