"""Both vendors, simulated in this process, and pointed at the service."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import attrs

from bitloot_adapters.kinguin_simulator import KinguinSimulator
from bitloot_adapters.nowpayments_simulator import NowPaymentsSimulator, RetrySchedule
from harness.surroundings import Surroundings

CANARY = "CANARYBIRD-IN-A-MINE-"
"""Stands before each serial, so that one search finds a key wherever it leaked; long enough to be found in base64."""
SUPPLIER_PRODUCTS = {"game": "5c9b5ab2539a4e8f172916a7", "other": "5c9b5ab2539a4e8f172916a8"}
PRODUCTS_CSV = "\n".join(
    (
        "product_id,title,supplier_product_id,price,currency,max_cost",
        f"game,A Game,{SUPPLIER_PRODUCTS['game']},12.99,EUR,8.00",
        f"other,Another Game,{SUPPLIER_PRODUCTS['other']},20.00,EUR,8.00",
        "",
    )
)
_PATIENT = tuple(timedelta(seconds=0.2) for _ in range(100))


@attrs.frozen(kw_only=True)
class Vendors:
    """The supplier and the gateway."""

    kinguin: KinguinSimulator
    gateway: NowPaymentsSimulator

    def delivered_for(self, order_id: str) -> list[str]:
        """The serials that the supplier has delivered for an order, under any of our references."""
        return sorted(
            key.serial
            for order in self.kinguin.orders()
            if (order.external_id or "").rpartition("-")[0] == order_id
            for key in order.delivered
        )

    def acknowledged_events(self) -> set[bytes]:
        """The bodies of the supplier's webhooks that the service has answered with 2xx."""
        return {sent.body for sent in self.kinguin.webhooks.sent if sent.taken}

    def acknowledged_notices(self) -> set[bytes]:
        """The bodies of the gateway's notices that the service has answered with 2xx."""
        return {sent.notice.body for sent in self.gateway.sent_notices if sent.is_delivered}


@asynccontextmanager
async def open_vendors(place: Surroundings, *, seed: int = 1) -> AsyncIterator[tuple[Vendors, Mapping[str, str]]]:
    """
    Serve both simulators, patient senders of webhooks both.

    Yields:
        The vendors, and the settings that lead the service to them.
    """
    dice = random.Random(seed)
    kinguin = KinguinSimulator(rng=dice, api_key=place.settings["KINGUIN_API_KEY"], balance=Decimal(1_000_000))
    for product_id in SUPPLIER_PRODUCTS.values():
        kinguin.add_product(product_id, stock=1_000_000)
    kinguin.knobs.serial_prefix = CANARY
    kinguin.webhooks.configure(target=f"{place.url}/kinguin/webhooks", secret=place.settings["KINGUIN_WEBHOOK_SECRET"])
    kinguin.webhooks.retries = _PATIENT
    gateway = NowPaymentsSimulator(
        api_keys=[place.settings["NOWPAYMENTS_API_KEY"]],
        ipn_secret=place.settings["NOWPAYMENTS_IPN_SECRET"],
        rng=dice,
        schedule=RetrySchedule(count=100, interval_seconds=0.2),
    )
    async with kinguin.serve() as supplier, gateway.serve() as served:
        yield (
            Vendors(kinguin=kinguin, gateway=gateway),
            {"KINGUIN_BASE_URL": supplier.base_url, "NOWPAYMENTS_BASE": served.base_url},
        )
