"""Alerts to the operator: how each channel stands, what it has told, and what is wrong with the service."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "alert_channels",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("last_id", TEXT),
        sa.Column("under_way", TEXT),
        sa.Column("made_at", BIG),
        sa.Column("attempts", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", BIG),
        sa.Column("lease_token", TEXT),
        sa.Column("lease_until", BIG),
        sa.Column("failing_since", BIG),
        sa.Column("last_error", TEXT),
        sa.Column("delivered_at", BIG),
        sa.Column("closed_at", BIG),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channels")),
        sqlite_strict=True,
    )
    op.create_table(
        "alert_told",
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("alert_id", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("channel", "subject", name=op.f("pk_alert_told")),
        sqlite_strict=True,
    )
    op.create_index("ix_alert_told_at", "alert_told", ["at"])
    op.create_table(
        "alert_troubles",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("told", TEXT, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert_troubles")),
        sqlite_strict=True,
    )
