"""
`bitloot products`: the catalogue, in and out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from bitloot_core.ports.catalogue import Product
    from bitloot_core.usecases.shop import Shop

commands = typer.Typer(help="What can be bought.", no_args_is_help=True)
_Rule = Annotated[
    str | None,
    typer.Option("--rule", metavar="RULE", help="Margin, floor and rounding: `15%, 0.50, x.99`. Absent: PRICE_RULE."),
]


@commands.command("import")
def import_products(
    what: Annotated[
        list[str], typer.Argument(metavar="FILE.csv | ID...", help="The products; `-` reads standard input.")
    ],
    *,
    from_supplier: Annotated[bool, typer.Option("--from-supplier", help="The names are the supplier's ids.")] = False,
    rule: _Rule = None,
    lower_caps: Annotated[bool, typer.Option("--lower-caps", help="Let cost caps fall, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit.")] = "imported from the supplier",
    as_json: AsJson = False,
) -> None:
    """
    Add products, or give those that are there other terms; all, or none if one of them cannot be read.

    From a CSV file, with the columns product_id, title, supplier_product_id, price, currency, max_cost (in EUR), and if
    you like key_type (text or any) and release_date (a preorder, such as 2026-01-31).

    Or with --from-supplier: price and cost cap are made from what the supplier asks now. A cap that is higher than the
    rule's is kept, unless --lower-caps is given.
    """
    from bitloot_http.cli.failures import NOT_ASKED_PROPERLY, Failure
    from bitloot_http.cli.running import run_with_shop, told

    if from_supplier:
        from bitloot_core.usecases.import_products import FallingCaps
        from bitloot_http.cli.stocking import take_over

        caps = FallingCaps.LOWERED if lower_caps else FallingCaps.KEPT

        async def take(shop: Shop) -> None:
            await take_over(shop, what, rule=rule, falling_caps=caps, reason=reason, dry_run=dry_run, as_json=as_json)

        run_with_shop(take, makes_database=True)
        return

    def parsed() -> tuple[Product, ...]:
        if len(what) != 1 or rule is not None or lower_caps or dry_run or as_json:
            raise Failure("Name one file; the options are for --from-supplier.", code=NOT_ASKED_PROPERLY)
        return _read(what[0])

    products = told(parsed)

    async def work(shop: Shop) -> None:
        await shop.catalogue.put(products)
        typer.echo(f"{len(products)} product{'s' if len(products) != 1 else ''} imported.")

    run_with_shop(work, makes_database=True)


def _read(file: str) -> tuple[Product, ...]:
    from bitloot_http.cli.failures import Failure
    from bitloot_http.products_csv import ProductsInvalid, parse_products

    try:
        return parse_products(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except ProductsInvalid as found:
        raise Failure(*(f"{file}: {problem}" for problem in found.problems), "Nothing was imported.") from None


@commands.command("search")
def search_products(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A part of the title, three characters or more.")],
    *,
    page: Annotated[int, typer.Option("--page", min=1, help="Which page of what was found.")] = 1,
    rule: _Rule = None,
    as_json: AsJson = False,
) -> None:
    """Look through what the supplier sells, with the price and the cost cap that the rule makes of it."""
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.stocking import search

    async def work(shop: Shop) -> None:
        await search(shop, text, page=page, rule=rule, as_json=as_json)

    run_with_shop(work, makes_database=True)


@commands.command("list")
def list_products(as_json: AsJson = False) -> None:
    """List the catalogue."""
    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.running import run_with_shop
    from bitloot_http.cli.tables import products_table
    from bitloot_http.cli.views import CatalogueEntryView, CatalogueView

    async def work(shop: Shop) -> None:
        products = await shop.catalogue.products()
        if as_json:
            show_json(CatalogueView(items=tuple(CatalogueEntryView.of(product) for product in products)))
        else:
            show(products_table(products))

    run_with_shop(work)
