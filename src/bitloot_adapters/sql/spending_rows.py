"""
The statements behind the budget: what purchases took and may still take, added up in the write that claims one.

They read the ledger and the reservations themselves, not a counter beside them that could go astray.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.mapping import load_reservation
from bitloot_adapters.sql.statements import Statement
from bitloot_adapters.sql.switch_rows import read_buying
from bitloot_core.order.buying import Budget, Spent
from bitloot_core.order.decide_purchase import cost_cap
from bitloot_core.values.money import Money, exponent_of

# Each amount is turned into whole minor units before it is added, so that SQLite too adds exactly.
TAKEN = (
    "SELECT COALESCE(SUM(CASE kind WHEN 'charged' THEN 1 ELSE -1 END "
    "* CAST(ROUND(CAST(amount AS NUMERIC) * CAST(:units AS INTEGER)) AS BIGINT)), 0) AS minor FROM ledger "
    "WHERE kind IN ('charged', 'returned') AND currency = :currency AND at >= :since"
)
_TAKEN = Statement(TAKEN)
_UNANSWERED = Statement("SELECT state FROM reservations WHERE status IN ('claimed', 'in-doubt')")


def require_room(connection: Connection, budget: Budget, *, now: datetime) -> None:
    """
    Let the purchases that this transaction has claimed stand only if nothing stops them.

    Raises:
        BuyingPaused: a pause is in force, or a limit would be broken.
    """
    buying = read_buying(connection)
    buying.require_open(now)
    currency = budget.currency
    if currency is None:
        return
    read_at = now if buying.balance is None else buying.balance.at
    spent = Spent(
        counted=_taken(connection, currency, since=budget.counts_from(buying, now)),
        since_reading=_taken(connection, currency, since=read_at),
        unanswered=_unanswered(connection, currency),
    )
    budget.require_room(buying, spent, now)


def _taken(connection: Connection, currency: str, *, since: datetime) -> Money:
    values = {"currency": currency, "since": micros(since), "units": 10 ** exponent_of(currency)}
    return Money.from_minor(int(_TAKEN.first(connection, values).minor), currency)


def _unanswered(connection: Connection, currency: str) -> Money:
    waiting = (load_reservation(row.state) for row in _UNANSWERED.all(connection))
    caps = (cost_cap(res.plan) for res in waiting)
    return sum((cap for cap in caps if cap.currency == currency), start=Money.zero(currency))
