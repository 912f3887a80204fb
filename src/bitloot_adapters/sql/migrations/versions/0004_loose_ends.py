"""Indexes for who looks after lost jobs and old findings: orders that ended lately, findings by what they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ENDED = sa.text("status NOT IN ('created', 'waiting', 'confirming', 'underpaid', 'paid', 'fulfilling', 'attention')")


def upgrade() -> None:
    """Make the two indexes."""
    op.create_index("ix_orders_ended", "orders", ["updated_at", "id"], sqlite_where=ENDED, postgresql_where=ENDED)
    op.create_index("ix_findings_subject", "findings", ["subject"])
