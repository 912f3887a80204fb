"""
`bitloot products search` and the import from the supplier: what is asked, and what is said about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from bitloot_core.usecases.import_products import (
    FallingCaps,
    ImportLine,
    RefusedProduct,
    import_products,
    plan_import,
)
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.prices import PriceRule
from bitloot_http.cli.failures import Failure
from bitloot_http.cli.output import show, show_json
from bitloot_http.cli.stocking_tables import found_table, plan_table
from bitloot_http.wire.stocking import FoundPageView, FoundProductView, ImportLineView, ImportView

if TYPE_CHECKING:
    from bitloot_core.usecases.shop import Shop


async def search(shop: Shop, text: str, *, page: int, rule: str | None, as_json: bool) -> None:
    """Show what the supplier sells, with our price and cap for it."""
    made_by = rule_of(shop, rule)
    found = await shop.supplier_catalogue.search(text, page=page)
    ours = frozenset(product.supplier_product_id for product in await shop.catalogue.products())
    views = tuple(FoundProductView.of(one, made_by, is_ours=one.id in ours) for one in found.products)
    if as_json:
        show_json(FoundPageView(items=views, has_more=found.has_more))
        return
    show(found_table(views))
    if found.has_more:
        typer.echo(f"There is more: --page {page + 1}")


async def take_over(
    shop: Shop,
    ids: Sequence[str],
    *,
    rule: str | None,
    falling_caps: FallingCaps,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Import products from the supplier, or show what that would do.

    Raises:
        Failure: at least one of them cannot be imported; nothing was.
    """
    from bitloot_http.cli.person import person

    wanted = [SupplierProductId(one) for one in ids]
    plan = await plan_import(shop, wanted, rule=rule_of(shop, rule), falling_caps=falling_caps)
    _show(plan, dry_run=dry_run, as_json=as_json)
    if any(isinstance(line, RefusedProduct) for line in plan):
        raise Failure("Nothing was imported." if not dry_run else "It would be refused as a whole.")
    if dry_run:
        return
    count = await import_products(shop, plan, by=person(), reason=reason)
    if not as_json:
        typer.echo(f"{count} product{'s' if count != 1 else ''} imported.")


def rule_of(shop: Shop, text: str | None) -> PriceRule:
    """
    The rule that was typed, or the shop's own.

    Raises:
        InvalidInput: what was typed is no rule.
    """
    return shop.policy.price_rule if text is None else PriceRule.parse(text)


def _show(plan: Sequence[ImportLine], *, dry_run: bool, as_json: bool) -> None:
    views = tuple(ImportLineView.of(line) for line in plan)
    if as_json:
        show_json(ImportView(items=views, dry_run=dry_run))
    else:
        show(plan_table(views))
