"""
Whether the shop may buy at all: pauses stop every purchase, whatever order it is for.

Several can hold a pause at the same time, and buying goes on when none is in force. A person's pause is ended by a
person; one that a machine holds ends by itself, when what it was for has passed.
"""

from __future__ import annotations

import enum
from datetime import datetime

import attrs


class PauseHolder(enum.StrEnum):
    """Who holds a pause, one each; these words are stored."""

    OPERATOR = "operator"
    """A person, until a person lets it go on."""
    RESTORE = "restore"
    """Whoever brings restored books in line with the world, until they are."""
    SPEND_CAP = "spend-cap"
    """The machine, until more may be spent."""
    BALANCE_FLOOR = "balance-floor"
    """The machine, until the balance at the supplier is filled up."""


@attrs.frozen(kw_only=True)
class Pause:
    """
    A pause in buying.

    Attributes:
        by: who paused it, for people: `shell:NAME`, `admin:NAME`, `system`.
        reason: why, in a clause or a sentence; no secrets.
        since: from when on nothing was bought because of it.
        until: when it is over by itself; None if somebody must lift it.
    """

    holder: PauseHolder
    by: str
    reason: str
    since: datetime
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it no longer stops anything, though nobody has taken it away yet."""
        return self.until is not None and self.until <= now


@attrs.frozen(kw_only=True)
class Buying:
    """
    What is known of the shop's buying, as of one moment.

    Attributes:
        pauses: those that nobody has taken away yet, oldest first.
        resumed_at: when a person last let it go on; None if nobody ever has.
    """

    pauses: tuple[Pause, ...] = ()
    resumed_at: datetime | None = None

    def pause_at(self, now: datetime) -> Pause | None:
        """The pause in force that was there first; None if the shop may buy."""
        return next((pause for pause in self.pauses if not pause.is_over(now)), None)

    def over_at(self, now: datetime) -> tuple[Pause, ...]:
        """The pauses that stop nothing any more."""
        return tuple(pause for pause in self.pauses if pause.is_over(now))
