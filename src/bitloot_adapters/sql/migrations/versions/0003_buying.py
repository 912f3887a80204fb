"""Pauses in buying: who holds one, and until when."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0008"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text()


def upgrade() -> None:
    """Make the table of the switches anew (nothing has written to it so far), with the row that all claims touch."""
    op.drop_table("switches")
    switches = op.create_table(
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
    op.bulk_insert(
        switches,
        [{"name": "buying", "value": "on", "set_by": "system", "reason": "", "set_at": 0, "until": None}],
    )
