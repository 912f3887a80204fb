"""
The world of the fakes: everything that a suite asks for can be done to them. Also the pattern for a world of your own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs

from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.storage import StorageWorld
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.values.ids import WebhookId


@attrs.define(kw_only=True)
class MemoryWorld(StorageWorld):
    """The storage ports in memory, and what can be done to them."""

    storage: MemoryStorage

    @classmethod
    def around(cls, storage: MemoryStorage) -> Self:
        """Put these fakes to the test; without further ado `MemoryStorage()`."""
        return cls(
            storage=storage,
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

    async def given_commit_fails_before(self) -> None:
        """The next write raises, and nothing of it is written."""
        self.storage.database.fail_next_commit(before=True)

    async def given_commit_fails_after(self) -> None:
        """The next write raises although all of it is written."""
        self.storage.database.fail_next_commit(after=True)

    async def given_body_pruned(self, webhook_id: WebhookId) -> None:
        """The body is gone."""
        self.storage.inbox.prune(webhook_id)

    async def given_body_spoilt(self, webhook_id: WebhookId) -> None:
        """It does not open."""
        self.storage.inbox.spoil(webhook_id)

    async def open_subjects(self) -> Sequence[str]:
        """The subjects of all open findings."""
        return [row.finding.subject for row in self.storage.database.findings.values() if row.resolved_at is None]

    async def given_access_rewritten(self, row: int) -> None:
        """Another actor stands in the row."""
        database = self.storage.database
        database.accesses[row - 1] = attrs.evolve(database.accesses[row - 1], actor="nobody")

    async def given_accesses_cut(self, kept: int) -> None:
        """Only the first rows are left."""
        del self.storage.database.accesses[kept:], self.storage.database.chain[kept:]
