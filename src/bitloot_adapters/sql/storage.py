"""
All storage ports over one database, opened together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self

import attrs
from sqlalchemy import text

from bitloot_adapters.sql.admin_tokens import SqlAdminTokens
from bitloot_adapters.sql.alerts import SqlAlertBook
from bitloot_adapters.sql.audit import SqlAudit
from bitloot_adapters.sql.backlog import SqlBacklog
from bitloot_adapters.sql.books import SqlBooks
from bitloot_adapters.sql.catalogue import SqlCatalogue
from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database, executing
from bitloot_adapters.sql.figures import SqlFigures
from bitloot_adapters.sql.inbox import PayloadSealer, SqlInbox
from bitloot_adapters.sql.jobs import SqlJobs
from bitloot_adapters.sql.loose_ends import SqlLooseEnds
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.queries import SqlQueries
from bitloot_adapters.sql.quotes import SqlQuotes
from bitloot_adapters.sql.requests import SqlRequests
from bitloot_adapters.sql.staff import SqlStaff
from bitloot_adapters.sql.store import SqlOrderStore
from bitloot_adapters.sql.switches import SqlSwitches
from bitloot_adapters.sql.trends import SqlTrends
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.usecases.shop import Shop

_TOUCH = text(
    "INSERT INTO rate_limits (name, free_at) VALUES ('health', :at) "
    "ON CONFLICT (name) DO UPDATE SET free_at = excluded.free_at"
)


@attrs.frozen(kw_only=True)
class SqlStorage:
    """The storage ports, and the database that they share."""

    database: Database
    store: SqlOrderStore
    jobs: SqlJobs
    inbox: SqlInbox
    requests: SqlRequests
    catalogue: SqlCatalogue
    quotes: SqlQuotes
    queries: SqlQueries
    switches: SqlSwitches
    loose_ends: SqlLooseEnds
    books: SqlBooks
    backlog: SqlBacklog
    figures: SqlFigures
    audit: SqlAudit
    trends: SqlTrends
    alerts: SqlAlertBook
    admin_tokens: SqlAdminTokens
    staff: SqlStaff

    @classmethod
    def over(cls, database: Database, sealer: PayloadSealer) -> Self:
        """Put every port over one database."""
        return cls(
            database=database,
            store=SqlOrderStore(database),
            jobs=SqlJobs(database),
            inbox=SqlInbox(database, sealer),
            requests=SqlRequests(database),
            catalogue=SqlCatalogue(database),
            quotes=SqlQuotes(database),
            queries=SqlQueries(database),
            switches=SqlSwitches(database),
            loose_ends=SqlLooseEnds(database),
            books=SqlBooks(database),
            backlog=SqlBacklog(database),
            figures=SqlFigures(database),
            audit=SqlAudit(database),
            trends=SqlTrends(database),
            alerts=SqlAlertBook(database),
            admin_tokens=SqlAdminTokens(database),
            staff=SqlStaff.over(database, sealer),
        )

    async def touch(self, *, now: datetime) -> None:
        """
        Write a row, durably: proves that the database takes writes, and says when it last did.

        Raises:
            Unavailable: it does not.
        """
        await self.database.write(executing(_TOUCH, {"at": micros(now)}))

    def shop_with(self, **others: Any) -> Shop:
        """
        Make the bundle that use cases work with.

        Args:
            others: what of `Shop` is no storage port.
        """
        return Shop(
            orders=self.store,
            inbox=self.inbox,
            jobs=self.jobs,
            requests=self.requests,
            catalogue=self.catalogue,
            quotes=self.quotes,
            queries=self.queries,
            switches=self.switches,
            loose_ends=self.loose_ends,
            books=self.books,
            backlog=self.backlog,
            figures=self.figures,
            audit=self.audit,
            trends=self.trends,
            alerts=self.alerts,
            **others,
        )


@asynccontextmanager
async def open_storage(url: str, sealer: PayloadSealer) -> AsyncIterator[SqlStorage]:
    """
    Open the storage ports for the length of a block. The tables are there already: see `migrate.upgrade`.

    Args:
        url: a `DATABASE_URL`.
        sealer: seals webhook bodies at rest.

    Raises:
        InvalidInput: the URL is none that we can use.
    """
    database = open_database(DatabaseUrl.parse(url))
    try:
        yield SqlStorage.over(database, sealer)
    finally:
        await database.close()
