"""The storage ports on SQLite and on PostgreSQL keep what every implementation must promise."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bitloot_adapters.sql.migrate import upgrade
from bitloot_adapters.sql.opening import open_database
from bitloot_adapters.sql.url import DatabaseUrl
from bitloot_core.testing.contracts.alert_book import AlertBookContract
from bitloot_core.testing.contracts.audit import AuditContract
from bitloot_core.testing.contracts.backlog import BacklogContract
from bitloot_core.testing.contracts.books import BooksContract
from bitloot_core.testing.contracts.catalogue import CatalogueContract
from bitloot_core.testing.contracts.figures import FiguresContract
from bitloot_core.testing.contracts.inbox import InboxContract
from bitloot_core.testing.contracts.jobs import JobsContract
from bitloot_core.testing.contracts.loose_ends import LooseEndsContract
from bitloot_core.testing.contracts.queries import QueriesContract
from bitloot_core.testing.contracts.quotes import QuotesContract
from bitloot_core.testing.contracts.requests import RequestsContract
from bitloot_core.testing.contracts.store import OrderStoreContract
from bitloot_core.testing.contracts.switches import SwitchesContract
from bitloot_core.testing.contracts.trends import TrendsContract
from harness.sql_world import SqlWorld, sql_world


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables and nothing in them."""
    path = tmp_path_factory.mktemp("sql") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseUrl:
    """An empty database of this test's own, of either kind."""
    if request.param == "postgresql":
        return DatabaseUrl.parse(request.getfixturevalue("postgres_url"))
    return DatabaseUrl.parse(f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path / 'shop.db')}")


@pytest.fixture
async def world(url: DatabaseUrl) -> AsyncIterator[SqlWorld]:
    """An empty shop."""
    async with sql_world(lambda commits: open_database(url, commit=commits)) as opened:
        yield opened


class TestSqlOrderStore(OrderStoreContract):
    """The suite of the order store."""


class TestSqlJobs(JobsContract):
    """The suite of the job table."""


class TestSqlInbox(InboxContract):
    """The suite of the inbox."""


class TestSqlRequests(RequestsContract):
    """The suite of the idempotency keys."""


class TestSqlCatalogue(CatalogueContract):
    """The suite of the catalogue."""


class TestSqlQuotes(QuotesContract):
    """The suite of the looks at the supplier's products."""


class TestSqlQueries(QueriesContract):
    """The suite of the admin's reads."""


class TestSqlSwitches(SwitchesContract):
    """The suite of the switch that stops buying."""


class TestSqlLooseEnds(LooseEndsContract):
    """The suite of whoever finds lost jobs."""


class TestSqlBooks(BooksContract):
    """The suite of whoever reads the books through."""


class TestSqlBacklog(BacklogContract):
    """The suite of the lists of findings and jobs."""


class TestSqlFigures(FiguresContract):
    """The suite of the counts and sums."""


class TestSqlAudit(AuditContract):
    """The suite of the books that are only added to."""


class TestSqlTrends(TrendsContract):
    """The suite of the bars of pictures."""


class TestSqlAlertBook(AlertBookContract):
    """The suite of the book of alerts."""
