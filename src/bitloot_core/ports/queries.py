"""Admin reads: rows for people, never used to decide anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import attrs

from bitloot_core.order.buying import Pause
from bitloot_core.order.findings import Finding
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.order.order import Order
from bitloot_core.ports.store import KeyAccess
from bitloot_core.values.ids import JobId, OrderId, WebhookId
from bitloot_core.values.money import Money

Row = TypeVar("Row")


@attrs.frozen(kw_only=True)
class Page(Generic[Row]):
    """
    One page of a list, newest first.

    Attributes:
        next_cursor: where the next page starts; None on the last one.
    """

    items: tuple[Row, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class Slice:
    """
    Which part of a list.

    Attributes:
        limit: 1 to 100 rows.
        cursor: `next_cursor` of the page before.
        since, until: bounds on the row's time, the first included, the second not.
    """

    limit: int = 25
    cursor: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def spans(self, at: datetime) -> bool:
        """Whether a row's time is within the bounds."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@attrs.frozen(kw_only=True)
class OrderFilter:
    """
    Which orders; an absent field admits all.

    Attributes:
        email: the buyer's; `A` to `Z` match `a` to `z`.
        supplier_key_id: the supplier's name of a key that the order holds, or gave up.
        undelivered: whether only those are meant that a payment counts for, that are owed a key, and that have not come
            to rest: those that `OrderFigures.undelivered` counts.
    """

    status: str | None = None
    email: str | None = None
    order_id: str | None = None
    supplier_order_id: str | None = None
    supplier_key_id: str | None = None
    undelivered: bool = False


@attrs.frozen(kw_only=True)
class OrderRow:
    """An order in a list; `email` is None once the buyer was forgotten."""

    id: OrderId
    status: str
    email: str | None
    total: Money
    units: int
    owed: int
    created_at: datetime
    updated_at: datetime


@attrs.frozen(kw_only=True)
class ReservationFilter:
    """Which reservations; an absent field admits all."""

    supplier_order_id: str | None = None
    status: str | None = None
    order_id: str | None = None


@attrs.frozen(kw_only=True)
class ReservationRow:
    """
    A reservation in a list.

    Attributes:
        id: our external reference.
        status: the tag of its state (`planned`, `claimed`, `in-doubt`, `placed`, `completed`, `refused`, `fallen`).
        email: None once the buyer was forgotten.
        order_status: the shown status of its order.
        next_at: when its job looks at it next; None if no job will.
        pause: what keeps it from being bought now, the oldest if there are several; None for one that was bought.
    """

    id: str
    order_id: OrderId
    email: str | None
    order_status: str
    status: str
    attempt: int
    supplier_order_id: str | None
    supplier_status: str | None
    cost: Money | None
    created_at: datetime
    updated_at: datetime
    next_at: datetime | None
    pause: Pause | None = None


@attrs.frozen(kw_only=True)
class WebhookFilter:
    """Which webhooks; an absent field admits all."""

    id: WebhookId | None = None
    source: str | None = None
    type: str | None = None
    status: str | None = None
    order_id: str | None = None
    external_id: str | None = None


@attrs.frozen(kw_only=True)
class WebhookRow:
    """A webhook in a list, without its body."""

    id: WebhookId
    source: str
    type: str
    external_id: str | None
    status: str
    deliveries: int
    attempts: int
    order_id: OrderId | None
    result: str | None
    received_at: datetime
    processed_at: datetime | None


@attrs.frozen(kw_only=True)
class JobRow:
    """
    A job in a list.

    Attributes:
        ref: what exactly it is about.
        status: `ready`, `running`, `done` or `dead`.
    """

    id: JobId
    name: str
    ref: str
    order_id: OrderId | None
    status: str
    attempts: int
    due_at: datetime
    last_error: str | None
    created_at: datetime


@attrs.frozen(kw_only=True)
class FindingRow:
    """
    A finding, open or resolved.

    Attributes:
        resolution: how it was settled.
    """

    finding: Finding
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None = None


@attrs.frozen(kw_only=True)
class TimelineRow:
    """
    One event of an order.

    Attributes:
        event: the event's name (`PaymentSettled`).
        text: a sentence for the operator.
        public_text: a sentence that a buyer may read; None for what is none of the buyer's business.
        data: the event's fields.
    """

    number: int
    at: datetime
    event: str
    text: str
    public_text: str | None
    data: Mapping[str, object]


@attrs.frozen(kw_only=True)
class Dossier:
    """Everything about one order, as of one moment."""

    order: Order
    timeline: tuple[TimelineRow, ...]
    ledger: tuple[LedgerEntry, ...]
    jobs: tuple[JobRow, ...]
    findings: tuple[FindingRow, ...]
    webhooks: tuple[WebhookRow, ...]


class Queries(Protocol):
    """Reads for the admin's lists and the buyer's page. A cursor without sense raises `InvalidInput("cursor")`."""

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Orders, newest first."""
        ...

    async def reservations(self, which: ReservationFilter, part: Slice) -> Page[ReservationRow]:
        """Reservations, newest first."""
        ...

    async def webhooks(self, which: WebhookFilter, part: Slice) -> Page[WebhookRow]:
        """Webhooks, newest first."""
        ...

    async def dossier(self, order_id: OrderId) -> Dossier:
        """
        Everything about one order.

        Raises:
            NotFound: there is none.
        """
        ...

    async def accesses(self, order_id: OrderId) -> tuple[tuple[int, KeyAccess], ...]:
        """Every access to the order's keys with the id of its audit row, oldest first."""
        ...
