"""
Whether our clock is right, by what others write on their answers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp
import attrs

from bitloot_core.ports.system import Clock
from bitloot_http.doctor.diagnosis import Diagnosis, ok, skipped, warning

MOST_OFF = timedelta(seconds=30)
"""Links, leases and codes of the second factor bear more; a clock that is off by as much goes on drifting."""
_WHAT = "clock"


@attrs.frozen(kw_only=True)
class Sighting:
    """What a vendor's clock showed when ours showed something else; good to a second or two."""

    host: str
    theirs: datetime
    ours: datetime

    @property
    def ahead(self) -> timedelta:
        """How far ours is ahead of theirs."""
        return self.ours - self.theirs


class DateWatch:
    """
    Reads the date off each answer that comes in.

    Attributes:
        clock: ours; until it is set, nothing is noted.
        seen: every date that was there and could be read.
    """

    def __init__(self) -> None:
        self.clock: Clock | None = None
        self.seen: list[Sighting] = []

    @property
    def trace(self) -> aiohttp.TraceConfig:
        """What a session is to be opened with."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._note)
        return config

    async def _note(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, answered: aiohttp.TraceRequestEndParams
    ) -> None:
        if self.clock is not None:
            self.note(answered.url.host or "", answered.response.headers.get("Date", ""), ours=self.clock.now())

    def note(self, host: str, date: str, *, ours: datetime) -> None:
        """Note a date, if it is one. **Source:** RFC 9110, section 6.6.1."""
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            return
        aware = theirs if theirs.tzinfo is not None else theirs.replace(tzinfo=UTC)
        self.seen.append(Sighting(host=host, theirs=aware, ours=ours))

    def diagnosis(self) -> Diagnosis:
        """What the dates say about our clock: the one that fits best, since a vendor's clock may be wrong, too."""
        if not self.seen:
            return skipped(_WHAT, "Nobody whose clock could be compared was reached.")
        best = min(self.seen, key=lambda one: abs(one.ahead))
        if abs(best.ahead) <= MOST_OFF:
            return ok(_WHAT, f"It agrees with {best.host}.")
        seconds = round(abs(best.ahead).total_seconds())
        text = f"It is {seconds} s {'ahead of' if best.ahead > timedelta(0) else 'behind'} {best.host}."
        return warning(_WHAT, text, "Let the machine set its clock (NTP: `timedatectl set-ntp true`).")
