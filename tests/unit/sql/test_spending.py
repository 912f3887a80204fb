"""What purchases took is added up off an index, however long the ledger is."""

from sqlalchemy import text

from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.spending_rows import TAKEN


async def test_the_day_s_spending_is_read_off_an_index(database: Database) -> None:
    """The index alone: the ledger itself is not touched, and what buyers paid is not even passed by."""
    values = {"currency": "EUR", "since": 0, "units": 100}

    plan = await database.read(lambda c: c.execute(text(f"EXPLAIN QUERY PLAN {TAKEN}"), values).all())

    assert [row.detail for row in plan] == [
        "SEARCH ledger USING COVERING INDEX ix_ledger_purchases (currency=? AND at>?)"
    ]
