"""
The storage ports in memory: quick, deterministic, and as strict as a database.

All its ports look at one `MemoryDatabase`, which holds frozen values: nothing that a caller got from it can change
it. A write is checked whole before the first of it is written, so that a refused one leaves nothing. Nothing here
waits, so two callers of one event loop never meet in the middle of a write.

    storage = MemoryStorage()
    await storage.catalogue.put([a_product()])
    storage.database.fail_next_commit(after=True)  # durable, but the caller is not told
"""

from __future__ import annotations

from bitloot_core.testing.memory.alerts import MemoryAlertBook
from bitloot_core.testing.memory.audit import MemoryAudit
from bitloot_core.testing.memory.backlog import MemoryBacklog
from bitloot_core.testing.memory.books import MemoryBooks
from bitloot_core.testing.memory.catalogue import MemoryCatalogue
from bitloot_core.testing.memory.database import MemoryDatabase
from bitloot_core.testing.memory.figures import MemoryFigures
from bitloot_core.testing.memory.inbox import MemoryInbox
from bitloot_core.testing.memory.jobs import MemoryJobs
from bitloot_core.testing.memory.loose_ends import MemoryLooseEnds
from bitloot_core.testing.memory.queries import MemoryQueries
from bitloot_core.testing.memory.quotes import MemoryQuotes
from bitloot_core.testing.memory.requests import MemoryRequests
from bitloot_core.testing.memory.sealed_rows import MemorySealedRows
from bitloot_core.testing.memory.store import MemoryOrderStore
from bitloot_core.testing.memory.switches import MemorySwitches
from bitloot_core.testing.memory.trends import MemoryTrends

__all__ = [
    "MemoryAlertBook",
    "MemoryAudit",
    "MemoryBacklog",
    "MemoryBooks",
    "MemoryCatalogue",
    "MemoryDatabase",
    "MemoryFigures",
    "MemoryInbox",
    "MemoryJobs",
    "MemoryLooseEnds",
    "MemoryOrderStore",
    "MemoryQueries",
    "MemoryQuotes",
    "MemoryRequests",
    "MemorySealedRows",
    "MemoryStorage",
    "MemorySwitches",
    "MemoryTrends",
]


class MemoryStorage:
    """
    All storage ports over one database.

    Args:
        database: an earlier one, to go on where a process died; without it an empty one is made.
    """

    def __init__(self, database: MemoryDatabase | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.store = MemoryOrderStore(self.database)
        self.jobs = MemoryJobs(self.database)
        self.inbox = MemoryInbox(self.database)
        self.requests = MemoryRequests(self.database)
        self.catalogue = MemoryCatalogue(self.database)
        self.quotes = MemoryQuotes(self.database)
        self.queries = MemoryQueries(self.database)
        self.switches = MemorySwitches(self.database)
        self.loose_ends = MemoryLooseEnds(self.database)
        self.backlog = MemoryBacklog(self.database)
        self.figures = MemoryFigures(self.database)
        self.audit = MemoryAudit(self.database)
        self.books = MemoryBooks(self.database)
        self.trends = MemoryTrends(self.database)
        self.alerts = MemoryAlertBook(self.database)
