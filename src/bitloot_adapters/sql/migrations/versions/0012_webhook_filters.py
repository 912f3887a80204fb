"""Indexes of webhooks for whatever is asked together: source and status, and type with both."""

from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    """Make the two indexes anew, with the columns that they lack; nobody writes meanwhile."""
    op.drop_index("ix_webhook_logs_source", "webhook_logs")
    op.create_index("ix_webhook_logs_source", "webhook_logs", ["source", "status", "received_at", "id"])
    op.drop_index("ix_webhook_logs_type", "webhook_logs")
    op.create_index("ix_webhook_logs_type", "webhook_logs", ["type", "source", "status", "received_at", "id"])
