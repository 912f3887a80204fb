"""
The standing switches of the simulator: how it behaves when no fault is scripted.

A fault that hits one call is in `faults`, one that hits one webhook in `webhook_faults`; neither belongs here.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum

import attrs

NO_TIME = timedelta(0)


class KeyOrder(Enum):
    """
    In what order `GET .../keys` lists keys; the documentation promises none.
    """

    STABLE = "stable"
    SHUFFLED_IN_PAGE = "each page holds the same keys at every call, in another order"
    SHUFFLED = "any key can be on any page at any call"


@attrs.define(kw_only=True)
class Knobs:
    """
    Switches that a test or the demo can turn at any time; each call looks at them anew.

    Attributes:
        accept_repeats: sell again under a spent `orderExternalId` (a negative control; field reports say it refuses).
        payment_price_as_text: render `paymentPrice` as a string, as the documentation types it.
        discount: share of the price that the balance is not charged, 0 to 1.
        hide_sold_out: answer 404 for a product that is out of stock.
        delivery_delay: from purchase to delivery; None delivers only when told to.
        key_interval: between one key and the next of an order; zero delivers all at once.
        key_order: the order in which keys are listed.
        show_pending_keys: list keys in the order object before they are delivered.
        withhold_keys: list no key at all, though they are delivered.
        downloads_claim: a downloaded key counts as claimed and can no longer be returned (nobody confirms this).
        return_delay: from an accepted return to the keys' status RETURNED.
        search_lag: how long a new order is missing from the order search, by the simulator's clock.
        latency: added to each answer.
        latency_jitter: upper end of a random addition to `latency`.
        serial_prefix: put before each text serial, so that a leak can be searched for.
    """

    accept_repeats: bool = False
    payment_price_as_text: bool = False
    discount: Decimal = Decimal(0)
    hide_sold_out: bool = False
    delivery_delay: timedelta | None = NO_TIME
    key_interval: timedelta = NO_TIME
    key_order: KeyOrder = KeyOrder.STABLE
    show_pending_keys: bool = False
    withhold_keys: bool = False
    downloads_claim: bool = False
    return_delay: timedelta = NO_TIME
    search_lag: timedelta = NO_TIME
    latency: timedelta = NO_TIME
    latency_jitter: timedelta = NO_TIME
    serial_prefix: str = ""
