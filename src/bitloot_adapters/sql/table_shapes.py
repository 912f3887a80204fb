"""
What tables are made of: the columns that recur, each under the word for what it holds.

Times are integer microseconds, UTC. Fiat money is minor units with its currency, coins are exact decimal text. A column
`state` is the tagged JSON of a part of an order: see `mapping`.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
BIG: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits. SQLite numbers rows by themselves only under the word INTEGER."""
TEXT: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code point on both: the order of a locale changes with the machine's C library, and breaks indexes."""


def table(name: str, *parts: SchemaItem) -> Table:
    """Describe a table."""
    # STRICT: SQLite refuses text in a column of numbers, as any other database does.
    return Table(name, METADATA, *parts, sqlite_strict=True, sqlite_autoincrement=_numbers_itself(parts))


def _numbers_itself(parts: tuple[SchemaItem, ...]) -> bool:
    first = parts[0]
    return isinstance(first, Column) and first.primary_key and first.autoincrement is True


def name(*, key: bool = False) -> Column[str]:
    """A name that we gave it."""
    return Column("id", TEXT, primary_key=key)


def number() -> Column[int]:
    """A number that the database gives it."""
    return Column("id", BIG, primary_key=True, autoincrement=True)


def words(name: str, *, null: bool = False) -> Column[str]:
    """Text."""
    return Column(name, TEXT, nullable=null)


def whole(name: str, *, null: bool = False, start: int | None = None) -> Column[int]:
    """A whole number: a count, an amount in minor units, a time."""
    return Column(name, BIG, nullable=null, server_default=None if start is None else text(str(start)))


def of_order() -> Column[str]:
    """The order that it is a part of."""
    return Column("order_id", TEXT, ForeignKey("orders.id"), primary_key=True)


def part(name: str) -> Column[int]:
    """The number of a part among its like."""
    return Column(name, BIG, primary_key=True, autoincrement=False)


def index(name: str, table: Table, *columns: str, unique: bool = False, where: str | None = None) -> None:
    """Describe an index."""
    condition = None if where is None else text(where)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )
