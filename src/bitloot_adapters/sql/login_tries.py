"""
How often somebody tried to log in: counted before a secret is looked at, in one place for all processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import text
from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros, moment, storable
from bitloot_adapters.sql.database import Database, executing

LONGEST_SUBJECT = 128
# One statement, so that of many at the same time each is counted; a window that has passed begins anew.
_TAKE = text(
    "INSERT INTO login_tries (subject, since, tries) VALUES (:subject, :now, 1) ON CONFLICT (subject) DO UPDATE SET "
    "since = CASE WHEN login_tries.since <= :passed THEN excluded.since ELSE login_tries.since END, "
    "tries = CASE WHEN login_tries.since <= :passed THEN 1 ELSE login_tries.tries + 1 END "
    "RETURNING since, tries"
)
_GIVE_BACK = text("UPDATE login_tries SET tries = tries - 1 WHERE subject = :subject AND tries > 0")
_CLEAR = text("DELETE FROM login_tries WHERE subject = :subject")
_PRUNE = text("DELETE FROM login_tries WHERE since <= :before")


@attrs.frozen(kw_only=True)
class Tries:
    """
    How often somebody tried within one window.

    Attributes:
        since: when the window began, with the first try.
        tries: this one included.
    """

    since: datetime
    tries: int


class SqlLoginTries:
    """Counts tries, by subject: an account, an address."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, subjects: Sequence[str], *, now: datetime, window: timedelta) -> tuple[Tries, ...]:
        """Count a try for each subject, in one write; how many there were since the window of each began."""
        values = {"now": micros(now), "passed": micros(now - window)}
        return await self._database.write(lambda c: tuple(_take(c, subject, values) for subject in subjects))

    async def give_back(self, subjects: Sequence[str]) -> None:
        """Take a try back that led to something; none goes below 0."""
        rows = [{"subject": _stored(subject)} for subject in subjects]
        await self._database.write(executing(_GIVE_BACK, rows))

    async def clear(self, subject: str) -> None:
        """Forget all tries of a subject."""
        await self._database.write(executing(_CLEAR, {"subject": _stored(subject)}))

    async def prune(self, *, before: datetime) -> int:
        """Forget the windows that began before a time; how many."""
        return await self._database.write(executing(_PRUNE, {"before": micros(before)}))


def _take(connection: Connection, subject: str, values: dict[str, int]) -> Tries:
    row = connection.execute(_TAKE, {"subject": _stored(subject), **values}).one()
    return Tries(since=moment(row.since), tries=row.tries)


def _stored(subject: str) -> str:
    return storable(subject, most=LONGEST_SUBJECT)
