"""
The admin's lists as a port: rows for people, a page at a time.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, select, text
from sqlalchemy.engine import Connection, Row

from bitloot_adapters.sql.audit_rows import accesses_of
from bitloot_adapters.sql.columns import moment, moment_or_none
from bitloot_adapters.sql.database import Database
from bitloot_adapters.sql.dossier import read_dossier, webhook_row
from bitloot_adapters.sql.job_rows import LIVING
from bitloot_adapters.sql.mapping import RESERVATION_TAGS
from bitloot_adapters.sql.pages import narrowed, newest_first, page_of
from bitloot_adapters.sql.switch_rows import read_buying
from bitloot_adapters.sql.tables import JOBS, ORDERS, PAYMENTS, RESERVATIONS, UNITS
from bitloot_adapters.sql.webhook_pages import webhook_page
from bitloot_core.order.buying import Pause
from bitloot_core.order.reservations import PlannedReservation
from bitloot_core.ports.queries import (
    Dossier,
    OrderFilter,
    OrderRow,
    Page,
    Queries,
    ReservationFilter,
    ReservationRow,
    Slice,
    WebhookFilter,
    WebhookRow,
)
from bitloot_core.ports.store import KeyAccess
from bitloot_core.values.email import folded
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money


class SqlQueries:
    """Reads for people. See `Queries` for what is promised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Orders, newest first."""
        return await self._database.read(lambda c: _orders(c, which, part))

    async def reservations(self, which: ReservationFilter, part: Slice) -> Page[ReservationRow]:
        """Reservations, newest first."""
        return await self._database.read(lambda c: _reservations(c, which, part))

    async def webhooks(self, which: WebhookFilter, part: Slice) -> Page[WebhookRow]:
        """Webhooks, newest first."""
        return await self._database.read(lambda c: _webhooks(c, which, part))

    async def dossier(self, order_id: OrderId) -> Dossier:
        """Everything about one order."""
        return await self._database.read(lambda c: read_dossier(c, order_id))

    async def accesses(self, order_id: OrderId) -> tuple[tuple[int, KeyAccess], ...]:
        """Every access to the order's keys with the id of its audit row, oldest first."""
        return await self._database.read(lambda c: accesses_of(c, order_id))


# As their partial index has it: with values in it, no database would know it again.
UNDELIVERED = text("orders.owed > 0 AND orders.status IN ('paid', 'fulfilling', 'attention')")
_COUNTING = PAYMENTS.c.status.in_(("settled", "accepted"))


def _orders(connection: Connection, which: OrderFilter, part: Slice) -> Page[OrderRow]:
    columns = ORDERS.c
    rows = narrowed(
        select(ORDERS),
        (columns.status, which.status),
        (columns.email, None if which.email is None else folded(which.email)),
        (columns.id, which.order_id),
    )
    if which.undelivered:
        rows = rows.where(UNDELIVERED, exists().where(PAYMENTS.c.order_id == columns.id, _COUNTING))
    if which.supplier_order_id is not None:
        bought = select(RESERVATIONS.c.order_id).where(RESERVATIONS.c.supplier_order_id == which.supplier_order_id)
        rows = rows.where(columns.id.in_(bought))
    if which.supplier_key_id is not None:
        holding = select(UNITS.c.order_id).where(UNITS.c.supplier_key_id == which.supplier_key_id)
        rows = rows.where(columns.id.in_(holding))
    found = connection.execute(newest_first(rows, part, columns.created_at, columns.id)).all()
    return page_of(found, part, _order_row, lambda row: (row.created_at, row.id))


def _order_row(row: Row[Any]) -> OrderRow:
    return OrderRow(
        id=OrderId(row.id),
        status=row.status,
        email=row.email or None,
        total=Money.from_minor(row.total_minor, row.currency),
        units=row.units,
        owed=row.owed,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )


_NEXT_AT = select(func.min(JOBS.c.due_at)).where(JOBS.c.ref == RESERVATIONS.c.external_ref, LIVING).scalar_subquery()


def _reservations(connection: Connection, which: ReservationFilter, part: Slice) -> Page[ReservationRow]:
    columns = RESERVATIONS.c
    rows = narrowed(
        select(
            RESERVATIONS, ORDERS.c.email, ORDERS.c.status.label("order_status"), _NEXT_AT.label("next_at")
        ).join_from(RESERVATIONS, ORDERS, and_(ORDERS.c.id == columns.order_id)),
        (columns.supplier_order_id, which.supplier_order_id),
        (columns.status, which.status),
        (columns.order_id, which.order_id),
    )
    found = connection.execute(newest_first(rows, part, columns.created_at, columns.external_ref)).all()
    pause = next(iter(read_buying(connection).pauses), None)
    return page_of(found, part, partial(_reservation_row, pause), lambda row: (row.created_at, row.external_ref))


def _reservation_row(pause: Pause | None, row: Row[Any]) -> ReservationRow:
    return ReservationRow(
        id=row.external_ref,
        order_id=OrderId(row.order_id),
        email=row.email or None,
        order_status=row.order_status,
        status=row.status,
        attempt=row.attempt,
        supplier_order_id=row.supplier_order_id,
        supplier_status=row.supplier_status,
        cost=None if row.cost_minor is None else Money.from_minor(row.cost_minor, row.cost_currency),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        next_at=moment_or_none(row.next_at),
        pause=pause if row.status == RESERVATION_TAGS[PlannedReservation] else None,
    )


def _webhooks(connection: Connection, which: WebhookFilter, part: Slice) -> Page[WebhookRow]:
    found = connection.execute(webhook_page(which, part)).all()
    return page_of(found, part, webhook_row, lambda row: (row.received_at, row.id))


if TYPE_CHECKING:
    _: type[Queries] = SqlQueries
