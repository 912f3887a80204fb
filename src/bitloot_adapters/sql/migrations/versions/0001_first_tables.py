"""The first tables."""

import itertools
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# By code point, as SQLite compares: the order of a locale changes with the machine's C library, and breaks indexes.
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BLOB: Any = sa.LargeBinary()
APPEND_ONLY = ("key_access", "ledger", "order_events")


def _table(name: str, *parts: sa.schema.SchemaItem, numbered: bool = False) -> None:
    numbering = {"sqlite_autoincrement": True} if numbered else {}
    op.create_table(name, *parts, sqlite_strict=True, **numbering)


def _index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def _forbid_changes(*tables: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # 23001 is `restrict_violation`: as on SQLite, whoever tries has broken a rule of the data.
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001'; END $$"
        )
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table, verb in itertools.product(tables, ("UPDATE", "DELETE")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def upgrade() -> None:
    """Make them all, in an order that their references allow."""
    _table(
        "admin_tokens",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("token_sha256", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("expires_at", BIG),
        sa.Column("revoked_at", BIG),
        sa.Column("last_used_at", BIG),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_admin_tokens_token_sha256")),
        numbered=True,
    )
    _table(
        "findings",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("order_id", TEXT),
        sa.Column("position", BIG),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("opened_at", BIG, nullable=False),
        sa.Column("resolved_at", BIG),
        sa.Column("resolved_by", TEXT),
        sa.Column("resolution", TEXT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    _index("ix_findings_open", "findings", ["opened_at", "id"], where="resolved_at IS NULL")
    _index("ix_findings_opened", "findings", ["opened_at", "id"])
    _index("ix_findings_order", "findings", ["order_id", "opened_at", "id"], where="order_id IS NOT NULL")
    _index(
        "uq_findings_loose",
        "findings",
        ["reason", "subject"],
        unique=True,
        where="resolved_at IS NULL AND order_id IS NULL",
    )
    _table(
        "idempotency_keys",
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("body_hash", TEXT, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("response", BLOB),
        sa.Column("begun_at", BIG, nullable=False),
        sa.Column("taken_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_idempotency_keys")),
    )
    _index("ix_idempotency_keys_begun", "idempotency_keys", ["begun_at"])
    _table(
        "jobs",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("order_id", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("attempts", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("snoozes", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("wake", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", TEXT),
        sa.Column("lease_until", BIG),
        sa.Column("last_error", TEXT),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("ended_at", BIG),
        sa.CheckConstraint("status IN ('ready', 'running', 'done', 'dead')", name=op.f("ck_jobs_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        numbered=True,
    )
    _index("ix_jobs_dead", "jobs", ["id"], where="status = 'dead'")
    _index("ix_jobs_done", "jobs", ["ended_at"], where="status = 'done'")
    _index("ix_jobs_living_ref", "jobs", ["ref"], where="status IN ('ready', 'running')")
    _index("ix_jobs_order", "jobs", ["order_id"], where="order_id IS NOT NULL")
    _index("ix_jobs_ready", "jobs", ["due_at", "id"], where="status = 'ready'")
    _index("ix_jobs_running", "jobs", ["lease_until"], where="status = 'running'")
    _index("uq_jobs_living", "jobs", ["name", "ref"], unique=True, where="status IN ('ready', 'running')")
    _table(
        "key_access",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("unit_id", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_access")),
        numbered=True,
    )
    _index("ix_key_access_order", "key_access", ["order_id"])
    _table(
        "ledger",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("external_id", TEXT, nullable=False),
        sa.Column("amount", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("kind", "external_id", name=op.f("uq_ledger_kind_external_id")),
        numbered=True,
    )
    _index("ix_ledger_order", "ledger", ["order_id"])
    _table(
        "orders",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("total_minor", BIG, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("units", BIG, nullable=False),
        sa.Column("owed", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("event_count", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    _index("ix_orders_created", "orders", ["created_at", "id"])
    _index("ix_orders_email", "orders", ["email", "created_at", "id"])
    _index("ix_orders_status", "orders", ["status", "created_at", "id"])
    _table(
        "products",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("supplier_product_id", TEXT, nullable=False),
        sa.Column("price_minor", BIG, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("max_cost_minor", BIG, nullable=False),
        sa.Column("max_cost_currency", TEXT, nullable=False),
        sa.Column("key_type", TEXT, nullable=False),
        sa.Column("release_date", TEXT),
        sa.Column("available", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
    )
    _table(
        "rate_limits",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("free_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_limits")),
    )
    _table(
        "switches",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("set_by", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("set_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    _table(
        "webhook_logs",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("dedupe_key", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("external_id", TEXT),
        sa.Column("scheme", TEXT, nullable=False),
        sa.Column("headers", TEXT, nullable=False),
        sa.Column("sealed", BLOB),
        sa.Column("worth_processing", BIG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("deliveries", BIG, nullable=False),
        sa.Column("attempts", BIG, server_default=sa.text("0"), nullable=False),
        sa.Column("order_id", TEXT),
        sa.Column("result", TEXT),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("last_seen_at", BIG, nullable=False),
        sa.Column("processed_at", BIG),
        sa.CheckConstraint(
            "status IN ('pending', 'processed', 'ignored', 'failed')", name=op.f("ck_webhook_logs_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_logs")),
        sa.UniqueConstraint("dedupe_key", "source", name=op.f("uq_webhook_logs_dedupe_key_source")),
        numbered=True,
    )
    _index(
        "ix_webhook_logs_external",
        "webhook_logs",
        ["external_id", "received_at", "id"],
        where="external_id IS NOT NULL",
    )
    _index("ix_webhook_logs_kept", "webhook_logs", ["received_at"], where="sealed IS NOT NULL")
    _index("ix_webhook_logs_order", "webhook_logs", ["order_id", "received_at", "id"], where="order_id IS NOT NULL")
    _index("ix_webhook_logs_received", "webhook_logs", ["received_at", "id"])
    _index("ix_webhook_logs_status", "webhook_logs", ["status", "received_at", "id"])
    _index("ix_webhook_logs_type", "webhook_logs", ["type", "received_at", "id"])
    _table(
        "links",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("issued_by", TEXT, nullable=False),
        sa.Column("issued_at", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.Column("revoked_at", BIG),
        sa.Column("views", BIG, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_links_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
    )
    _index("ix_links_order", "links", ["order_id"])
    _table(
        "order_events",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_order_events")),
    )
    _table(
        "order_lines",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("product_id", TEXT, nullable=False),
        sa.Column("quantity", BIG, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_order_lines")),
    )
    _table(
        "payments",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("attempt", BIG, autoincrement=False, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("coin", TEXT, nullable=False),
        sa.Column("gateway_id", TEXT),
        sa.Column("updated_at", BIG, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("order_id", "attempt", name=op.f("pk_payments")),
    )
    _index("uq_payments_gateway_id", "payments", ["gateway_id"], unique=True, where="gateway_id IS NOT NULL")
    _table(
        "reservations",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("external_ref", TEXT, nullable=False),
        sa.Column("attempt", BIG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("supplier_order_id", TEXT),
        sa.Column("supplier_status", TEXT),
        sa.Column("cost_minor", BIG),
        sa.Column("cost_currency", TEXT),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_reservations_order_id")),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_reservations")),
        sa.UniqueConstraint("external_ref", name=op.f("uq_reservations_external_ref")),
    )
    _index("ix_reservations_created", "reservations", ["created_at", "external_ref"])
    _index("ix_reservations_status", "reservations", ["status", "created_at", "external_ref"])
    _index(
        "uq_reservations_supplier_order",
        "reservations",
        ["supplier_order_id"],
        unique=True,
        where="supplier_order_id IS NOT NULL",
    )
    _table(
        "units",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("unit_id", TEXT, nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("line", BIG, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("supplier_key_id", TEXT),
        sa.Column("storage_ref", TEXT),
        sa.Column("state", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_units_order_id")),
        sa.PrimaryKeyConstraint("order_id", "unit_id", name=op.f("pk_units")),
    )
    _index("ix_units_storage_ref", "units", ["storage_ref"], where="storage_ref IS NOT NULL")
    _index("uq_units_supplier_key", "units", ["supplier_key_id"], unique=True, where="supplier_key_id IS NOT NULL")

    _forbid_changes(*APPEND_ONLY)


def downgrade() -> None:
    """There is nothing before it."""
    raise NotImplementedError("the first tables are never taken away: go back to a copy of the database")
