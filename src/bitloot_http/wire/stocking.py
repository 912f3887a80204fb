"""
What the supplier sells, and what an import of it would do, as the staff is shown it.
"""

from __future__ import annotations

from typing import Self, assert_never

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.supplier_catalogue import SupplierProduct
from bitloot_core.usecases.import_products import (
    AddedProduct,
    ChangedProduct,
    ImportLine,
    RefusedProduct,
    SameProduct,
)
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule


@attrs.frozen(kw_only=True)
class FoundProductView:
    """
    A product at the supplier, with what our rule would make of it.

    Attributes:
        stock: how many text keys, or of any form if there are no text keys.
        cost: for one; None if there is none in stock, and then it has no price either.
    """

    supplier_product_id: str
    title: str
    platform: str
    region: str
    is_preorder: bool
    release_date: str | None
    key_type: str
    stock: int
    cost: Money | None
    price: Money | None
    max_cost: Money | None
    is_ours: bool

    @classmethod
    def of(cls, product: SupplierProduct, rule: PriceRule, *, is_ours: bool) -> Self:
        """Show a product of the supplier's to the staff."""
        key_type = KeyType.TEXT if product.cost_of(1, KeyType.TEXT) is not None else KeyType.ANY
        cost = product.cost_of(1, key_type)
        price, cap = _made_of(cost, rule)
        return cls(
            supplier_product_id=product.id,
            title=product.title,
            platform=product.platform,
            region=product.region,
            is_preorder=product.is_preorder,
            release_date=product.release_date.isoformat() if product.is_preorder and product.release_date else None,
            key_type=str(key_type),
            stock=product.stock_of(key_type),
            cost=cost,
            price=price,
            max_cost=cap,
            is_ours=is_ours,
        )


def _made_of(cost: Money | None, rule: PriceRule) -> tuple[Money | None, Money | None]:
    """The price and the cap of something; none where the rule has none for it."""
    if cost is None:
        return None, None
    try:
        price = rule.price_of(cost)
        return price, rule.cap_of(price)
    except InvalidInput:
        return None, None


@attrs.frozen(kw_only=True)
class FoundPageView:
    """A part of what a search found."""

    items: tuple[FoundProductView, ...]
    has_more: bool


@attrs.frozen(kw_only=True)
class ImportLineView:
    """
    What an import does with one product of ours.

    Attributes:
        verdict: `new`, `changed`, `same` or `refused`.
        note: what else there is to know, in a clause; empty if there is nothing.
    """

    supplier_product_id: str
    verdict: str
    product_id: str | None
    title: str | None
    cost: Money | None
    price_before: Money | None
    price: Money | None
    max_cost_before: Money | None
    max_cost: Money | None
    note: str

    @classmethod
    def of(cls, line: ImportLine) -> Self:
        """Show a line of a plan to the staff."""
        match line:
            case AddedProduct(product=product, cost=cost):
                before, verdict, note = None, "new", ""
            case ChangedProduct(before=before, product=product, cost=cost):
                verdict, note = "changed", _kept(line)
            case SameProduct(product=product, cost=cost):
                before, verdict, note = product, "same", _kept(line)
            case RefusedProduct(supplier_product_id=name, reason=reason):
                return cls._refused(name, reason)
            case never:
                assert_never(never)
        return cls(
            supplier_product_id=product.supplier_product_id,
            verdict=verdict,
            product_id=product.id,
            title=product.title,
            cost=cost,
            price_before=before.price if before else None,
            price=product.price,
            max_cost_before=before.max_cost if before else None,
            max_cost=product.max_cost,
            note=note,
        )

    @classmethod
    def _refused(cls, name: str, reason: str) -> Self:
        return cls(
            supplier_product_id=name,
            verdict="refused",
            product_id=None,
            title=None,
            cost=None,
            price_before=None,
            price=None,
            max_cost_before=None,
            max_cost=None,
            note=reason,
        )


def _kept(line: ChangedProduct | SameProduct) -> str:
    return f"the higher cap is kept: the rule says {line.rule_cap}" if line.keeps_cap else ""


@attrs.frozen(kw_only=True)
class ImportView:
    """What an import does, or would do."""

    items: tuple[ImportLineView, ...]
    dry_run: bool
