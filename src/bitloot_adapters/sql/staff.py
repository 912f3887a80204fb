"""
What is kept of the staff besides their tokens: accounts, sessions, and tries to log in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

import attrs

from bitloot_adapters.sql.admin_sessions import SqlAdminSessions
from bitloot_adapters.sql.admin_users import SqlAdminUsers
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.inbox import PayloadSealer
from bitloot_adapters.sql.login_tries import SqlLoginTries

REMEMBERED = timedelta(days=1)
"""No session lasts as long, and no window of tries."""


@attrs.frozen(kw_only=True)
class SqlStaff:
    """The three, over one database."""

    users: SqlAdminUsers
    sessions: SqlAdminSessions
    tries: SqlLoginTries

    @classmethod
    def over(cls, database: Database, sealer: PayloadSealer) -> Self:
        """Put them over a database."""
        return cls(
            users=SqlAdminUsers(database, sealer),
            sessions=SqlAdminSessions(database),
            tries=SqlLoginTries(database),
        )

    async def prune(self, *, now: datetime) -> int:
        """Remove a batch of the sessions and tries that have had their time; how many, 0 when none are left."""
        before = now - REMEMBERED
        return await self.sessions.prune(before=before) + await self.tries.prune(before=before)
