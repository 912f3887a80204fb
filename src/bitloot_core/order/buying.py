"""
Whether the shop may buy at all: pauses stop every purchase, whatever order it is for, and a budget leads to pauses.

Several can hold a pause at the same time, and buying goes on when none is in force. A person's pause is ended by a
person; one that a machine holds ends by itself, when what it was for has passed. Looking for a purchase that was sent,
and collecting the keys of one that went through, are no buying: they go on.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import attrs

from bitloot_core.values.errors import InvalidInput, Refused
from bitloot_core.values.money import Money


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


LIMITS = frozenset({PauseHolder.SPEND_CAP, PauseHolder.BALANCE_FLOOR})
"""Those that a machine pauses for, and that a person may let the shop go beyond."""


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


class BuyingPaused(Refused):
    """
    The shop may not buy now; nothing was written.

    Args:
        pause: what stops it.
        is_new: whether the purchase itself would break a limit, so that this pause is still to be kept.
    """

    def __init__(self, pause: Pause, *, is_new: bool = False) -> None:
        super().__init__("buying-paused", f"buying is paused by {pause.by}: {pause.reason}")
        self.pause = pause
        self.is_new = is_new


@attrs.frozen(kw_only=True)
class Balance:
    """
    A reading of our prepaid balance at the supplier.

    Attributes:
        at: just before it was asked for: what was written down as charged by then is gone from it.
    """

    left: Money
    at: datetime


@attrs.frozen(kw_only=True)
class Buying:
    """
    What is known of the shop's buying, as of one moment.

    Attributes:
        pauses: those that nobody has taken away yet, oldest first.
        lifted: when a person last let the shop go beyond a limit; forgotten when the limit pauses it again.
        balance: the newest reading; None if there never was one.
    """

    pauses: tuple[Pause, ...] = ()
    lifted: Mapping[PauseHolder, datetime] = attrs.field(factory=dict)
    balance: Balance | None = None

    def pause_at(self, now: datetime) -> Pause | None:
        """The pause in force that was there first; None if the shop may buy."""
        return next((pause for pause in self.pauses if not pause.is_over(now)), None)

    def is_held_by(self, holder: PauseHolder, now: datetime) -> bool:
        """Whether a pause of this holder is in force, among others or alone."""
        return any(pause.holder is holder and not pause.is_over(now) for pause in self.pauses)

    def require_open(self, now: datetime) -> None:
        """
        Let a purchase be claimed only while no pause is in force.

        Raises:
            BuyingPaused: one is.
        """
        pause = self.pause_at(now)
        if pause is not None:
            raise BuyingPaused(pause)

    def over_at(self, now: datetime) -> tuple[Pause, ...]:
        """The pauses that stop nothing any more."""
        return tuple(pause for pause in self.pauses if pause.is_over(now))


@attrs.frozen(kw_only=True)
class Spent:
    """
    What purchases have taken, and may still take.

    Attributes:
        counted: charged by the supplier less what it returned, from `Budget.counts_from` on.
        since_reading: the same since `Buying.balance` was read.
        unanswered: the most that those purchases cost that were claimed and whose answer is not known, the one that is
            to be claimed now among them. Money in doubt counts.
    """

    counted: Money
    since_reading: Money
    unanswered: Money


@attrs.frozen(kw_only=True)
class Budget:
    """
    What the money that purchases take must stay within: limits in the one currency that the supplier charges in.

    Attributes:
        day_cap: the most that may be spent in a day (UTC); None for no cap.
        floor: what must be left of the balance at the supplier; None for no floor.
        balance_age: how old a reading of the balance may be.
        look_again: after how long a pause for a limit is looked at again.
    """

    day_cap: Money | None = None
    floor: Money | None = None
    balance_age: timedelta = timedelta(seconds=60)
    look_again: timedelta = timedelta(minutes=5)

    def __attrs_post_init__(self) -> None:
        if self.day_cap is not None and self.floor is not None and self.day_cap.currency != self.floor.currency:
            raise InvalidInput("floor", f"is in {self.floor.currency}, and the cap in {self.day_cap.currency}")

    @property
    def currency(self) -> str | None:
        """What the limits are in; None if there are none."""
        limit = self.day_cap or self.floor
        return None if limit is None else limit.currency

    def counts_from(self, buying: Buying, now: datetime) -> datetime:
        """From when on the day's spending is counted: midnight, or since a person let the shop go beyond the cap."""
        midnight = _midnight(now)
        return max(midnight, buying.lifted.get(PauseHolder.SPEND_CAP, midnight))

    def has_floor(self, buying: Buying, now: datetime) -> bool:
        """Whether the floor holds: not on the day on which a person let the shop go below it."""
        lifted = buying.lifted.get(PauseHolder.BALANCE_FLOOR)
        return self.floor is not None and (lifted is None or lifted < _midnight(now))

    def needs_reading(self, buying: Buying, now: datetime) -> bool:
        """Whether the balance must be asked for before anything is bought."""
        is_fresh = buying.balance is not None and now - buying.balance.at < self.balance_age
        return self.has_floor(buying, now) and not is_fresh

    def require_room(self, buying: Buying, spent: Spent, now: datetime) -> None:
        """
        Let a purchase be claimed only within the limits.

        Raises:
            BuyingPaused: it would pass the cap or may go below the floor; the pause in it is new.
        """
        if self.day_cap is not None and not spent.counted + spent.unanswered <= self.day_cap:
            reason = f"{spent.counted + spent.unanswered} would be spent, and one day may cost {self.day_cap}"
            raise self._stop(PauseHolder.SPEND_CAP, reason, now)
        if self.floor is not None and self.has_floor(buying, now):
            self._require_floor(self.floor, buying.balance, spent, now)

    def _require_floor(self, floor: Money, balance: Balance | None, spent: Spent, now: datetime) -> None:
        if balance is None:
            raise self._stop(PauseHolder.BALANCE_FLOOR, "the balance at the supplier is not known", now)
        left = balance.left - spent.since_reading
        if not floor <= left - spent.unanswered:
            reason = f"the balance at the supplier is {left}, and a purchase may leave less than {floor}"
            raise self._stop(PauseHolder.BALANCE_FLOOR, reason, now)

    def _stop(self, holder: PauseHolder, reason: str, now: datetime) -> BuyingPaused:
        """Until it is looked at again, and no longer than today: what was spent today counts no more tomorrow."""
        until = min(now + self.look_again, _midnight(now) + timedelta(days=1))
        return BuyingPaused(Pause(holder=holder, by="system", reason=reason, since=now, until=until), is_new=True)


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
