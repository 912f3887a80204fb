"""
What is kept of the staff besides their tokens: accounts, sessions, and tries to log in.
"""

from __future__ import annotations

from typing import Self

import attrs

from bitloot_adapters.sql.admin_sessions import SqlAdminSessions
from bitloot_adapters.sql.admin_users import SqlAdminUsers
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.inbox import PayloadSealer
from bitloot_adapters.sql.login_tries import SqlLoginTries


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
