"""
A look at what the supplier asks now, right before a purchase is claimed: nothing dearer than its cap is sent.

The cap goes along with the purchase all the same, and the supplier keeps to it: this look says *why* nothing is bought,
in figures that a person can decide by, and spares the supplier a request that it would refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.order.order import Order
from bitloot_core.order.reservations import Plan
from bitloot_core.ports.supplier_catalogue import SupplierProduct
from bitloot_core.usecases.work import Work
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class WithinCap:
    """
    No product of a purchase is known to cost more than its cap.

    Attributes:
        at: just before the supplier was asked.
    """

    at: datetime

    def is_stale(self, work: Work) -> bool:
        """Whether the look is too long ago for a purchase to be sent on it."""
        return work.now - self.at > work.shop.policy.price_age


@attrs.frozen(kw_only=True)
class AboveCap:
    """
    At least one product of a purchase costs more than may be paid for it.

    Attributes:
        text: which, what it costs and what it may cost; a clause that completes "not bought: ...".
    """

    text: str


Look: TypeAlias = WithinCap | AboveCap


async def look_at_prices(work: Work, order: Order, plan: Plan) -> Look:
    """
    Ask the supplier what everything in a purchase costs now. Reads only; may be repeated.

    What the supplier does not show, or has too few of, is no reason against the purchase: it is for the supplier to
    refuse that, under our reference and for good.

    Raises:
        Unavailable: it cannot be asked now. Nothing is bought on a price of yesterday.
    """
    at = work.now
    wanted = [item.supplier_product_id for item in plan.items]
    shown = {one.id: one for one in await work.shop.supplier_catalogue.products(wanted)}
    dear = "; ".join(_dear(order, plan, shown))
    return AboveCap(text=dear) if dear else WithinCap(at=at)


def _dear(order: Order, plan: Plan, shown: dict[SupplierProductId, SupplierProduct]) -> Iterator[str]:
    titles = {line.number: line.title for line in order.lines}
    for item in plan.items:
        product = shown.get(item.supplier_product_id)
        cost = None if product is None else product.cost_of(item.quantity, item.key_type)
        if cost is not None and _is_above(cost, item.max_cost):
            yield f"{titles[item.line]} costs {cost} now, and {item.max_cost} is the most that it may cost"


def _is_above(cost: Money, cap: Money) -> bool:
    # A cap in another currency is refused by the supplier's port itself.
    return cost.currency == cap.currency and cap < cost
