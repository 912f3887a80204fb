"""What the supplier was last seen to ask for our products, and which of them changed since."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0011"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "quotes",
        sa.Column("supplier_product_id", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("stock", BIG, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("cost_minor", BIG),
        sa.Column("text_cost_minor", BIG),
        sa.PrimaryKeyConstraint("supplier_product_id", name=op.f("pk_quotes")),
        sqlite_strict=True,
    )
    op.create_table(
        "stale_quotes",
        sa.Column("supplier_product_id", TEXT, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.PrimaryKeyConstraint("supplier_product_id", name=op.f("pk_stale_quotes")),
        sqlite_strict=True,
    )
    op.create_index("ix_stale_quotes_since", "stale_quotes", ["since", "supplier_product_id"])
