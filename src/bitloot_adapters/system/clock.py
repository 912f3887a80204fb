"""The one place where the program looks at the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bitloot_core.ports.system import Clock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, aware, in UTC, to the microsecond."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock port

    def monotonic(self) -> float:
        """Seconds since some moment before the process began."""
        return time.monotonic()


if TYPE_CHECKING:
    _: type[Clock] = SystemClock
