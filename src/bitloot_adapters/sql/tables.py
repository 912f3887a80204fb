"""
The tables, as the newest migration leaves them; a test holds the two together.

Times are integer microseconds, UTC. Fiat money is minor units with its currency, coins are exact decimal text. A column
`state` is the tagged JSON of a part of an order: see `mapping`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
BIG: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits. SQLite numbers rows by themselves only under the word INTEGER."""
APPEND_ONLY = ("key_access", "ledger", "order_events")
"""Tables whose rows are never changed nor removed: triggers refuse it."""


def _table(name: str, *parts: SchemaItem) -> Table:
    # STRICT: SQLite refuses text in a column of numbers, as any other database does.
    return Table(name, METADATA, *parts, sqlite_strict=True, sqlite_autoincrement=_numbers_itself(parts))


def _numbers_itself(parts: tuple[SchemaItem, ...]) -> bool:
    first = parts[0]
    return isinstance(first, Column) and first.primary_key and first.autoincrement is True


def _name(*, key: bool = False) -> Column[str]:
    return Column("id", Text, primary_key=key)


def _number() -> Column[int]:
    return Column("id", BIG, primary_key=True, autoincrement=True)


def _words(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _whole(name: str, *, null: bool = False, start: int | None = None) -> Column[int]:
    return Column(name, BIG, nullable=null, server_default=None if start is None else text(str(start)))


def _of_order() -> Column[str]:
    return Column("order_id", Text, ForeignKey("orders.id"), primary_key=True)


def _part(name: str) -> Column[int]:
    return Column(name, BIG, primary_key=True, autoincrement=False)


def _index(name: str, table: Table, *columns: str, unique: bool = False, where: str | None = None) -> None:
    condition = None if where is None else text(where)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


ORDERS = _table(
    "orders",
    _name(key=True),
    _words("status"),
    _words("email"),
    _whole("total_minor"),
    _words("currency"),
    _whole("units"),
    _whole("owed"),
    _whole("version"),
    _whole("event_count"),
    _whole("created_at"),
    _whole("updated_at"),
    _words("state"),
)
_index("ix_orders_created", ORDERS, "created_at", "id")
_index("ix_orders_status", ORDERS, "status", "created_at", "id")
_index("ix_orders_email", ORDERS, "email", "created_at", "id")

ORDER_LINES = _table(
    "order_lines",
    _of_order(),
    _part("number"),
    _whole("position"),
    _words("product_id"),
    _whole("quantity"),
    _words("state"),
)

UNITS = _table(
    "units",
    _of_order(),
    Column("unit_id", Text, primary_key=True),
    _whole("position"),
    _whole("line"),
    _words("status"),
    _words("supplier_key_id", null=True),
    _words("storage_ref", null=True),
    _words("state"),
)
_index("uq_units_supplier_key", UNITS, "supplier_key_id", unique=True, where="supplier_key_id IS NOT NULL")
_index("ix_units_storage_ref", UNITS, "storage_ref", where="storage_ref IS NOT NULL")

PAYMENTS = _table(
    "payments",
    _of_order(),
    _part("attempt"),
    _whole("position"),
    _words("status"),
    _words("coin"),
    _words("gateway_id", null=True),
    _whole("updated_at"),
    _words("state"),
)
_index("uq_payments_gateway_id", PAYMENTS, "gateway_id", unique=True, where="gateway_id IS NOT NULL")

RESERVATIONS = _table(
    "reservations",
    _of_order(),
    _part("number"),
    _whole("position"),
    _words("external_ref"),
    _whole("attempt"),
    _words("status"),
    _words("supplier_order_id", null=True),
    _words("supplier_status", null=True),
    _whole("cost_minor", null=True),
    _words("cost_currency", null=True),
    _whole("created_at"),
    _whole("updated_at"),
    _words("state"),
    UniqueConstraint("external_ref"),
)
_index(
    "uq_reservations_supplier_order",
    RESERVATIONS,
    "supplier_order_id",
    unique=True,
    where="supplier_order_id IS NOT NULL",
)
_index("ix_reservations_created", RESERVATIONS, "created_at", "external_ref")
_index("ix_reservations_status", RESERVATIONS, "status", "created_at", "external_ref")

ORDER_EVENTS = _table("order_events", _of_order(), _part("number"), _whole("at"), _words("event"), _words("data"))

FINDINGS = _table(
    "findings",
    _name(key=True),
    _words("order_id", null=True),
    # Where it stands among the order's open findings; null for one that is no part of an order.
    _whole("position", null=True),
    _words("reason"),
    _words("subject"),
    _words("state"),
    _whole("opened_at"),
    _whole("resolved_at", null=True),
    _words("resolved_by", null=True),
    _words("resolution", null=True),
)
_index("ix_findings_order", FINDINGS, "order_id", "opened_at", "id", where="order_id IS NOT NULL")
_index("ix_findings_opened", FINDINGS, "opened_at", "id")
_index("ix_findings_open", FINDINGS, "opened_at", "id", where="resolved_at IS NULL")
_index(
    "uq_findings_loose",
    FINDINGS,
    "reason",
    "subject",
    unique=True,
    where="resolved_at IS NULL AND order_id IS NULL",
)

LINKS = _table(
    "links",
    _name(key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    _words("issued_by"),
    _whole("issued_at"),
    _whole("expires_at"),
    _whole("revoked_at", null=True),
    _whole("views"),
)
_index("ix_links_order", LINKS, "order_id")

LEDGER = _table(
    "ledger",
    _number(),
    _words("order_id"),
    _words("kind"),
    _words("external_id"),
    _words("amount"),
    _words("currency"),
    _whole("at"),
    UniqueConstraint("kind", "external_id"),
)
_index("ix_ledger_order", LEDGER, "order_id")

KEY_ACCESS = _table(
    "key_access",
    _number(),
    _words("order_id"),
    _words("unit_id"),
    _words("actor"),
    _words("address"),
    _words("agent"),
    _words("reason"),
    _whole("at"),
    _words("prev_hash"),
    _words("hash"),
)
_index("ix_key_access_order", KEY_ACCESS, "order_id")

JOBS = _table(
    "jobs",
    _number(),
    _words("name"),
    _words("ref"),
    _words("order_id", null=True),
    _words("status"),
    _whole("due_at"),
    _whole("attempts", start=0),
    _whole("snoozes", start=0),
    _whole("wake", start=0),
    _words("lease_token", null=True),
    _whole("lease_until", null=True),
    _words("last_error", null=True),
    _whole("created_at"),
    _whole("ended_at", null=True),
    CheckConstraint("status IN ('ready', 'running', 'done', 'dead')", name="status"),
)
_index("uq_jobs_living", JOBS, "name", "ref", unique=True, where="status IN ('ready', 'running')")
_index("ix_jobs_ready", JOBS, "due_at", "id", where="status = 'ready'")
_index("ix_jobs_running", JOBS, "lease_until", where="status = 'running'")
_index("ix_jobs_living_ref", JOBS, "ref", where="status IN ('ready', 'running')")
_index("ix_jobs_order", JOBS, "order_id", where="order_id IS NOT NULL")
_index("ix_jobs_done", JOBS, "ended_at", where="status = 'done'")
_index("ix_jobs_dead", JOBS, "id", where="status = 'dead'")

WEBHOOK_LOGS = _table(
    "webhook_logs",
    _number(),
    _words("source"),
    _words("dedupe_key"),
    _words("type"),
    _words("external_id", null=True),
    _words("scheme"),
    _words("headers"),
    # Null once it was pruned.
    Column("sealed", LargeBinary, nullable=True),
    _whole("worth_processing"),
    _words("status"),
    _whole("deliveries"),
    _whole("attempts", start=0),
    _words("order_id", null=True),
    _words("result", null=True),
    _whole("received_at"),
    _whole("last_seen_at"),
    _whole("processed_at", null=True),
    # In this order, so that no list of one source is read off it and sorted.
    UniqueConstraint("dedupe_key", "source"),
    CheckConstraint("status IN ('pending', 'processed', 'ignored', 'failed')", name="status"),
)
_index("ix_webhook_logs_received", WEBHOOK_LOGS, "received_at", "id")
_index("ix_webhook_logs_status", WEBHOOK_LOGS, "status", "received_at", "id")
_index("ix_webhook_logs_type", WEBHOOK_LOGS, "type", "received_at", "id")
_index("ix_webhook_logs_order", WEBHOOK_LOGS, "order_id", "received_at", "id", where="order_id IS NOT NULL")
_index("ix_webhook_logs_external", WEBHOOK_LOGS, "external_id", "received_at", "id", where="external_id IS NOT NULL")
_index("ix_webhook_logs_kept", WEBHOOK_LOGS, "received_at", where="sealed IS NOT NULL")

PRODUCTS = _table(
    "products",
    _name(key=True),
    _words("title"),
    _words("supplier_product_id"),
    _whole("price_minor"),
    _words("currency"),
    _whole("max_cost_minor"),
    _words("max_cost_currency"),
    _words("key_type"),
    _words("release_date", null=True),
    _whole("available"),
)

IDEMPOTENCY_KEYS = _table(
    "idempotency_keys",
    Column("key_hash", Text, primary_key=True),
    _words("body_hash"),
    _words("order_id"),
    Column("response", LargeBinary, nullable=True),
    _whole("begun_at"),
    _whole("taken_at"),
)
_index("ix_idempotency_keys_begun", IDEMPOTENCY_KEYS, "begun_at")

ADMIN_TOKENS = _table(
    "admin_tokens",
    _number(),
    _words("name"),
    _words("token_sha256"),
    _words("scopes"),
    _whole("created_at"),
    _whole("expires_at", null=True),
    _whole("revoked_at", null=True),
    _whole("last_used_at", null=True),
    UniqueConstraint("token_sha256"),
)

SWITCHES = _table(
    "switches",
    Column("name", Text, primary_key=True),
    _words("value"),
    _words("set_by"),
    _words("reason"),
    _whole("set_at"),
)

RATE_LIMITS = _table("rate_limits", Column("name", Text, primary_key=True), _whole("free_at"))
