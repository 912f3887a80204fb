"""
The summary: is anything stuck, how much of it, and since when?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.buying import Buying, Pause
from bitloot_core.ports.figures import MOST_COUNTED, AgeGroup, MoneyFigures, OpenFindings, OrderFigures, QueueFigures
from bitloot_core.values.money import Money
from bitloot_http.ages import span_of
from bitloot_http.pages.console.charts import NOTHING
from bitloot_http.pages.console.words import Tone

SOLD_OVER = timedelta(days=7)
SPENT_OVER = timedelta(days=7)
LATE = timedelta(minutes=2)
"""A queue that is behind by so much has too few workers, or none."""
_SHORT_DAYS, _FEW_DAYS = 3, 7


@attrs.frozen(kw_only=True)
class AgeBar:
    """
    Orders of about the same age.

    Attributes:
        share: of all, from 0 to 100.
    """

    name: str
    count: str
    share: int
    tone: Tone


@attrs.frozen(kw_only=True)
class Margin:
    """What was earned in one currency."""

    sold: Money
    cost: Money
    left: Money
    percent: str


@attrs.frozen(kw_only=True)
class Board:
    """
    What the summary shows.

    Attributes:
        headline, tone: stuck or not, in a sentence.
        lasts: how long the balance lasts at the pace of the last week; empty if nobody knows.
    """

    headline: str
    tone: Tone
    orders: OrderFigures
    undelivered: str
    ages: tuple[AgeBar, ...]
    queue: QueueFigures
    queue_tone: Tone
    findings: tuple[OpenFindings, ...]
    open_findings: str
    webhooks: Mapping[str, int]
    webhooks_good: str
    webhooks_tone: Tone
    buying: Buying
    pause: Pause | None
    lasts: str
    lasts_tone: Tone
    margins: tuple[Margin, ...]


def board(
    *,
    orders: OrderFigures,
    queue: QueueFigures,
    findings: tuple[OpenFindings, ...],
    webhooks: Mapping[str, int],
    money: MoneyFigures,
    buying: Buying,
    now: datetime,
) -> Board:
    """Put the figures into words."""
    undelivered = sum(group.count for group in orders.undelivered)
    waiting = sum(one.count for one in findings)
    pause = buying.pause_at(now)
    is_late = queue.due_since is not None and now - queue.due_since >= LATE
    headline, tone = _headline(undelivered, waiting, queue, pause, is_late=is_late)
    lasts, lasts_tone = _lasts(buying, money)
    good, webhooks_tone = _success(webhooks)
    return Board(
        headline=headline,
        tone=tone,
        orders=orders,
        undelivered=at_least(undelivered),
        ages=tuple(_age_bars(orders.undelivered)),
        queue=queue,
        queue_tone="bad" if queue.dead or is_late else "good",
        findings=tuple(sorted(findings, key=lambda one: one.oldest_at)),
        open_findings=at_least(waiting),
        webhooks=webhooks,
        webhooks_good=good,
        webhooks_tone=webhooks_tone,
        buying=buying,
        pause=pause,
        lasts=lasts,
        lasts_tone=lasts_tone,
        margins=tuple(_margins(money)),
    )


def at_least(count: int) -> str:
    """
    A count as people read it: one that has reached its end stands for so many or more.

    >>> at_least(12), at_least(10_000)
    ('12', '10000+')
    """
    return f"{count}+" if count >= MOST_COUNTED else str(count)


def _headline(
    undelivered: int, waiting: int, queue: QueueFigures, pause: Pause | None, *, is_late: bool
) -> tuple[str, Tone]:
    if pause is not None:
        return "Buying is paused: paid orders wait.", "warn"
    if is_late:
        return "The queue is behind: look whether a worker runs.", "bad"
    if waiting or queue.dead:
        told = " and ".join(
            part
            for part in (
                f"{at_least(waiting)} {'finding' if waiting == 1 else 'findings'}" if waiting else "",
                f"{at_least(queue.dead)} dead {'job' if queue.dead == 1 else 'jobs'}" if queue.dead else "",
            )
            if part
        )
        return f"{told} {'waits' if waiting + queue.dead == 1 else 'wait'} for you.", "warn"
    if undelivered:
        return "Nothing is stuck. What is paid is being fetched.", "busy"
    return "Nothing is stuck, and nothing is owed.", "good"


def _age_bars(groups: Iterable[AgeGroup]) -> Iterable[AgeBar]:
    known = tuple(groups)
    whole = sum(group.count for group in known) or 1
    tones: tuple[Tone, ...] = ("good", "busy", "warn", "bad", "bad")
    for position, group in enumerate(known):
        before = known[position - 1].up_to if position else None
        if group.up_to is None:
            name = "older" if before is None else f"over {span_of(before)}"
        else:
            name = f"under {span_of(group.up_to)}" if before is None else f"{span_of(before)} to {span_of(group.up_to)}"
        yield AgeBar(
            name=name,
            count=at_least(group.count),
            share=round(100 * group.count / whole),
            tone=tones[min(position, len(tones) - 1)],
        )


def _lasts(buying: Buying, money: MoneyFigures) -> tuple[str, Tone]:
    balance = buying.balance
    if balance is None:
        return "", "still"
    spent = next((one for one in money.spent if one.currency == balance.left.currency), None)
    if spent is None or spent.amount <= 0:
        return "nothing was spent in the last week", "still"
    days = float(balance.left.amount / spent.amount) * (SPENT_OVER / timedelta(days=1))
    tone: Tone = "bad" if days < _SHORT_DAYS else "warn" if days < _FEW_DAYS else "good"
    return f"lasts {days:.0f} days at the pace of the last week" if days >= 1 else "lasts less than a day", tone


def _success(webhooks: Mapping[str, int]) -> tuple[str, Tone]:
    """Of the webhooks that were dealt with, how many went well."""
    failed = webhooks.get("failed", 0)
    over = failed + webhooks.get("processed", 0) + webhooks.get("ignored", 0)
    if not over:
        return NOTHING, "still"
    percent = 100 * (over - failed) / over
    return f"{percent:.4g} %", "good" if not failed else "bad"


def _margins(money: MoneyFigures) -> Iterable[Margin]:
    costs = {cost.currency: cost for cost in money.cost}
    for sold in money.sold:
        cost = costs.get(sold.currency, Money.zero(sold.currency))
        left = sold - cost
        percent = f"{100 * left.amount / sold.amount:.0f} %" if sold.amount else NOTHING
        yield Margin(sold=sold, cost=cost, left=left, percent=percent)
