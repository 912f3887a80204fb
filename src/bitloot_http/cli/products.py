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


@commands.command("import")
def import_products(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The products; `-` reads standard input.")],
) -> None:
    """
    Add the products of a CSV file, or replace those of the same id; all, or none if one line is wrong.

    Columns: product_id, title, supplier_product_id, price, currency, max_cost (in EUR), and if you like
    key_type (text or any) and release_date (a preorder, such as 2026-01-31).
    """
    from bitloot_http.cli.failures import Failure
    from bitloot_http.cli.running import run_with_shop, told
    from bitloot_http.products_csv import ProductsInvalid, parse_products

    def parsed() -> tuple[Product, ...]:
        try:
            return parse_products(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
        except ProductsInvalid as found:
            raise Failure(*(f"{file}: {problem}" for problem in found.problems), "Nothing was imported.") from None

    products = told(parsed)

    async def work(shop: Shop) -> None:
        await shop.catalogue.put(products)
        typer.echo(f"{len(products)} product{'s' if len(products) != 1 else ''} imported.")

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
