"""Indexes for the looks at all product keys, newest first, and for those of one person."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the two indexes."""
    op.create_index("ix_key_access_at", "key_access", ["at", "id"])
    op.create_index("ix_key_access_actor", "key_access", ["actor", "at", "id"])
