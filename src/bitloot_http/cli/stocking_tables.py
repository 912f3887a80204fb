"""
What the supplier sells, and what an import would do, as people read it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from bitloot_core.ports.queries import Page
from bitloot_core.values.money import Money
from bitloot_http.cli.tables import listed, plain_table, quoted, word
from bitloot_http.wire.stocking import FoundProductView, ImportLineView


def found_table(found: Sequence[FoundProductView]) -> RenderableType:
    """What a search found, one product a line."""
    table = plain_table(
        "supplier's id", "title", "platform", "region", ">stock", ">costs", ">our price", ">our cap", "released", "ours"
    )
    for one in found:
        table.add_row(
            quoted(one.supplier_product_id),
            quoted(one.title),
            quoted(one.platform),
            quoted(one.region),
            str(one.stock),
            _money(one.cost),
            _money(one.price),
            _money(one.max_cost),
            one.release_date or "",
            "yes" if one.is_ours else "",
        )
    return listed(table, Page(items=tuple(found), next_cursor=None), "The supplier shows no such products.")


def plan_table(lines: Sequence[ImportLineView]) -> RenderableType:
    """What an import would do, one product of ours a line."""
    table = plain_table("supplier's id", "", "product", "title", ">costs", ">price", ">most that it may cost", "")
    for line in lines:
        table.add_row(
            quoted(line.supplier_product_id),
            word(line.verdict),
            line.product_id or "",
            quoted(line.title or ""),
            _money(line.cost),
            _moved(line.price_before, line.price),
            _moved(line.max_cost_before, line.max_cost),
            quoted(line.note),
        )
    return listed(table, Page(items=tuple(lines), next_cursor=None), "There is nothing to import.")


def _money(amount: Money | None) -> str:
    return "" if amount is None else str(amount)


def _moved(before: Money | None, after: Money | None) -> str:
    """An amount, and what it was if that was another."""
    return _money(after) if before is None or before == after else f"{_money(before)} → {_money(after)}"
