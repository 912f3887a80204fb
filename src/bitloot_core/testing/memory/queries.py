"""
Admin reads in memory.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.events import OrderEvent
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
    Reservation,
    SupplierWord,
    supplier_order_of,
)
from bitloot_core.order.status import shown_status
from bitloot_core.order.timeline import describe
from bitloot_core.order.units import OwedUnit
from bitloot_core.ports.inbox import StoredWebhook
from bitloot_core.ports.queries import (
    Dossier,
    JobRow,
    OrderFilter,
    OrderRow,
    Page,
    Queries,
    ReservationFilter,
    ReservationRow,
    Slice,
    TimelineRow,
    WebhookFilter,
    WebhookRow,
)
from bitloot_core.ports.store import KeyAccess
from bitloot_core.testing.memory.database import MemoryDatabase, StoredJob, StoredOrder
from bitloot_core.testing.memory.figures import waits_since
from bitloot_core.testing.memory.paging import newest_first
from bitloot_core.values.email import folded
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import OrderId

TAGS: dict[type[Reservation], str] = {
    PlannedReservation: "planned",
    ClaimedReservation: "claimed",
    DoubtfulReservation: "in-doubt",
    PlacedReservation: "placed",
    CompletedReservation: "completed",
    RefusedReservation: "refused",
    FallenReservation: "fallen",
}
"""The word for each state of a reservation."""


class MemoryQueries:
    """Reads for people. See `Queries` for what is promised."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Orders, newest first."""
        rows = (_order_row(stored) for stored in self._database.orders.values() if _admits(which, stored))
        return newest_first(rows, part, at=lambda row: row.created_at, name=lambda row: row.id)

    async def reservations(self, which: ReservationFilter, part: Slice) -> Page[ReservationRow]:
        """Reservations, newest first."""
        rows = (
            row
            for stored in self._database.orders.values()
            for row in self._reservation_rows(stored)
            if which.supplier_order_id in (None, row.supplier_order_id)
            and which.status in (None, row.status)
            and which.order_id in (None, row.order_id)
        )
        return newest_first(rows, part, at=lambda row: row.created_at, name=lambda row: row.id)

    async def webhooks(self, which: WebhookFilter, part: Slice) -> Page[WebhookRow]:
        """Webhooks, newest first."""
        rows = (
            row
            for row in map(self._webhook_row, self._database.webhooks.values())
            if which.id in (None, row.id)
            and which.source in (None, row.source)
            and which.type in (None, row.type)
            and which.status in (None, row.status)
            and which.order_id in (None, row.order_id)
            and which.external_id in (None, row.external_id)
        )
        return newest_first(rows, part, at=lambda row: row.received_at, name=lambda row: f"{row.id:020}")

    async def dossier(self, order_id: OrderId) -> Dossier:
        """Everything about one order."""
        database = self._database
        stored = database.orders.get(order_id)
        if stored is None:
            raise NotFound("order", order_id)
        return Dossier(
            order=stored.order,
            timeline=tuple(_timeline_row(number, event) for number, event in enumerate(stored.timeline, start=1)),
            ledger=tuple(entry for entry in database.ledger.values() if entry.order_id == order_id),
            jobs=tuple(job_row(job) for job in database.jobs.values() if job.order_id == order_id),
            findings=tuple(row for row in database.findings.values() if row.finding.order_id == order_id),
            webhooks=tuple(
                self._webhook_row(webhook) for webhook in database.webhooks.values() if webhook.order_id == order_id
            ),
        )

    async def accesses(self, order_id: OrderId) -> tuple[tuple[int, KeyAccess], ...]:
        """Every access to the order's keys with the id of its audit row, oldest first."""
        rows = enumerate(self._database.accesses, start=1)
        return tuple((number, access) for number, access in rows if access.order_id == order_id)

    def _reservation_rows(self, stored: StoredOrder) -> Iterator[ReservationRow]:
        for res in stored.order.reservations:
            created_at, updated_at = stored.bought[res.plan.ref]
            placed = res if isinstance(res, PlacedReservation | CompletedReservation | FallenReservation) else None
            yield ReservationRow(
                id=res.plan.ref,
                order_id=stored.order.id,
                email=stored.order.email,
                order_status=shown_status(stored.order),
                status=TAGS[type(res)],
                attempt=res.plan.attempt,
                supplier_order_id=supplier_order_of(res),
                supplier_status=_supplier_word(res),
                cost=placed.charged if placed else None,
                created_at=created_at,
                updated_at=updated_at,
                next_at=self._next_look(res.plan.ref),
                pause=next(iter(self._database.buying.pauses), None) if isinstance(res, PlannedReservation) else None,
            )

    def _next_look(self, ref: str) -> datetime | None:
        """When the first of the living jobs on this subject is due."""
        living = (self._database.jobs[job_id] for (_, of), job_id in self._database.living.items() if of == ref)
        return min((job.due_at for job in living), default=None)

    def _webhook_row(self, stored: StoredWebhook) -> WebhookRow:
        return WebhookRow(
            id=stored.id,
            source=stored.webhook.source,
            type=stored.webhook.type,
            external_id=stored.webhook.external_id,
            status=stored.status,
            deliveries=stored.deliveries,
            attempts=_attempts(self._database.jobs.values(), stored),
            order_id=stored.order_id,
            result=stored.result,
            received_at=stored.received_at,
            processed_at=stored.processed_at,
        )


def _admits(which: OrderFilter, stored: StoredOrder) -> bool:
    order = stored.order
    bought = {supplier_order_of(res) for res in order.reservations}
    return (
        which.status in (None, shown_status(order))
        and (which.email is None or (order.email is not None and folded(which.email) == folded(order.email)))
        and which.order_id in (None, order.id)
        and (which.supplier_order_id is None or which.supplier_order_id in bought)
        and (which.supplier_key_id is None or which.supplier_key_id in _keys_of(order))
        and (not which.undelivered or waits_since(order) is not None)
    )


def _keys_of(order: Order) -> set[str]:
    return {str(unit.supplier_key_id) for unit in order.units if not isinstance(unit, OwedUnit)}


def _order_row(stored: StoredOrder) -> OrderRow:
    order = stored.order
    return OrderRow(
        id=order.id,
        status=shown_status(order),
        email=order.email,
        total=order.total,
        units=sum(line.quantity for line in order.lines),
        owed=len(order.owed),
        created_at=order.created_at,
        updated_at=stored.updated_at,
    )


def _supplier_word(res: Reservation) -> str | None:
    match res:
        case PlacedReservation() | FallenReservation():
            return res.word
        case CompletedReservation():
            return SupplierWord.COMPLETED
        case _:
            return None


def _attempts(jobs: Iterable[StoredJob], stored: StoredWebhook) -> int:
    """How often the webhook was worked on, over all the jobs that it had."""
    name = (str(stored.webhook.source.job), str(stored.id))
    return sum(job.attempts for job in jobs if (job.name, job.ref) == name)


def job_row(job: StoredJob) -> JobRow:
    """A job as a list shows it."""
    return JobRow(
        id=job.id,
        name=job.name,
        ref=job.ref,
        order_id=job.order_id,
        status=job.status,
        attempts=job.attempts,
        due_at=job.due_at,
        last_error=job.last_error,
        created_at=job.created_at,
    )


def _timeline_row(number: int, event: OrderEvent) -> TimelineRow:
    told = describe(event)
    return TimelineRow(
        number=number,
        at=event.at,
        event=type(event).__name__,
        text=told.text,
        public_text=told.public_text,
        data=attrs.asdict(event, value_serializer=_plain),
    )


def _plain(_: object, __: object, value: object) -> object:
    """What JSON would make of a value: times, amounts and words as text."""
    match value:
        case datetime():
            return value.isoformat()
        case Decimal() | enum.Enum():
            return str(value)
        case _:
            return value


if TYPE_CHECKING:
    _: type[Queries] = MemoryQueries
