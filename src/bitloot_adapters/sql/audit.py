"""
The books that are only added to, as a port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.act_rows import act_row
from bitloot_adapters.sql.audit_rows import verify
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.pages import newest_first, page_of
from bitloot_adapters.sql.tables import STAFF_ACTS
from bitloot_core.ports.audit import ActFilter, ActRow, Audit, Head, Verdict
from bitloot_core.ports.queries import Page, Slice


class SqlAudit:
    """What the staff did, and who saw a key. See `Audit` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """What the staff did, newest first."""
        return await self._database.read(lambda c: _acts(c, which, part))

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """Check every row against the one before it."""
        return await self._database.read(lambda c: verify(c, earlier))


def _acts(connection: Connection, which: ActFilter, part: Slice) -> Page[ActRow]:
    columns = STAFF_ACTS.c
    wanted = ((columns.actor, which.actor), (columns.action, which.action), (columns.order_id, which.order_id))
    rows = select(STAFF_ACTS).where(*(column == value for column, value in wanted if value is not None))
    found = connection.execute(newest_first(rows, part, columns.at, columns.id)).all()
    return page_of(found, part, act_row, lambda row: (row.at, row.id))


if TYPE_CHECKING:
    _: type[Audit] = SqlAudit
