"""What the operator sees at one glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

import attrs

from bitloot_core.order.buying import Balance, Buying
from bitloot_core.ports.figures import (
    MOST_COUNTED,
    AgeGroup,
    MoneyFigures,
    OpenFindings,
    OrderFigures,
    QueueFigures,
)
from bitloot_core.values.money import Money
from bitloot_http.shapes import shape
from bitloot_http.wire.alerts import AlertChannelView

SPENT_OVER = timedelta(days=7)
"""From how far back the pace of spending is taken."""
SOLD_OVER = timedelta(hours=24)
_MORE = shape(f"Whether there may be more: a count ends at {MOST_COUNTED}.")


@attrs.frozen(kw_only=True)
class CountView:
    """How many of something."""

    name: str
    count: int
    or_more: bool = attrs.field(metadata=_MORE)

    @classmethod
    def all_of(cls, counts: Mapping[str, int]) -> tuple[Self, ...]:
        """Show counts, by name."""
        return tuple(
            cls(name=name, count=count, or_more=count >= MOST_COUNTED) for name, count in sorted(counts.items())
        )


@attrs.frozen(kw_only=True)
class AgeView:
    """Orders of about the same age, from when they were paid."""

    younger_than_minutes: int | None = attrs.field(metadata=shape("None for all that are older than the others."))
    count: int

    @classmethod
    def of(cls, group: AgeGroup) -> Self:
        """Show a group."""
        minutes = None if group.up_to is None else int(group.up_to / timedelta(minutes=1))
        return cls(younger_than_minutes=minutes, count=group.count)


@attrs.frozen(kw_only=True)
class UndeliveredView:
    """What is paid and not delivered."""

    count: int
    or_more: bool = attrs.field(metadata=_MORE)
    by_age: tuple[AgeView, ...]
    oldest_paid_at: datetime | None
    at_stake: tuple[Money, ...] = attrs.field(metadata=shape("What the buyers paid, a sum for each currency."))

    @classmethod
    def of(cls, figures: OrderFigures) -> Self:
        """Show it."""
        count = sum(group.count for group in figures.undelivered)
        return cls(
            count=count,
            or_more=count >= MOST_COUNTED,
            by_age=tuple(map(AgeView.of, figures.undelivered)),
            oldest_paid_at=figures.oldest_paid_at,
            at_stake=figures.at_stake,
        )


@attrs.frozen(kw_only=True)
class QueueView:
    """The jobs."""

    due: int = attrs.field(metadata=shape("Could be done now."))
    due_since: datetime | None = attrs.field(metadata=shape("When the first of those was due."))
    later: int = attrs.field(metadata=shape("Put off."))
    running: int
    overrun: int = attrs.field(metadata=shape("Running, and let lapse by their worker."))
    dead: int = attrs.field(metadata=shape("Given up."))

    @classmethod
    def of(cls, figures: QueueFigures) -> Self:
        """Show them."""
        return cls(**attrs.asdict(figures))


@attrs.frozen(kw_only=True)
class OpenFindingsView:
    """The open findings of one reason."""

    reason: str
    count: int
    oldest_at: datetime

    @classmethod
    def of(cls, findings: OpenFindings) -> Self:
        """Show them."""
        return cls(reason=str(findings.reason), count=findings.count, oldest_at=findings.oldest_at)


@attrs.frozen(kw_only=True)
class WebhooksView:
    """The webhooks of the last 24 hours."""

    since: datetime
    by_status: tuple[CountView, ...]
    success_percent: float | None = attrs.field(
        metadata=shape("Of those that were worked on: processed or ignored. None if there were none.")
    )

    @classmethod
    def of(cls, counts: Mapping[str, int], since: datetime) -> Self:
        """Show them."""
        good = counts.get("processed", 0) + counts.get("ignored", 0)
        done = good + counts.get("failed", 0)
        return cls(
            since=since,
            by_status=CountView.all_of(counts),
            success_percent=round(100 * good / done, 1) if done else None,
        )


@attrs.frozen(kw_only=True)
class MoneyView:
    """What came in and what it cost, a sum for each currency."""

    sold_since: datetime
    sold: tuple[Money, ...] = attrs.field(metadata=shape("Orders placed since then that are fulfilled."))
    cost: tuple[Money, ...] = attrs.field(metadata=shape("What the supplier charged for these."))
    margin: tuple[Money, ...] = attrs.field(metadata=shape("The difference, where both are in one currency."))
    spent_since: datetime
    spent: tuple[Money, ...] = attrs.field(metadata=shape("What the supplier charged since then, less returns."))

    @classmethod
    def of(cls, figures: MoneyFigures, *, sold_since: datetime, spent_since: datetime) -> Self:
        """Show it."""
        costs = {cost.currency: cost for cost in figures.cost}
        return cls(
            sold_since=sold_since,
            sold=figures.sold,
            cost=figures.cost,
            margin=tuple(sold - costs[sold.currency] for sold in figures.sold if sold.currency in costs),
            spent_since=spent_since,
            spent=figures.spent,
        )


@attrs.frozen(kw_only=True)
class BalanceView:
    """What is left at the supplier."""

    left: Money
    at: datetime
    days_left: float | None = attrs.field(metadata=shape("At the pace of the last week; None if nothing was spent."))

    @classmethod
    def of(cls, balance: Balance | None, figures: MoneyFigures) -> Self | None:
        """Show a reading; None if there is none."""
        if balance is None:
            return None
        spent = next((one.amount for one in figures.spent if one.currency == balance.left.currency), None)
        days = None if not spent or spent <= 0 else balance.left.amount / spent * (SPENT_OVER // timedelta(days=1))
        return cls(left=balance.left, at=balance.at, days_left=None if days is None else round(float(days), 1))


@attrs.frozen(kw_only=True)
class PauseView:
    """Why nothing is bought."""

    holder: str
    by: str
    reason: str
    since: datetime
    until: datetime | None


@attrs.frozen(kw_only=True)
class SummaryView:
    """How the shop stands."""

    at: datetime
    orders: tuple[CountView, ...] = attrs.field(metadata=shape("By status."))
    undelivered: UndeliveredView
    queue: QueueView
    findings: tuple[OpenFindingsView, ...] = attrs.field(metadata=shape("The open ones, by reason."))
    webhooks: WebhooksView
    money: MoneyView
    balance: BalanceView | None
    pauses: tuple[PauseView, ...] = attrs.field(metadata=shape("In buying; empty while the shop may buy."))
    alerts: tuple[AlertChannelView, ...] = attrs.field(
        metadata=shape("How each channel of alerts stands; empty if none is set, and nobody is told.")
    )

    @staticmethod
    def pauses_of(buying: Buying, now: datetime) -> tuple[PauseView, ...]:
        """Show the pauses in force."""
        return tuple(
            PauseView(holder=str(one.holder), by=one.by, reason=one.reason, since=one.since, until=one.until)
            for one in buying.pauses
            if not one.is_over(now)
        )
