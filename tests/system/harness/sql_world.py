"""The storage ports on a database of either kind, and what the contract suites do to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import attrs
from sqlalchemy import select, text
from sqlalchemy.engine import Connection, RootTransaction

from bitloot_adapters._shared.envelope import MasterKeys, PayloadSealer
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.mapping import load_finding
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_adapters.sql.tables import FINDINGS
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.storage import StorageWorld
from bitloot_core.values.ids import WebhookId


class Commits:
    """How the database commits: as it should, unless it was told to fail."""

    def __init__(self) -> None:
        """Nothing fails yet."""
        self._next: Callable[[RootTransaction], None] = RootTransaction.commit

    def __call__(self, transaction: RootTransaction) -> None:
        """Commit, in the way that is due."""
        how, self._next = self._next, RootTransaction.commit
        how(transaction)

    def fail_before(self) -> None:
        """The next commit raises, and nothing is written."""

        def fail(_: RootTransaction) -> None:
            raise OSError("no answer")

        self._next = fail

    def fail_after(self) -> None:
        """The next commit raises although all is written."""

        def fail(transaction: RootTransaction) -> None:
            transaction.commit()
            raise OSError("no answer")

        self._next = fail


@attrs.define(kw_only=True)
class SqlWorld(StorageWorld):
    """The storage ports on a database, and what can be done to them."""

    storage: SqlStorage
    commits: Commits

    async def given_commit_fails_before(self) -> None:
        """The next write raises, and nothing of it is written."""
        self.commits.fail_before()

    async def given_commit_fails_after(self) -> None:
        """The next write raises although all of it is written."""
        self.commits.fail_after()

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """The body is gone."""
        prune = text("UPDATE webhook_logs SET sealed = NULL WHERE id = :id")
        await self.storage.database.write(lambda c: c.execute(prune, {"id": webhook_id}).rowcount)

    async def given_body_spoilt(self, webhook_id: WebhookId) -> None:
        """Its last bytes are others."""
        read = text("SELECT sealed FROM webhook_logs WHERE id = :id")
        spoil = text("UPDATE webhook_logs SET sealed = :sealed WHERE id = :id")

        def tamper(connection: Connection) -> None:
            sealed = bytes(connection.execute(read, {"id": webhook_id}).scalar_one())
            connection.execute(spoil, {"id": webhook_id, "sealed": sealed[:-1] + bytes([sealed[-1] ^ 1])})

        await self.storage.database.write(tamper)

    async def given_access_rewritten(self, row: int) -> None:
        """Another actor stands in the row."""
        await self._behind_the_guards("UPDATE key_access SET actor = 'nobody' WHERE id = :row", row)

    async def given_accesses_cut(self, kept: int) -> None:
        """Only the first rows are left."""
        await self._behind_the_guards("DELETE FROM key_access_origins WHERE access_id > :row", kept)
        await self._behind_the_guards("DELETE FROM key_access WHERE id > :row", kept)

    async def _behind_the_guards(self, tampering: str, row: int) -> None:
        """Do to the audit what its triggers forbid; on PostgreSQL they stand again after it, for the next test."""
        is_postgres = self.storage.database.__class__.__name__.startswith("Postgres")
        lifted = (
            ["SET LOCAL session_replication_role = replica"]
            if is_postgres
            else [f"DROP TRIGGER IF EXISTS key_access_no_{verb}" for verb in ("update", "delete")]
        )

        def tamper(connection: Connection) -> None:
            for statement in lifted:
                connection.execute(text(statement))
            connection.execute(text(tampering), {"row": row})

        await self.storage.database.write(tamper)

    async def open_subjects(self) -> Sequence[str]:
        """The subjects of all open findings."""
        open_ones = select(FINDINGS.c.state).where(FINDINGS.c.resolved_at.is_(None))
        states = await self.storage.database.read(lambda c: c.execute(open_ones).scalars().all())
        return [load_finding(state).subject for state in states]


@asynccontextmanager
async def sql_world(opened: Callable[[Commits], Database]) -> AsyncIterator[SqlWorld]:
    """
    An empty shop on a database.

    Args:
        opened: opens it, with the way in which it commits.
    """
    commits = Commits()
    database = opened(commits)
    storage = SqlStorage.over(database, PayloadSealer(MasterKeys({"k1": bytes(32)})))
    yield SqlWorld(
        storage=storage,
        commits=commits,
        store=storage.store,
        jobs=storage.jobs,
        inbox=storage.inbox,
        requests=storage.requests,
        catalogue=storage.catalogue,
        quotes=storage.quotes,
        queries=storage.queries,
        switches=storage.switches,
        loose_ends=storage.loose_ends,
        books=storage.books,
        backlog=storage.backlog,
        figures=storage.figures,
        audit=storage.audit,
        trends=storage.trends,
        alerts=storage.alerts,
        clock=ManualClock(),
    )
    await database.close()
