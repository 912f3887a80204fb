"""
The tables of the staff: tokens of the admin API, accounts of the console, their sessions.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, UniqueConstraint

from bitloot_adapters.sql.table_shapes import BIG, TEXT, index, number, table, whole, words

ADMIN_TOKENS = table(
    "admin_tokens",
    number(),
    words("name"),
    words("token_sha256"),
    words("scopes"),
    whole("created_at"),
    whole("expires_at", null=True),
    whole("revoked_at", null=True),
    whole("last_used_at", null=True),
    UniqueConstraint("token_sha256"),
)

ADMIN_USERS = table(
    "admin_users",
    number(),
    words("name"),
    words("password_hash"),
    Column("totp_sealed", LargeBinary, nullable=False),
    # The newest time step whose code was used: no code is taken twice.
    whole("totp_step", start=0),
    words("scopes"),
    whole("created_at"),
    whole("disabled_at", null=True),
    UniqueConstraint("name"),
)

ADMIN_RECOVERY_CODES = table(
    "admin_recovery_codes",
    Column("user_id", BIG, ForeignKey("admin_users.id"), primary_key=True, autoincrement=False),
    Column("code_sha256", TEXT, primary_key=True),
    whole("used_at", null=True),
)

ADMIN_SESSIONS = table(
    "admin_sessions",
    Column("id_sha256", TEXT, primary_key=True),
    Column("user_id", BIG, ForeignKey("admin_users.id"), nullable=False),
    words("stage"),
    words("address"),
    words("agent"),
    whole("begun_at"),
    whole("seen_at"),
    whole("proved_at"),
    CheckConstraint("stage IN ('password', 'full')", name="stage"),
)
index("ix_admin_sessions_begun", ADMIN_SESSIONS, "begun_at")
index("ix_admin_sessions_user", ADMIN_SESSIONS, "user_id")

LOGIN_TRIES = table("login_tries", Column("subject", TEXT, primary_key=True), whole("since"), whole("tries"))
