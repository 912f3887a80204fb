"""Pauses in buying, and what a budget is held against: the balance at the supplier, and what purchases took."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0008"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of the switches anew (nothing had written to it), and two helps for the count."""
    op.drop_table("switches")
    op.create_table(
        "switches",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("set_by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("set_at", BIG, nullable=False),
        sa.Column("until", BIG),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
        sqlite_strict=True,
    )
    op.create_table(
        "balances",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("amount", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_balances")),
        sqlite_strict=True,
    )
    of_purchases = sa.text("kind IN ('charged', 'returned')")
    op.create_index(
        "ix_ledger_purchases",
        "ledger",
        ["currency", "at", "kind", "amount"],
        sqlite_where=of_purchases,
        postgresql_where=of_purchases,
    )
