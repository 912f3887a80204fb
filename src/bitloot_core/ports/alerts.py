"""
Alerts: the channels by which they reach the operator, and the book of what each of them has told.

Each channel goes its own way: one that is broken holds no other up. At most one alert is under way on a channel; what
comes up meanwhile waits for the next. So however long a receiver was away, two messages bring it up to date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, Self, TypeAlias

import attrs

from bitloot_core.order.alerts import Alert, News, Trouble
from bitloot_core.values.ids import AlertId

GONE = "gone"
"""The code of a `Rejected` by which a receiver says that it wants no alerts any more."""


@attrs.frozen(kw_only=True)
class ChannelId:
    """
    Which channel.

    Attributes:
        name: `mail` or `webhook`, or a word of your own.
        target: a digest of where it leads: a channel that leads elsewhere begins anew, but keeps what it told.
    """

    name: str
    target: str

    @classmethod
    def leading_to(cls, name: str, where: str) -> Self:
        """Name a channel by an address or a URL, which cannot be read off it."""
        return cls(name=name, target=hashlib.sha256(where.encode()).hexdigest())


class AlertChannel(Protocol):
    """Brings alerts to the operator."""

    @property
    def id(self) -> ChannelId:
        """Which one it is."""
        ...

    async def send(self, alert: Alert) -> None:
        """
        Hand an alert over; it was accepted when this returns. Waits for the other side a bounded time.

        At least once: a repeat bears the same `alert.id`, by which the receiver tells it from a second alert.

        Raises:
            Unavailable: not accepted now.
            Unknown: handed over, but no answer came; a repeat is right.
            Rejected: refused; with the code `GONE`, the receiver wants no more alerts at all.
        """
        ...


@attrs.frozen(kw_only=True)
class ClaimedAlert:
    """
    An alert that is ours to send for the length of a lease.

    Attributes:
        token: the lease's; an end under another one is not written.
        attempts: how often it was tried to send it, this time included.
    """

    channel: ChannelId
    alert: Alert
    token: str
    attempts: int


@attrs.frozen(kw_only=True)
class Delivered:
    """It was accepted."""


@attrs.frozen(kw_only=True)
class Failed:
    """It was not, as far as anybody knows: try again then."""

    again_at: datetime
    error: str


@attrs.frozen(kw_only=True)
class Closed:
    """The receiver wants no more alerts: nothing is sent until the channel leads elsewhere, or is opened again."""

    error: str


SendEnd: TypeAlias = Delivered | Failed | Closed


@attrs.frozen(kw_only=True)
class ChannelState:
    """
    How a channel stands.

    Attributes:
        last_id: the alert that was issued last, on the way or arrived; None if there never was one.
        under_way_since: when the alert was made that is on its way; None if none is.
        attempts: how often it was tried to send that one.
        due_at: when it is tried next; None if none is under way.
        failing_since: since when nothing gets through; None while all is well.
        last_error: what was wrong the last time; None while all is well.
        delivered_at: when an alert last got through; None if none ever did.
        closed_at: when the receiver said that it wants no more; None if it did not.
    """

    last_id: AlertId | None = None
    under_way_since: datetime | None = None
    attempts: int = 0
    due_at: datetime | None = None
    failing_since: datetime | None = None
    last_error: str | None = None
    delivered_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_broken(self) -> bool:
        """Whether alerts do not get through."""
        return self.failing_since is not None or self.closed_at is not None


class AlertBook(Protocol):
    """Keeps what was told, for all processes of a shop, so that two of them at once send one message."""

    async def state(self, channel: ChannelId) -> ChannelState:
        """How a channel stands; one that leads elsewhere than before is neither failing nor closed."""
        ...

    async def news(self, channel: ChannelId, *, seen_since: datetime) -> News:
        """
        What a channel has not told of: findings that are open now, and troubles that were seen since a time.

        At most `MOST_TOLD` findings, the oldest; the rest comes with the next alert.
        """
        ...

    async def note(self, troubles: Sequence[Trouble], *, now: datetime, lasting: timedelta) -> None:
        """
        Note what is wrong with the service now; by name, whoever sees it. Idempotent.

        A trouble that was seen less than `lasting` ago goes on, with its first time; else it begins anew with `since`.
        """
        ...

    async def issue(
        self, channel: ChannelId, alert: Alert, news: News, *, after: AlertId | None, now: datetime
    ) -> bool:
        """
        Put an alert on its way, and write down that the channel tells of `news` with it: one write.

        Args:
            after: `ChannelState.last_id` as it was when `news` was read.

        Returns:
            False, and nothing is written, if another alert is under way, or another was issued since `after`.
        """
        ...

    async def claim(self, channel: ChannelId, *, now: datetime, lease: timedelta, token: str) -> ClaimedAlert | None:
        """
        Take the alert that is under way, if it is due and free; of several callers at most one gets it.

        A lease that has run out frees it: it is sent again. One whose channel leads elsewhere now is due at once.
        """
        ...

    async def end(self, claimed: ClaimedAlert, end: SendEnd, *, now: datetime) -> None:
        """Write down how a try ended; nothing is written if the lease is somebody else's by now. Idempotent."""
        ...

    async def open_again(self, channel: ChannelId, *, now: datetime) -> None:
        """Forget that the receiver wanted no more, because it has just taken something. Idempotent."""
        ...


MOST_TOLD = 10_000
"""Of so many findings one alert tells at most."""
