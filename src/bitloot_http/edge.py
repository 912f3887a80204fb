"""
What the handlers work with: the shop, and the little that only the edge needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from aiohttp import web

from bitloot_core.usecases.shop import Shop
from bitloot_http.access import AdminTokens
from bitloot_http.accounts.reception import Reception
from bitloot_http.coins import CoinShelf
from bitloot_http.kept import Kept
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.gauges import Gauges
from bitloot_http.price_watch import PriceWatch
from bitloot_http.rate import Buckets
from bitloot_http.readiness import Readiness
from bitloot_http.settings import Settings


@attrs.frozen(kw_only=True)
class Edge:
    """
    The bundle that every handler gets.

    Attributes:
        reception: lets the staff into the console.
        readiness: what `/health/ready` answers.
        kept: figures of the summary that are dear to count.
        prices: listens to what the supplier says about its products.
        counts: what this process has counted.
        gauges: how the shop stands.
        in_hand: how many jobs this process works on; None if it works on none.
        orders_rate: how quickly one address may place orders.
        staff_rate: how quickly one of the staff may ask.
        strangers_rate: how quickly one address may come with tokens that are none.
        mails_rate: how quickly fresh links may be asked for, for one order.
    """

    shop: Shop
    settings: Settings
    tokens: AdminTokens[Any]
    reception: Reception
    readiness: Readiness
    coins: CoinShelf
    kept: Kept
    prices: PriceWatch
    counts: Counts
    gauges: Gauges
    in_hand: Callable[[], int | None]
    orders_rate: Buckets
    mails_rate: Buckets
    staff_rate: Buckets
    strangers_rate: Buckets

    @property
    def is_secure(self) -> bool:
        """Whether buyers reach us over TLS."""
        return self.settings.public_url.startswith("https://")


EDGE = web.AppKey("edge", Edge)


def edge_of(request: web.Request) -> Edge:
    """The bundle of the app that a request came to."""
    return request.app[EDGE]
