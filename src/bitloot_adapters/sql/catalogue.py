"""
The catalogue as a port.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.tables import PRODUCTS
from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.catalogue import Catalogue, Product
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money

_ALL = select(PRODUCTS).order_by(PRODUCTS.c.id)
_ONE = Statement(select(PRODUCTS).where(PRODUCTS.c.id == bindparam("id")))
_COLUMNS = [column.name for column in PRODUCTS.columns]
_PUT = text(
    f"INSERT INTO products ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)}) "  # noqa: S608 - our columns
    "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "id")
)


class SqlCatalogue:
    """Keeps products. See `Catalogue` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def products(self, ids: Sequence[ProductId] | None = None) -> tuple[Product, ...]:
        """Those of the named products that exist, or all, by id."""
        if ids is not None and not ids:
            return ()
        find = self._database.read if ids is None else self._database.look
        return await find(lambda c: _find(c, ids))

    async def put(self, products: Sequence[Product]) -> None:
        """Add products, or replace those of the same id; all or none."""
        if products:
            rows = [_row(product) for product in products]
            await self._database.write(executing(_PUT, rows))


def _find(connection: Connection, ids: Sequence[ProductId] | None) -> tuple[Product, ...]:
    if ids is None:
        return tuple(_product(row) for row in connection.execute(_ALL))
    rows = (_ONE.first(connection, {"id": product_id}) for product_id in sorted(set(ids)))
    return tuple(_product(row) for row in rows if row is not None)


def _product(row: Any) -> Product:
    return Product(
        id=ProductId(row.id),
        title=row.title,
        supplier_product_id=SupplierProductId(row.supplier_product_id),
        price=Money.from_minor(row.price_minor, row.currency),
        max_cost=Money.from_minor(row.max_cost_minor, row.max_cost_currency),
        key_type=KeyType(row.key_type),
        release_date=None if row.release_date is None else date.fromisoformat(row.release_date),
        available=bool(row.available),
    )


def _row(product: Product) -> dict[str, object]:
    return {
        "id": product.id,
        "title": product.title,
        "supplier_product_id": product.supplier_product_id,
        "price_minor": product.price.minor,
        "currency": product.price.currency,
        "max_cost_minor": product.max_cost.minor,
        "max_cost_currency": product.max_cost.currency,
        "key_type": str(product.key_type),
        "release_date": None if product.release_date is None else product.release_date.isoformat(),
        "available": int(product.available),
    }


if TYPE_CHECKING:
    _: type[Catalogue] = SqlCatalogue
