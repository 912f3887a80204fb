"""
The books that are only added to, as a port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.act_rows import act_row
from bitloot_adapters.sql.audit_rows import LOOKS, access_of, verify
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.pages import narrowed, newest_first, page_of
from bitloot_adapters.sql.tables import KEY_ACCESS, STAFF_ACTS
from bitloot_core.ports.audit import AccessFilter, AccessRow, ActFilter, ActRow, Audit, Head, Verdict
from bitloot_core.ports.queries import Page, Slice


class SqlAudit:
    """What the staff did, and who saw a key. See `Audit` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """What the staff did, newest first."""
        return await self._database.read(lambda c: _acts(c, which, part))

    async def accesses(self, which: AccessFilter, part: Slice) -> Page[AccessRow]:
        """Who saw a key, newest first."""
        return await self._database.read(lambda c: _accesses(c, which, part))

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """Check every row against the one before it."""
        return await self._database.read(lambda c: verify(c, earlier))


def _acts(connection: Connection, which: ActFilter, part: Slice) -> Page[ActRow]:
    columns = STAFF_ACTS.c
    rows = narrowed(
        select(STAFF_ACTS),
        (columns.actor, which.actor),
        (columns.action, which.action),
        (columns.order_id, which.order_id),
    )
    found = connection.execute(newest_first(rows, part, columns.at, columns.id)).all()
    return page_of(found, part, act_row, lambda row: (row.at, row.id))


def access_page(which: AccessFilter, part: Slice) -> Select[Any]:
    """
    The rows of a page of looks, newest first, and one row more that tells whether another page follows.

    Raises:
        InvalidInput: the cursor is none of ours, or the limit is out of range.
    """
    columns = KEY_ACCESS.c
    # An order has a handful of looks, and a link most of all: the second must not be asked of an index there.
    actor = columns.actor if which.order_id is None else columns.actor.concat("")
    rows = narrowed(LOOKS, (columns.order_id, which.order_id), (actor, which.actor))
    return newest_first(rows, part, columns.at, columns.id)


def _accesses(connection: Connection, which: AccessFilter, part: Slice) -> Page[AccessRow]:
    found = connection.execute(access_page(which, part)).all()
    return page_of(found, part, lambda row: AccessRow(id=row.id, access=access_of(row)), lambda row: (row.at, row.id))


if TYPE_CHECKING:
    _: type[Audit] = SqlAudit
