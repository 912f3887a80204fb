"""Broken on purpose: the SQL store (I2, I5, I8, I9, I10)."""

from __future__ import annotations

from mutants import Patch, mutant
from sqlalchemy import text

from bitloot_adapters.sql.statements import Statement


def rewrite(patch: Patch, module: str, name: str, *changes: tuple[str, str]) -> None:
    """Change the text of a statement."""
    path = f"bitloot_adapters.sql.{module}.{name}"
    found = __import__(f"bitloot_adapters.sql.{module}", fromlist=[name])
    said = str(getattr(found, name)._source)  # noqa: SLF001 - a mutant looks into what it breaks
    for old, new in changes:
        if old not in said:
            raise LookupError(f"{path} does not say {old!r} any more")
        said = said.replace(old, new)
    patch.setattr(path, Statement(said))


@mutant("I2", "SQL: has no unique index on the supplier's key ids")
def no_unique_index(patch: Patch) -> None:
    """The migration that makes it is forgotten."""
    patch.setattr("sql_world.UNDONE", ("DROP INDEX uq_units_supplier_key",))


@mutant("I8", "SQL: forgets the version check")
def no_version(patch: Patch) -> None:
    """The update does not ask which version is there."""
    rewrite(patch, "order_rows", "_MOVE", (" AND version = :version", " AND :version > 0"))


@mutant("I9", "SQL: breaks the chain of audit rows")
def no_chain(patch: Patch) -> None:
    """Each row is hashed as if it were the first."""
    patch.setattr("bitloot_adapters.sql.audit_rows._LAST", text("SELECT NULL"))


@mutant("I7", "SQL: seals no webhook")
def seals_nothing(patch: Patch) -> None:
    """The body is stored as it came, with whatever key is in it."""
    patch.setattr("bitloot_adapters._shared.envelope.PayloadSealer.seal", lambda _, __, body: body)
    patch.setattr("bitloot_adapters._shared.envelope.PayloadSealer.open", lambda _, __, body: body)
