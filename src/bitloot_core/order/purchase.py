"""
What is to be bought for an order: owed units become purchases within the supplier's limits.

**Source:** Kinguin ESA documentation (state July 2025): at most 9 of an offer, 10 products and 90 keys in a purchase; a
preorder stands alone. A product may stand only once in a purchase (field report).
"""

from __future__ import annotations

from bitloot_core.order.order import Line, Order
from bitloot_core.order.reservations import Plan, PurchaseItem, is_dead
from bitloot_core.values.ids import UnitId, external_ref

MOST_OF_A_PRODUCT = 9
MOST_PRODUCTS = 10


def plan_purchases(order: Order, *, only: UnitId | None = None) -> tuple[Plan, ...]:
    """
    Plan the purchases for every owed unit that no living reservation is going to bring.

    Args:
        only: plan for this unit alone; what else is owed may wait for a decision.

    Numbers go on after the last reservation of the order; none is ever used twice. Empty if nothing is to be bought.
    """
    baskets: list[list[PurchaseItem]] = []
    for item in _items(order, only):
        fitting = (basket for basket in baskets if _fits(item, basket))
        basket = next(fitting, None)
        if basket is None:
            baskets.append([item])
        else:
            basket.append(item)
    first = len(order.reservations) + 1
    return tuple(_plan(order, number, tuple(items)) for number, items in enumerate(baskets, start=first))


def _items(order: Order, only: UnitId | None) -> list[PurchaseItem]:
    wanted = {unit.id for unit in order.unbought if only in {None, unit.id}}
    items: list[PurchaseItem] = []
    for line in order.lines:
        units = [unit.id for unit in order.units_of(line) if unit.id in wanted]
        chunks = (units[start : start + MOST_OF_A_PRODUCT] for start in range(0, len(units), MOST_OF_A_PRODUCT))
        items += [_item(line, tuple(chunk)) for chunk in chunks]
    return items


def _item(line: Line, units: tuple[UnitId, ...]) -> PurchaseItem:
    return PurchaseItem(
        line=line.number,
        units=units,
        supplier_product_id=line.supplier_product_id,
        max_cost=line.max_cost,
        key_type=line.key_type,
        release_date=line.release_date,
    )


def _fits(item: PurchaseItem, basket: list[PurchaseItem]) -> bool:
    preorder = item.release_date is not None or any(other.release_date is not None for other in basket)
    twice = any(other.supplier_product_id == item.supplier_product_id for other in basket)
    return not preorder and not twice and len(basket) < MOST_PRODUCTS


def _plan(order: Order, number: int, items: tuple[PurchaseItem, ...]) -> Plan:
    units = {unit for item in items for unit in item.units}
    earlier = [res.plan.attempt for res in order.reservations if is_dead(res) and units.intersection(res.plan.units)]
    return Plan(
        number=number,
        ref=external_ref(order.id, number),
        attempt=max(earlier, default=0) + 1,
        items=items,
    )
