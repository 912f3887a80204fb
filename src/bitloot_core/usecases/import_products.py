"""
Products taken over from the supplier: what would change is worked out first, and shown; then it is done, or not.

A price rule makes price and cost cap from what the supplier asks now. A cap never falls without being asked to: orders
to come would be bought for less, or not at all. Orders that were placed keep their terms.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.store import Change
from bitloot_core.ports.supplier_catalogue import SupplierProduct
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import InvalidInput, Refused
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule

MOST_AT_ONCE = 100
"""How many products one import may name; more is a job for a file."""


class FallingCaps(enum.Enum):
    """What becomes of a cap that the rule would lower."""

    KEPT = "kept"
    LOWERED = "lowered"


@attrs.frozen(kw_only=True)
class AddedProduct:
    """
    One that the catalogue does not have yet.

    Attributes:
        cost: what the supplier asks for one now.
    """

    product: Product
    cost: Money


@attrs.frozen(kw_only=True)
class ChangedProduct:
    """
    One that gets other terms.

    Attributes:
        cost: what the supplier asks for one now.
        rule_cap: the cap that the rule makes; above it where a higher one is kept.
    """

    before: Product
    product: Product
    cost: Money
    rule_cap: Money

    @property
    def keeps_cap(self) -> bool:
        """Whether a cap is kept that the rule would lower."""
        return self.rule_cap < self.product.max_cost


@attrs.frozen(kw_only=True)
class SameProduct:
    """
    One that is as the rule has it already, but for a cap that is kept.

    Attributes:
        cost: what the supplier asks for one now.
        rule_cap: the cap that the rule makes.
    """

    product: Product
    cost: Money
    rule_cap: Money

    @property
    def keeps_cap(self) -> bool:
        """Whether a cap is kept that the rule would lower."""
        return self.rule_cap < self.product.max_cost


@attrs.frozen(kw_only=True)
class RefusedProduct:
    """
    One that cannot be taken over.

    Attributes:
        reason: a clause that completes "cannot be imported: ...".
    """

    supplier_product_id: SupplierProductId
    reason: str


ImportLine: TypeAlias = AddedProduct | ChangedProduct | SameProduct | RefusedProduct


async def plan_import(
    shop: Shop, ids: Sequence[SupplierProductId], *, rule: PriceRule, falling_caps: FallingCaps
) -> tuple[ImportLine, ...]:
    """
    Work out what an import would do, and change nothing.

    A product that the catalogue has, under whatever id of ours, keeps its id, title and form of keys, and whether it is
    on sale. A new one gets the supplier's id for its own.

    Returns:
        A line for each product of ours, those of one supplier's id in the order in which the ids were named.

    Raises:
        InvalidInput: no id was named, or too many.
        Unavailable: the supplier cannot be asked now.
    """
    wanted = tuple(dict.fromkeys(ids))
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise InvalidInput("products", f"must be 1 to {MOST_AT_ONCE} of the supplier's ids")
    shown = {one.id: one for one in await shop.supplier_catalogue.products(wanted)}
    ours = await shop.catalogue.products()
    lines: list[ImportLine] = []
    for one in wanted:
        found = shown.get(one)
        if found is None:
            lines.append(RefusedProduct(supplier_product_id=one, reason="the supplier shows no such product now"))
        else:
            lines.extend(_lines(found, ours, rule, falling_caps))
    return tuple(lines)


async def import_products(shop: Shop, plan: Sequence[ImportLine], *, by: str, reason: str) -> int:
    """
    Do what was planned: all of it or nothing; who does it is written down first. Idempotent, but for that.

    Returns:
        How many products came or changed.

    Raises:
        Refused: a line of the plan cannot be imported (`not-importable`).
    """
    refused = [line for line in plan if isinstance(line, RefusedProduct)]
    if refused:
        told = "; ".join(f"{line.supplier_product_id}: {line.reason}" for line in refused)
        raise Refused("not-importable", f"nothing was imported: {told}")
    fresh = tuple(line.product for line in plan if isinstance(line, AddedProduct | ChangedProduct))
    if fresh:
        now = shop.clock.now()
        deeds = (Deed(action=Action.CHANGE_PRODUCT, by=by, reason=reason, subject=product.id) for product in fresh)
        await shop.orders.commit(Change(at=now, acts=tuple(deed.done(at=now, order_id=None) for deed in deeds)))
        await shop.catalogue.put(fresh)
    return len(fresh)


def _lines(
    found: SupplierProduct, ours: Iterable[Product], rule: PriceRule, falling_caps: FallingCaps
) -> Iterator[ImportLine]:
    known = [product for product in ours if product.supplier_product_id == found.id]
    try:
        if not known:
            yield _added(found, ours, rule)
        for before in known:
            yield _again(found, before, rule, falling_caps)
    except InvalidInput as refusal:
        yield RefusedProduct(supplier_product_id=found.id, reason=f"{refusal.field} {refusal.reason}")


def _added(found: SupplierProduct, ours: Iterable[Product], rule: PriceRule) -> AddedProduct:
    product_id = ProductId(found.id)
    if any(product.id == product_id for product in ours):
        raise InvalidInput("id", "is that of another product of ours")
    key_type = KeyType.TEXT if found.cost_of(1, KeyType.TEXT) is not None else KeyType.ANY
    cost = _cost(found, key_type)
    price = rule.price_of(cost)
    product = Product(
        id=product_id,
        title=found.title,
        supplier_product_id=found.id,
        price=price,
        max_cost=rule.cap_of(price),
        key_type=key_type,
        release_date=_released(found),
    )
    return AddedProduct(product=product, cost=cost)


def _again(
    found: SupplierProduct, before: Product, rule: PriceRule, falling_caps: FallingCaps
) -> ChangedProduct | SameProduct:
    cost = _cost(found, before.key_type)
    if before.price.currency != cost.currency or before.max_cost.currency != cost.currency:
        raise InvalidInput("price", f"is in {before.price.currency}, and a rule makes prices in {cost.currency} only")
    price = rule.price_of(cost)
    rule_cap = rule.cap_of(price)
    cap = before.max_cost if falling_caps is FallingCaps.KEPT and rule_cap < before.max_cost else rule_cap
    after = attrs.evolve(before, price=price, max_cost=cap, release_date=_released(found))
    if after == before:
        return SameProduct(product=before, cost=cost, rule_cap=rule_cap)
    return ChangedProduct(before=before, product=after, cost=cost, rule_cap=rule_cap)


def _cost(found: SupplierProduct, key_type: KeyType) -> Money:
    cost = found.cost_of(1, key_type)
    if cost is None:
        raise InvalidInput("price", "is not known: there is none in stock")
    return cost


def _released(found: SupplierProduct) -> date | None:
    if not found.is_preorder:
        return None
    if found.release_date is None:
        raise InvalidInput("release date", "of the preorder is not known")
    return found.release_date
