"""
What the operator is to be told of, and when: decided here, from what a channel has not told yet.

An alert gathers. The first thing that nobody was told of opens a window; when it closes, everything in it is one
message. So a storm is one message, and what settled itself within the window is none.

Rule: nothing of an alert is a text from outside. It counts by reason, and names orders by our own ids, so that no
product key, link, token or address can stand in it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.findings import FindingReason
from bitloot_core.values.ids import AlertId, FindingId, OrderId

_AMOUNT = re.compile(r"(?P<digits>[0-9]{1,30}(\.[0-9]{1,30})?) (?P<unit>[A-Za-z0-9]{1,20})")


class AlertKind(enum.StrEnum):
    """What an alert is; these words are stored and sent."""

    RAISED = "raised"
    """Something needs a person."""
    TEST = "test"
    """Nothing does: somebody tries out whether alerts arrive."""


@attrs.frozen(kw_only=True)
class UntoldFinding:
    """
    An open finding that a channel has not told of.

    Attributes:
        order_id: None for one that is about no order.
        amount: the money at stake as the finding has it, if it has any.
    """

    id: FindingId
    order_id: OrderId | None
    reason: FindingReason
    opened_at: datetime
    amount: str | None


@attrs.frozen(kw_only=True)
class Trouble:
    """
    Something that keeps the service itself from working, as one of its processes sees it; no finding.

    Attributes:
        name: what is wrong, in a word of ours: a check of `/health/ready`, mostly.
        text: how, in a few words of ours; no secrets.
        since: when it was first seen; the same name and time are the same trouble.
    """

    name: str
    text: str
    since: datetime


@attrs.frozen(kw_only=True)
class News:
    """
    What a channel has not told of, as of one moment.

    Attributes:
        findings: open ones, oldest first.
        troubles: those that last, oldest first.
        told: how many findings are still open of which it has told before.
    """

    findings: tuple[UntoldFinding, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    told: int = 0

    @property
    def first_at(self) -> datetime | None:
        """When the oldest of it began; None if there is nothing."""
        times = (*(one.opened_at for one in self.findings[:1]), *(one.since for one in self.troubles[:1]))
        return min(times, default=None)


@attrs.frozen(kw_only=True)
class AmountAtStake:
    """
    A sum of what findings name as at stake.

    Attributes:
        unit: a currency or a coin.
    """

    digits: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.digits:f} {self.unit}"


@attrs.frozen(kw_only=True)
class AlertGroup:
    """
    The findings of one reason in an alert.

    Attributes:
        oldest_at: when the oldest of them was opened.
        oldest_order: the order that this one is about; None if it is about none.
        amounts: what they name as at stake, a sum for each unit.
    """

    reason: FindingReason
    count: int
    oldest_at: datetime
    oldest_order: OrderId | None
    amounts: tuple[AmountAtStake, ...]


@attrs.frozen(kw_only=True)
class Alert:
    """
    One message to the operator. It stays as it is, however often it has to be sent.

    Attributes:
        id: tells a repeat from a second alert, to whoever gets it.
        at: when it was made.
        groups: its findings by reason, those with the most first.
        still_open: how many findings are open besides, of which the same channel has told before.
    """

    id: AlertId
    kind: AlertKind
    at: datetime
    groups: tuple[AlertGroup, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    still_open: int = 0

    @property
    def count(self) -> int:
        """How many findings it tells of."""
        return sum(group.count for group in self.groups)

    @property
    def amounts(self) -> tuple[AmountAtStake, ...]:
        """What all of them name as at stake, a sum for each unit."""
        return _summed(amount for group in self.groups for amount in group.amounts)


def decide_alert(news: News, *, alert_id: AlertId, now: datetime, window: timedelta) -> Alert | None:
    """
    Make an alert of what is not told, if the window that the first of it opened has passed.

    Args:
        alert_id: a fresh one.
        window: how long more is waited for.

    Returns:
        The alert; None if there is nothing to tell, or more is waited for.
    """
    if news.first_at is None or now - news.first_at < window:
        return None
    return Alert(
        id=alert_id,
        kind=AlertKind.RAISED,
        at=now,
        groups=_groups(news.findings),
        troubles=news.troubles,
        still_open=news.told,
    )


def outage_alert(*, since: datetime, now: datetime, window: timedelta, is_away: bool = True) -> Alert | None:
    """
    Say that the store is away in which everything else that could be told is kept, or that nothing can be told from it.

    It cannot be written down who tells it, so all processes that begin to miss the store at about the same time name
    the alert alike, and the receiver takes it for one.

    Args:
        since: when the caller began to miss it.
        window: how long it must be missed.
        is_away: whether the store is away; else it is there, and something in it or in us stops all alerts.

    Returns:
        The alert; None if it has not been missed for long enough.
    """
    if now - since < window:
        return None
    stretch = int(since.timestamp() // max(window, _SHORTEST_STRETCH).total_seconds())
    kind, name, text = ("outage", *_AWAY) if is_away else ("unread", *_UNREAD)
    trouble = Trouble(name=name, text=text, since=since)
    return Alert(id=AlertId(f"alert_{kind}_{stretch}"), kind=AlertKind.RAISED, at=since + window, troubles=(trouble,))


def decide_pause(attempts: int, fraction: float, *, asked: timedelta | None = None) -> timedelta:
    """
    How long to wait after a try that did not get through; spread by a tenth either way, never shorter than asked.

    There is no last try: one alert at most is under way on a channel, and an hour between two tries burdens nobody.
    **Source:** Standard Webhooks 1.0.0, "Deliverability and reliability": exponential, with jitter, over days.

    Args:
        attempts: how often it was tried, from 1.
        fraction: chance, from 0 to 1.
        asked: how long the receiver asked us to wait.

    >>> decide_pause(1, 0.5), decide_pause(99, 0.5)
    (datetime.timedelta(seconds=5), datetime.timedelta(seconds=3600))
    """
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1] * (0.9 + 0.2 * fraction)
    return max(pause, min(asked or pause, LONGEST_PAUSE))


_SHORTEST_STRETCH = timedelta(minutes=1)
_AWAY = ("database", "it cannot be reached, and nothing is accepted or delivered")
_UNREAD = ("alerts", "what needs a person cannot be read for an alert: look at the findings, and into the log")
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 300, 900, 1800, 3600))
LONGEST_PAUSE = timedelta(days=1)
"""A receiver that asks for more is asked again all the same."""


def _groups(findings: Iterable[UntoldFinding]) -> tuple[AlertGroup, ...]:
    by_reason: dict[FindingReason, list[UntoldFinding]] = {}
    for one in findings:
        by_reason.setdefault(one.reason, []).append(one)
    groups = (_group(reason, some) for reason, some in by_reason.items())
    return tuple(sorted(groups, key=lambda group: (-group.count, group.reason)))


def _group(reason: FindingReason, findings: list[UntoldFinding]) -> AlertGroup:
    oldest = min(findings, key=lambda one: (one.opened_at, one.id))
    return AlertGroup(
        reason=reason,
        count=len(findings),
        oldest_at=oldest.opened_at,
        oldest_order=oldest.order_id,
        amounts=_summed(_amounts(findings)),
    )


def _amounts(findings: Iterable[UntoldFinding]) -> Iterator[AmountAtStake]:
    """The amounts that are a number and a unit. What is written otherwise is in the console, and not passed on."""
    for one in findings:
        found = _AMOUNT.fullmatch(one.amount or "")
        if found is not None:
            yield AmountAtStake(digits=Decimal(found["digits"]), unit=found["unit"])


def _summed(amounts: Iterable[AmountAtStake]) -> tuple[AmountAtStake, ...]:
    sums: dict[str, Decimal] = {}
    for one in amounts:
        sums[one.unit] = sums.get(one.unit, Decimal(0)) + one.digits
    return tuple(AmountAtStake(digits=sums[unit], unit=unit) for unit in sorted(sums))
