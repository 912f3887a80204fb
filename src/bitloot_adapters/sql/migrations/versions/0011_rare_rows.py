"""Indexes for what is rare among many rows: paid orders not delivered, webhooks of a sender, jobs of a name."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"

UNDELIVERED = sa.text("owed > 0 AND status IN ('paid', 'fulfilling', 'attention')")
DONE = sa.text("status = 'done'")


def upgrade() -> None:
    """Make the three indexes."""
    op.create_index(
        "ix_orders_undelivered",
        "orders",
        ["created_at", "id"],
        sqlite_where=UNDELIVERED,
        postgresql_where=UNDELIVERED,
    )
    op.create_index("ix_webhook_logs_source", "webhook_logs", ["source", "received_at", "id"])
    op.create_index("ix_jobs_done_name", "jobs", ["name", "id"], sqlite_where=DONE, postgresql_where=DONE)
