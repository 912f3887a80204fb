"""The book of alerts stays small, and a look at it costs what waits and no more."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from bitloot_adapters.sql import alert_rows
from bitloot_adapters.sql.sqlite import SqliteDatabase
from bitloot_adapters.sql.storage import SqlStorage
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.testing.contracts.alert_book import MAIL, a_finding, an_alert
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.values.ids import FindingId

DAY = timedelta(days=1)


def told(path: Path) -> list[str]:
    """What is written down as told."""
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute("SELECT subject FROM alert_told ORDER BY subject")]


async def test_what_was_told_and_is_settled_is_forgotten(storage: SqlStorage, path: Path) -> None:
    """After its time; what is still open stays, or it would be told again."""
    await storage.store.commit(Change(at=PLACED_AT, findings=(a_finding(1), a_finding(2))))
    known = await storage.alerts.news(MAIL, seen_since=PLACED_AT)
    await storage.alerts.issue(MAIL, an_alert(), known, after=None, now=PLACED_AT)
    settled = SettledFinding(id=FindingId("f1"), by="admin:ann", reason="seen")
    await storage.store.commit(Change(at=PLACED_AT, settled=(settled,)))

    early = await storage.alerts.prune(before=PLACED_AT)
    late = [await storage.alerts.prune(before=PLACED_AT + DAY) for _ in range(2)]

    assert (early, late, told(path)) == (0, [1, 0], ["f2"])
    assert (await storage.alerts.news(MAIL, seen_since=PLACED_AT)).findings == ()


async def test_a_look_goes_through_the_open_findings_alone(database: SqliteDatabase) -> None:
    """However many were settled: both questions are read off the index of the open ones."""
    values = {"channel": "mail", "most": 10}

    for statement in (alert_rows._UNTOLD, alert_rows._STILL_OPEN):  # noqa: SLF001 - what is asked all the time
        plan = await database.read(
            lambda c, asked=str(statement._source): c.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", values).all()  # noqa: SLF001
        )
        steps = [row[-1] for row in plan]
        assert steps[0].startswith("SCAN f USING INDEX ix_findings_open")
        assert steps[-1].startswith("SEARCH t USING")
