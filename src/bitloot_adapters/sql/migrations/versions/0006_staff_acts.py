"""What the staff did, in rows that are only added; findings by their reason."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_table(
        "staff_acts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("order_id", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_acts")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_staff_acts_at", "staff_acts", ["at", "id"])
    of_an_order = sa.text("order_id IS NOT NULL")
    op.create_index(
        "ix_staff_acts_order",
        "staff_acts",
        ["order_id", "at", "id"],
        sqlite_where=of_an_order,
        postgresql_where=of_an_order,
    )
    _forbid_changes("staff_acts")
    op.create_index("ix_findings_reason", "findings", ["reason", "opened_at", "id"])
    is_open = sa.text("resolved_at IS NULL")
    op.create_index(
        "ix_findings_open_reason",
        "findings",
        ["reason", "opened_at", "id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    """What somebody did stays written down."""
    raise NotImplementedError("what somebody did stays written down: go back to a copy of the database")
