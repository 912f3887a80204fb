"""The fakes of the storage ports keep what every implementation must promise."""

import pytest

from bitloot_core.testing.contracts.alert_book import AlertBookContract
from bitloot_core.testing.contracts.audit import AuditContract
from bitloot_core.testing.contracts.backlog import BacklogContract
from bitloot_core.testing.contracts.books import BooksContract
from bitloot_core.testing.contracts.catalogue import CatalogueContract
from bitloot_core.testing.contracts.figures import FiguresContract
from bitloot_core.testing.contracts.inbox import InboxContract
from bitloot_core.testing.contracts.jobs import JobsContract
from bitloot_core.testing.contracts.loose_ends import LooseEndsContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.queries import QueriesContract
from bitloot_core.testing.contracts.quotes import QuotesContract
from bitloot_core.testing.contracts.requests import RequestsContract
from bitloot_core.testing.contracts.store import OrderStoreContract
from bitloot_core.testing.contracts.switches import SwitchesContract
from bitloot_core.testing.contracts.trends import TrendsContract
from bitloot_core.testing.memory import MemoryStorage


@pytest.fixture
def world() -> MemoryWorld:
    """An empty shop."""
    return MemoryWorld.around(MemoryStorage())


class TestMemoryOrderStore(OrderStoreContract):
    """The suite of the order store."""


class TestMemoryJobs(JobsContract):
    """The suite of the job table."""


class TestMemoryInbox(InboxContract):
    """The suite of the inbox."""


class TestMemoryRequests(RequestsContract):
    """The suite of the idempotency keys."""


class TestMemoryCatalogue(CatalogueContract):
    """The suite of the catalogue."""


class TestMemoryQuotes(QuotesContract):
    """The suite of the looks at the supplier's products."""


class TestMemoryQueries(QueriesContract):
    """The suite of the admin's reads."""


class TestMemorySwitches(SwitchesContract):
    """The suite of the switch that stops buying."""


class TestMemoryLooseEnds(LooseEndsContract):
    """The suite of whoever finds lost jobs."""


class TestMemoryBooks(BooksContract):
    """The suite of whoever reads the books through."""


class TestMemoryBacklog(BacklogContract):
    """The suite of the lists of findings and jobs."""


class TestMemoryFigures(FiguresContract):
    """The suite of the counts and sums."""


class TestMemoryAudit(AuditContract):
    """The suite of the books that are only added to."""


class TestMemoryTrends(TrendsContract):
    """The suite of the bars of pictures."""


class TestMemoryAlertBook(AlertBookContract):
    """The suite of the book of alerts."""
