"""
The tables, as the newest migration leaves them; a test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, UniqueConstraint

from bitloot_adapters.sql import table_shapes
from bitloot_adapters.sql.alert_tables import ALERT_CHANNELS, ALERT_TOLD, ALERT_TROUBLES
from bitloot_adapters.sql.staff_tables import (
    ADMIN_RECOVERY_CODES,
    ADMIN_SESSIONS,
    ADMIN_TOKENS,
    ADMIN_USERS,
    LOGIN_TRIES,
)
from bitloot_adapters.sql.table_shapes import BIG, TEXT, index, name, number, of_order, part, table, whole, words

METADATA = table_shapes.METADATA
STAFF = (ADMIN_USERS, ADMIN_RECOVERY_CODES, ADMIN_SESSIONS, ADMIN_TOKENS, LOGIN_TRIES)
"""The tables of the staff, so that `METADATA` is whole for whoever imports this module."""
ALERTS = (ALERT_CHANNELS, ALERT_TOLD, ALERT_TROUBLES)
"""Those of the alerts, for the same reason."""
APPEND_ONLY = ("key_access", "ledger", "order_events", "staff_acts")
"""Tables whose rows are never changed nor removed: triggers refuse it."""

ORDERS = table(
    "orders",
    name(key=True),
    words("status"),
    words("email"),
    whole("total_minor"),
    words("currency"),
    whole("units"),
    whole("owed"),
    whole("version"),
    whole("event_count"),
    whole("created_at"),
    whole("updated_at"),
    words("state"),
)
index("ix_orders_created", ORDERS, "created_at", "id")
index("ix_orders_status", ORDERS, "status", "created_at", "id")
index(
    "ix_orders_undelivered",
    ORDERS,
    "created_at",
    "id",
    where="owed > 0 AND status IN ('paid', 'fulfilling', 'attention')",
)
index("ix_orders_email", ORDERS, "email", "created_at", "id")
index(
    "ix_orders_ended",
    ORDERS,
    "updated_at",
    "id",
    # Said like this, no planner takes the index by status instead, and sorts what it finds there.
    where="status NOT IN ('created', 'waiting', 'confirming', 'underpaid', 'paid', 'fulfilling', 'attention')",
)

ORDER_LINES = table(
    "order_lines",
    of_order(),
    part("number"),
    whole("position"),
    words("product_id"),
    whole("quantity"),
    words("state"),
)

UNITS = table(
    "units",
    of_order(),
    Column("unit_id", TEXT, primary_key=True),
    whole("position"),
    whole("line"),
    words("status"),
    words("supplier_key_id", null=True),
    words("storage_ref", null=True),
    words("state"),
)
index("uq_units_supplier_key", UNITS, "supplier_key_id", unique=True, where="supplier_key_id IS NOT NULL")
index("ix_units_storage_ref", UNITS, "storage_ref", where="storage_ref IS NOT NULL")

PAYMENTS = table(
    "payments",
    of_order(),
    part("attempt"),
    whole("position"),
    words("status"),
    words("coin"),
    words("gateway_id", null=True),
    whole("updated_at"),
    words("state"),
)
index("uq_payments_gateway_id", PAYMENTS, "gateway_id", unique=True, where="gateway_id IS NOT NULL")

RESERVATIONS = table(
    "reservations",
    of_order(),
    part("number"),
    whole("position"),
    words("external_ref"),
    whole("attempt"),
    words("status"),
    words("supplier_order_id", null=True),
    words("supplier_status", null=True),
    whole("cost_minor", null=True),
    words("cost_currency", null=True),
    whole("created_at"),
    whole("updated_at"),
    words("state"),
    UniqueConstraint("external_ref"),
)
index(
    "uq_reservations_supplier_order",
    RESERVATIONS,
    "supplier_order_id",
    unique=True,
    where="supplier_order_id IS NOT NULL",
)
index("ix_reservations_created", RESERVATIONS, "created_at", "external_ref")
index("ix_reservations_status", RESERVATIONS, "status", "created_at", "external_ref")

ORDER_EVENTS = table("order_events", of_order(), part("number"), whole("at"), words("event"), words("data"))

FINDINGS = table(
    "findings",
    name(key=True),
    words("order_id", null=True),
    # Where it stands among the order's open findings; null for one that is no part of an order.
    whole("position", null=True),
    words("reason"),
    words("subject"),
    words("state"),
    whole("opened_at"),
    whole("resolved_at", null=True),
    words("resolved_by", null=True),
    words("resolution", null=True),
)
index("ix_findings_order", FINDINGS, "order_id", "opened_at", "id", where="order_id IS NOT NULL")
index("ix_findings_subject", FINDINGS, "subject")
index("ix_findings_opened", FINDINGS, "opened_at", "id")
index("ix_findings_open", FINDINGS, "opened_at", "id", where="resolved_at IS NULL")
index("ix_findings_reason", FINDINGS, "reason", "opened_at", "id")
index("ix_findings_open_reason", FINDINGS, "reason", "opened_at", "id", where="resolved_at IS NULL")
index(
    "uq_findings_loose",
    FINDINGS,
    "reason",
    "subject",
    unique=True,
    where="resolved_at IS NULL AND order_id IS NULL",
)

LINKS = table(
    "links",
    name(key=True),
    Column("order_id", TEXT, ForeignKey("orders.id"), nullable=False),
    words("issued_by"),
    whole("issued_at"),
    whole("expires_at"),
    whole("revoked_at", null=True),
    whole("views"),
)
index("ix_links_order", LINKS, "order_id")

LEDGER = table(
    "ledger",
    number(),
    words("order_id"),
    words("kind"),
    words("external_id"),
    words("amount"),
    words("currency"),
    whole("at"),
    UniqueConstraint("kind", "external_id"),
)
index("ix_ledger_order", LEDGER, "order_id")
# What purchases took, added up before each one that is claimed: read off the index alone.
index("ix_ledger_purchases", LEDGER, "currency", "at", "kind", "amount", where="kind IN ('charged', 'returned')")

KEY_ACCESS = table(
    "key_access",
    number(),
    words("order_id"),
    words("unit_id"),
    words("actor"),
    # A commitment to where it came from, which stands beside: that can be erased, and this stays.
    words("origin"),
    words("reason"),
    whole("at"),
    words("prev_hash"),
    words("hash"),
)
index("ix_key_access_order", KEY_ACCESS, "order_id")
index("ix_key_access_at", KEY_ACCESS, "at", "id")
index("ix_key_access_actor", KEY_ACCESS, "actor", "at", "id")

KEY_ACCESS_ORIGINS = table(
    "key_access_origins",
    Column("access_id", BIG, ForeignKey("key_access.id"), primary_key=True, autoincrement=False),
    words("salt"),
    words("address"),
    words("agent"),
)

STAFF_ACTS = table(
    "staff_acts",
    number(),
    whole("at"),
    words("actor"),
    words("action"),
    words("order_id", null=True),
    words("subject"),
    words("reason"),
)
index("ix_staff_acts_at", STAFF_ACTS, "at", "id")
index("ix_staff_acts_order", STAFF_ACTS, "order_id", "at", "id", where="order_id IS NOT NULL")

JOBS = table(
    "jobs",
    number(),
    words("name"),
    words("ref"),
    words("order_id", null=True),
    words("status"),
    whole("due_at"),
    whole("attempts", start=0),
    whole("snoozes", start=0),
    whole("wake", start=0),
    words("lease_token", null=True),
    whole("lease_until", null=True),
    words("last_error", null=True),
    whole("created_at"),
    whole("ended_at", null=True),
    CheckConstraint("status IN ('ready', 'running', 'done', 'dead')", name="status"),
)
index("uq_jobs_living", JOBS, "name", "ref", unique=True, where="status IN ('ready', 'running')")
index("ix_jobs_ready", JOBS, "due_at", "id", where="status = 'ready'")
index("ix_jobs_running", JOBS, "lease_until", where="status = 'running'")
index("ix_jobs_living_ref", JOBS, "ref", where="status IN ('ready', 'running')")
index("ix_jobs_order", JOBS, "order_id", where="order_id IS NOT NULL")
index("ix_jobs_done", JOBS, "ended_at", where="status = 'done'")
# Those of one name among all that are over. Of the others there are few, and they are written often.
index("ix_jobs_done_name", JOBS, "name", "id", where="status = 'done'")
index("ix_jobs_dead", JOBS, "id", where="status = 'dead'")

WEBHOOK_LOGS = table(
    "webhook_logs",
    number(),
    words("source"),
    words("dedupe_key"),
    words("type"),
    words("external_id", null=True),
    words("scheme"),
    words("headers"),
    # Null once it was pruned.
    Column("sealed", LargeBinary, nullable=True),
    whole("worth_processing"),
    words("status"),
    whole("deliveries"),
    whole("attempts", start=0),
    words("order_id", null=True),
    words("result", null=True),
    whole("received_at"),
    whole("last_seen_at"),
    whole("processed_at", null=True),
    # In this order, so that no list of one source is read off it and sorted.
    UniqueConstraint("dedupe_key", "source"),
    CheckConstraint("status IN ('pending', 'processed', 'ignored', 'failed')", name="status"),
)
index("ix_webhook_logs_received", WEBHOOK_LOGS, "received_at", "id")
index("ix_webhook_logs_source", WEBHOOK_LOGS, "source", "status", "received_at", "id")
index("ix_webhook_logs_status", WEBHOOK_LOGS, "status", "received_at", "id")
index("ix_webhook_logs_type", WEBHOOK_LOGS, "type", "source", "status", "received_at", "id")
index("ix_webhook_logs_order", WEBHOOK_LOGS, "order_id", "received_at", "id", where="order_id IS NOT NULL")
index("ix_webhook_logs_external", WEBHOOK_LOGS, "external_id", "received_at", "id", where="external_id IS NOT NULL")
index("ix_webhook_logs_kept", WEBHOOK_LOGS, "received_at", where="sealed IS NOT NULL")

PRODUCTS = table(
    "products",
    name(key=True),
    words("title"),
    words("supplier_product_id"),
    whole("price_minor"),
    words("currency"),
    whole("max_cost_minor"),
    words("max_cost_currency"),
    words("key_type"),
    words("release_date", null=True),
    whole("available"),
)

QUOTES = table(
    "quotes",
    Column("supplier_product_id", TEXT, primary_key=True),
    whole("at"),
    whole("stock"),
    words("currency"),
    whole("cost_minor", null=True),
    whole("text_cost_minor", null=True),
)

STALE_QUOTES = table("stale_quotes", Column("supplier_product_id", TEXT, primary_key=True), whole("since"))
index("ix_stale_quotes_since", STALE_QUOTES, "since", "supplier_product_id")

IDEMPOTENCY_KEYS = table(
    "idempotency_keys",
    Column("key_hash", TEXT, primary_key=True),
    words("body_hash"),
    words("order_id"),
    Column("response", LargeBinary, nullable=True),
    whole("begun_at"),
    whole("taken_at"),
)
index("ix_idempotency_keys_begun", IDEMPOTENCY_KEYS, "begun_at")

SWITCHES = table(
    "switches",
    Column("name", TEXT, primary_key=True),
    words("value"),
    words("set_by"),
    words("reason"),
    whole("set_at"),
    whole("until", null=True),
)

BALANCES = table("balances", Column("name", TEXT, primary_key=True), words("amount"), words("currency"), whole("at"))

RATE_LIMITS = table("rate_limits", Column("name", TEXT, primary_key=True), whole("free_at"))
