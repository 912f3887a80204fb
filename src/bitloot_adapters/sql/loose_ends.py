"""
What has come apart, as a port: parts of orders, and webhooks, beside the jobs that they should have.

The same text runs on SQLite and on PostgreSQL. Each page is read off an index, and a job is looked up by its name: what
a look costs depends on how many orders are in hand, not on how many there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bitloot_adapters.sql.columns import micros
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.statements import Statement
from bitloot_core.order.status import Status
from bitloot_core.ports.inbox import Source
from bitloot_core.ports.loose_ends import Horizon, KnownJob, LooseEnds, PendingWebhook, Suspects
from bitloot_core.values.ids import OrderId, WebhookId

_ENDED = "status NOT IN ('created', 'waiting', 'confirming', 'underpaid', 'paid', 'fulfilling', 'attention')"
"""Also the condition of an index: it is taken only for its own words."""
_IN_HAND = (
    Status.CREATED,
    Status.WAITING,
    Status.CONFIRMING,
    Status.UNDERPAID,
    Status.PAID,
    Status.FULFILLING,
    Status.ATTENTION,
)
# Parts whose state calls for a job, beside the job table; what `upkeep` decides by the clock or by findings is left to
# it. A job that leaves no trace in its order need not live: it is enough that it was asked for. What was asked to go
# back to the supplier stands in the order's own text, with a tag of 12 characters for each that waits.
_MAY_LACK = """
o.status IN ('created', 'waiting') AND NOT EXISTS (
    SELECT 1 FROM jobs AS j WHERE j.name = 'expire' AND j.ref = o.id AND j.status IN ('ready', 'running'))
OR EXISTS (
    SELECT 1 FROM payments AS p WHERE p.order_id = o.id AND p.status IN ('open', 'short', 'review', 'void')
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS j WHERE j.name = 'check-payment' AND j.ref = o.id || '/' || CAST(p.attempt AS TEXT)
        AND j.status IN ('ready', 'running')))
OR EXISTS (
    SELECT 1 FROM reservations AS r WHERE r.order_id = o.id AND r.status IN ('planned', 'claimed', 'in-doubt')
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS j WHERE j.name = 'reserve' AND j.ref = r.external_ref
        AND j.status IN ('ready', 'running')))
OR EXISTS (
    SELECT 1 FROM reservations AS r WHERE r.order_id = o.id AND r.status = 'placed'
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS j WHERE j.name = 'check-reservation' AND j.ref = r.external_ref
        AND j.status IN ('ready', 'running')))
OR o.state LIKE '%"is":"asked"%' AND (LENGTH(o.state) - LENGTH(REPLACE(o.state, '"is":"asked"', ''))) / 12 > (
    SELECT COUNT(*) FROM jobs AS j
    WHERE j.order_id = o.id AND j.name = 'return-keys' AND j.status IN ('ready', 'running'))
OR o.updated_at >= :recalled AND EXISTS (
    SELECT 1 FROM units AS u WHERE u.order_id = o.id AND u.supplier_key_id LIKE 'event:%')
    AND NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.order_id = o.id AND j.name = 'check-reservation')
OR o.updated_at >= :recalled AND EXISTS (
    SELECT 1 FROM links AS l WHERE l.order_id = o.id AND l.revoked_at IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS j WHERE j.order_id = o.id AND j.name = 'send-mail'
        AND (j.ref LIKE '%/' || l.id OR o.owed > 0 AND j.ref LIKE '%/first')))
"""


def _page(of: str, at: str) -> Statement:
    """A page of orders by (time, id), each with whether it may lack a job."""
    return Statement(
        f"SELECT o.id, o.{at} AS place, CASE WHEN {_MAY_LACK} THEN 1 ELSE 0 END AS lacks FROM "  # noqa: S608 - our text
        f"(SELECT id, status, owed, created_at, updated_at, state FROM orders WHERE {of} AND updated_at < :before "
        f"AND ({at}, id) > (:at, :id) ORDER BY {at}, id LIMIT :most) AS o ORDER BY o.{at}, o.id"
    )


_OF_STATUS = _page("status = :status", "created_at")
_OF_ENDED = _page(_ENDED, "updated_at")
_WEBHOOKS = Statement("""
SELECT w.id, w.source, w.order_id FROM webhook_logs AS w WHERE w.status = 'pending' AND w.received_at < :before
AND NOT EXISTS (
    SELECT 1 FROM jobs AS j
    WHERE j.name = CASE w.source WHEN 'kinguin' THEN 'kinguin.webhook' ELSE 'nowpayments.ipn' END
    AND j.ref = CAST(w.id AS TEXT) AND j.status IN ('ready', 'running'))
ORDER BY w.received_at, w.id LIMIT :most
""")
_JOBS = Statement("SELECT name, ref, status FROM jobs WHERE order_id = :id")
_FIRST = "0/0/"


class SqlLooseEnds:
    """Finds what may lack a job. See `LooseEnds` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def webhooks(self, *, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """The webhooks that are pending and have no living job."""
        return await self._database.read(lambda c: _webhooks(c, before, limit))

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Look at one page of orders."""
        return await self._database.read(lambda c: _orders(c, which, after or _FIRST, limit))

    async def jobs_of(self, order_id: OrderId) -> tuple[KnownJob, ...]:
        """Every job that was asked for an order."""
        return await self._database.look(lambda c: _jobs_of(c, order_id))


def _orders(connection: Connection, which: Horizon, after: str, limit: int) -> Suspects:
    """Go through the words of orders in hand, one after the other, and then through those that have ended."""
    found: list[OrderId] = []
    left = limit
    phase, at, name = _place(after)
    while phase <= len(_IN_HAND) and left:
        values = {
            "before": micros(which.before),
            "recalled": micros(which.recalled_since),
            "at": at,
            "id": name,
            "most": left,
        }
        if phase < len(_IN_HAND):
            rows = _OF_STATUS.all(connection, values | {"status": str(_IN_HAND[phase])})
        else:
            rows = _OF_ENDED.all(connection, values | {"at": max(at, micros(which.ended_since))})
        found += (OrderId(row.id) for row in rows if row.lacks)
        left -= len(rows)
        phase, at, name = (phase, rows[-1].place, rows[-1].id) if left == 0 else (phase + 1, 0, "")
    return Suspects(orders=tuple(found), after=None if left else f"{phase}/{at}/{name}")


def _place(after: str) -> tuple[int, int, str]:
    phase, at, name = after.split("/", 2)
    return int(phase), int(at), name


def _webhooks(connection: Connection, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
    rows = _WEBHOOKS.all(connection, {"before": micros(before), "most": limit})
    return tuple(
        PendingWebhook(
            id=WebhookId(row.id),
            source=Source(row.source),
            order_id=None if row.order_id is None else OrderId(row.order_id),
        )
        for row in rows
    )


def _jobs_of(connection: Connection, order_id: OrderId) -> tuple[KnownJob, ...]:
    rows = _JOBS.all(connection, {"id": order_id})
    return tuple(KnownJob(name=row.name, ref=row.ref, lives=row.status in {"ready", "running"}) for row in rows)


if TYPE_CHECKING:
    _: type[LooseEnds] = SqlLooseEnds
