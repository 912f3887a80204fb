"""
The shop's own rules, as one value: how patient, how tolerant, how often.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from decimal import Decimal

import attrs

from bitloot_core.order.buying import Budget
from bitloot_core.values.prices import PriceRule


def _seconds(*values: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


class Repost(enum.StrEnum):
    """What follows when the quiet window has passed and the supplier still knows nothing of a purchase."""

    AUTO = "auto"
    OPERATOR = "operator"


@attrs.frozen(kw_only=True)
class Policy:
    """
    The rules that a deployment may set.

    Attributes:
        tolerance_percent: by how much a payment may fall short and still settle.
        order_expires: how long a buyer has before an unpaid order expires.
        link_expires: how long a delivery link is good.
        link_max_views: how often keys may be revealed through one link.
        payment_poll: pauses between looks at an open payment; the last repeats.
        payment_lifetime: how long the gateway waits for coins, where it does not say so itself.
        payment_afterlife: how long after a payment is void it is still looked at.
        supplier_poll: pauses between looks at a placed purchase; the last repeats.
        supplier_alarm: after how long a placed purchase without keys is put before a person.
        supplier_quiet: the quiet window: how long a purchase without an answer is only looked up.
        repost: what follows after the quiet window.
        most_asked: how often a purchase is sent before a person must decide about the next time.
        partly_ready: how long after the first held key a "partly ready" mail goes out.
        retry_base: the first pause after a passing error; it doubles up to `retry_most`.
        lease: how long a claimed job is ours.
        most_attempts: how often a job may be claimed before it is a dead letter.
        webhook_patience: how long a webhook about something we do not know yet is tried again.
        price_age: how old a look at the supplier's price may be when a purchase is sent on it.
        price_pause: how long changes of prices gather before they are looked at.
        quote_life: how long a look at a price says whether buyers are shown a product as available.
        price_rule: how prices and cost caps are made from costs, where a person asks for that.
        budget: what the money that purchases take must stay within.
    """

    tolerance_percent: Decimal = Decimal("0.5")
    order_expires: timedelta = timedelta(minutes=60)
    link_expires: timedelta = timedelta(days=14)
    link_max_views: int = 50
    payment_poll: tuple[timedelta, ...] = _seconds(30, 60, 120, 300, 600)
    payment_lifetime: timedelta = timedelta(days=7)
    payment_afterlife: timedelta = timedelta(days=1)
    supplier_poll: tuple[timedelta, ...] = _seconds(15, 30, 60, 120, 300, 600, 1800)
    supplier_alarm: timedelta = timedelta(hours=24)
    supplier_quiet: timedelta = timedelta(minutes=15)
    repost: Repost = Repost.AUTO
    most_asked: int = 3
    partly_ready: timedelta = timedelta(minutes=15)
    retry_base: timedelta = timedelta(seconds=5)
    retry_most: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(seconds=120)
    most_attempts: int = 25
    webhook_patience: timedelta = timedelta(hours=24)
    price_age: timedelta = timedelta(seconds=60)
    price_pause: timedelta = timedelta(seconds=30)
    quote_life: timedelta = timedelta(hours=24)
    price_rule: PriceRule = attrs.field(factory=lambda: PriceRule.parse("15%, 0.50, x.99"))
    budget: Budget = attrs.field(factory=Budget)

    def lookups(self) -> tuple[timedelta, ...]:
        """
        When a purchase in doubt is looked up, from when it was claimed: 10 s to 15 min, scaled to the quiet window.

        >>> [int(pause.total_seconds()) for pause in Policy().lookups()]
        [10, 30, 60, 120, 300, 600, 900]
        """
        scale = self.supplier_quiet / timedelta(seconds=900)
        return tuple(timedelta(seconds=s) * scale for s in (10, 30, 60, 120, 300, 600, 900))


def rung(ladder: tuple[timedelta, ...], step: int) -> timedelta:
    """
    The pause number `step` (from 0) of a ladder whose last rung repeats.

    >>> rung((timedelta(seconds=1), timedelta(seconds=5)), 7)
    datetime.timedelta(seconds=5)
    """
    return ladder[min(step, len(ladder) - 1)]
