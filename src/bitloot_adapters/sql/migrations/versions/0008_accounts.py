"""Accounts of the staff: who may open the console, their sessions, and how often somebody tried."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0001"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _table(name: str, *parts: sa.schema.SchemaItem, numbered: bool = False) -> None:
    numbering = {"sqlite_autoincrement": True} if numbered else {}
    op.create_table(name, *parts, sqlite_strict=True, **numbering)


def upgrade() -> None:
    """Make the four tables."""
    _table(
        "admin_users",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_step", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("disabled_at", BIG),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_users")),
        sa.UniqueConstraint("name", name=op.f("uq_admin_users_name")),
        numbered=True,
    )
    _table(
        "admin_recovery_codes",
        sa.Column("user_id", BIG, autoincrement=False, nullable=False),
        sa.Column("code_sha256", TEXT, nullable=False),
        sa.Column("used_at", BIG),
        sa.ForeignKeyConstraint(["user_id"], ["admin_users.id"], name=op.f("fk_admin_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("user_id", "code_sha256", name=op.f("pk_admin_recovery_codes")),
    )
    _table(
        "admin_sessions",
        sa.Column("id_sha256", TEXT, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("begun_at", BIG, nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.Column("proved_at", BIG, nullable=False),
        sa.CheckConstraint("stage IN ('password', 'full')", name=op.f("ck_admin_sessions_stage")),
        sa.ForeignKeyConstraint(["user_id"], ["admin_users.id"], name=op.f("fk_admin_sessions_user_id")),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_admin_sessions")),
    )
    op.create_index("ix_admin_sessions_begun", "admin_sessions", ["begun_at"])
    op.create_index("ix_admin_sessions_user", "admin_sessions", ["user_id"])
    _table(
        "login_tries",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_tries")),
    )
