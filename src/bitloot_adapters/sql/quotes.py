"""
The looks at the supplier's products as a port.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select, text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.tables import QUOTES, STALE_QUOTES
from bitloot_core.ports.quotes import Quote, Quotes
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

_ALL = select(QUOTES)
_COLUMNS = [column.name for column in QUOTES.columns]
_KEEP = text(
    f"INSERT INTO quotes ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)}) "  # noqa: S608 - our columns
    "ON CONFLICT (supplier_product_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "supplier_product_id")
    + " WHERE quotes.at <= excluded.at"
)
_FORGET = text("DELETE FROM stale_quotes WHERE supplier_product_id = :supplier_product_id AND since < :at")
_MARK = text(
    "INSERT INTO stale_quotes (supplier_product_id, since) VALUES (:supplier_product_id, :since) "
    "ON CONFLICT (supplier_product_id) DO UPDATE SET since = "
    "CASE WHEN excluded.since > stale_quotes.since THEN excluded.since ELSE stale_quotes.since END"
)
_MARKED = select(STALE_QUOTES.c.supplier_product_id).order_by(STALE_QUOTES.c.since, STALE_QUOTES.c.supplier_product_id)


class SqlQuotes:
    """Keeps looks and marks. See `Quotes` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def quotes(self, ids: Collection[SupplierProductId] | None = None) -> Mapping[SupplierProductId, Quote]:
        """The newest look at each product."""
        which = _ALL if ids is None else _ALL.where(QUOTES.c.supplier_product_id.in_(sorted(set(ids))))
        return await self._database.read(lambda c: _found(c, which))

    async def mark(self, ids: Collection[SupplierProductId], *, at: datetime) -> None:
        """Mark products as changed."""
        if ids:
            # In one order everywhere, so that two writers never wait for each other's rows.
            await self._database.write(
                executing(_MARK, [{"supplier_product_id": one, "since": micros(at)} for one in sorted(set(ids))])
            )

    async def marked(self, limit: int) -> tuple[SupplierProductId, ...]:
        """Products that are marked, the ones marked longest ago first."""
        found = await self._database.read(lambda c: c.execute(_MARKED.limit(limit)).scalars().all())
        return tuple(SupplierProductId(one) for one in found)

    async def keep(self, looks: Sequence[Quote]) -> None:
        """Keep looks, and take away the marks that were set before them."""
        rows = [_row(look) for look in sorted(looks, key=lambda look: look.supplier_product_id)]
        if rows:
            await self._database.write(lambda c: _keep(c, rows))


def _keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(_KEEP, rows)
    connection.execute(_FORGET, [{"supplier_product_id": row["supplier_product_id"], "at": row["at"]} for row in rows])


def _found(connection: Connection, which: Select[Any]) -> dict[SupplierProductId, Quote]:
    return {SupplierProductId(row.supplier_product_id): _quote(row) for row in connection.execute(which)}


def _quote(row: Any) -> Quote:
    return Quote(
        supplier_product_id=SupplierProductId(row.supplier_product_id),
        at=moment(row.at),
        stock=row.stock,
        cost=_money(row.cost_minor, row.currency),
        text_cost=_money(row.text_cost_minor, row.currency),
    )


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money.from_minor(minor, currency)


def _row(look: Quote) -> dict[str, Any]:
    return {
        "supplier_product_id": look.supplier_product_id,
        "at": micros(look.at),
        "stock": look.stock,
        # Text keys are among all keys, so their price is in the same currency.
        "currency": "" if look.cost is None else look.cost.currency,
        "cost_minor": None if look.cost is None else look.cost.minor,
        "text_cost_minor": None if look.text_cost is None else look.text_cost.minor,
    }


if TYPE_CHECKING:
    _: type[Quotes] = SqlQuotes
