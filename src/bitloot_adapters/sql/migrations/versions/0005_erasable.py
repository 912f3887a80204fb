"""Names of people where they can be erased: out of the timeline, and beside the audit instead of inside its chain."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG: Any = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT: Any = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
FIRST = "0" * 64


def upgrade() -> None:
    """Take who ordered out of the timeline, and chain the audit anew over commitments."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    _name_buyers(is_postgres=is_postgres)
    _unname_timeline(is_postgres=is_postgres)
    _rebuild_audit(is_postgres=is_postgres)


def _name_buyers(*, is_postgres: bool) -> None:
    """Say of each order that its buyer is named; the column is as it is looked for (all agree on ASCII letters)."""
    said = (
        "jsonb_set(state::jsonb, '{buyer,is}', to_jsonb('named'::text))::text"
        if is_postgres
        else "json_set(state, '$.buyer.is', 'named')"
    )
    op.execute(f"UPDATE orders SET email = lower(email), state = {said}")  # noqa: S608 - our text


def _unname_timeline(*, is_postgres: bool) -> None:
    if is_postgres:
        op.execute("ALTER TABLE order_events DISABLE TRIGGER order_events_append_only")
        op.execute(
            "UPDATE order_events SET data = "
            "jsonb_set(data::jsonb, '{buyer}', jsonb_build_object('is', 'unnamed'))::text WHERE event = 'OrderPlaced'"
        )
        op.execute("ALTER TABLE order_events ENABLE TRIGGER order_events_append_only")
        return
    op.execute("DROP TRIGGER order_events_no_update")
    op.execute(
        "UPDATE order_events SET data = json_set(data, '$.buyer', json_object('is', 'unnamed')) "
        "WHERE event = 'OrderPlaced'"
    )
    _forbid("order_events", "UPDATE")


def _rebuild_audit(*, is_postgres: bool) -> None:
    connection = op.get_bind()
    old = [dict(row) for row in connection.execute(sa.text("SELECT * FROM key_access ORDER BY id")).mappings()]
    _check(old)
    op.drop_table("key_access")
    accesses = op.create_table(
        "key_access",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("unit_id", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("prev_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_access")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index("ix_key_access_order", "key_access", ["order_id"])
    origins = op.create_table(
        "key_access_origins",
        sa.Column("access_id", BIG, autoincrement=False, nullable=False),
        sa.Column("salt", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["access_id"], ["key_access.id"], name=op.f("fk_key_access_origins_access_id")),
        sa.PrimaryKeyConstraint("access_id", name=op.f("pk_key_access_origins")),
        sqlite_strict=True,
    )
    if old:
        rows, beside = zip(*_rechained(old), strict=True)
        op.bulk_insert(accesses, list(rows))
        op.bulk_insert(origins, list(beside))
    if is_postgres:
        op.execute(
            "SELECT setval(pg_get_serial_sequence('key_access', 'id'), (SELECT max(id) FROM key_access)) "
            "FROM key_access LIMIT 1"
        )
        op.execute(
            "CREATE TRIGGER key_access_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON key_access "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        _forbid("key_access", verb)


def _check(old: Sequence[Mapping[str, Any]]) -> None:
    """A chain that is broken must be looked at before it is written anew, or nobody would ever see that it was."""
    last = FIRST
    for row in old:
        names = ("order_id", "unit_id", "actor", "address", "agent", "reason", "at")
        if row["prev_hash"] != last or row["hash"] != _digest(last, *(row[name] for name in names)):
            raise RuntimeError(f"the audit of product keys is broken at row {row['id']}: restore it from a back-up")
        last = row["hash"]


def _rechained(old: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    last = FIRST
    for row in old:
        salt = os.urandom(16).hex()
        kept = {name: row[name] for name in ("id", "order_id", "unit_id", "actor", "reason", "at")}
        kept["origin"] = _digest(salt, row["address"], row["agent"])
        names = ("order_id", "unit_id", "actor", "origin", "reason", "at")
        kept["prev_hash"], kept["hash"] = last, _digest(last, *(kept[name] for name in names))
        last = kept["hash"]
        yield kept, {"access_id": row["id"], "salt": salt, "address": row["address"], "agent": row["agent"]}


def _digest(*content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _forbid(table: str, verb: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def downgrade() -> None:
    """What was erased does not come back."""
    raise NotImplementedError("what was erased does not come back: go back to a copy of the database")
