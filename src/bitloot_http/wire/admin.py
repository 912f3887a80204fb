"""What the operator sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

import attrs

from bitloot_core.order.guide import GUIDE
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.ports.queries import (
    Dossier,
    FindingRow,
    JobRow,
    OrderRow,
    ReservationRow,
)
from bitloot_core.ports.store import KeyAccess
from bitloot_core.ports.supplier import Purchase
from bitloot_core.values.money import Money
from bitloot_http.shapes import shape
from bitloot_http.wire.next_step import next_step
from bitloot_http.wire.order_parts import ReturnView, UnitView
from bitloot_http.wire.orders import ItemView, OrderView, PaymentView, TimelineView
from bitloot_http.wire.webhooks import WebhookView

_EMAIL = shape("The buyer's; `null` once the buyer was forgotten.")


@attrs.frozen(kw_only=True)
class OrderRowView:
    """An order in a list."""

    id: str
    order_id: str
    status: str
    email: str | None = attrs.field(metadata=_EMAIL)
    total: Money
    units: int
    owed: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: OrderRow) -> Self:
        """Show a row."""
        return cls(
            id=row.id,
            order_id=row.id,
            status=row.status,
            email=row.email,
            total=row.total,
            units=row.units,
            owed=row.owed,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@attrs.frozen(kw_only=True)
class ReservationView:
    """One purchase at the supplier."""

    id: str
    order_id: str
    email: str | None = attrs.field(metadata=_EMAIL)
    status: str = attrs.field(
        metadata=shape("`planned`, `claimed`, `in-doubt`, `placed`, `completed`, `refused` or `fallen`.")
    )
    attempt: int
    external_ref: str = attrs.field(metadata=shape("Our name of it at the supplier."))
    kinguin_reservation_id: str | None
    supplier_status: str | None
    cost: Money | None
    created_at: datetime
    updated_at: datetime
    next_step: str = attrs.field(metadata=shape("What happens next by itself, or who must act."))

    @classmethod
    def of(cls, row: ReservationRow) -> Self:
        """Show a row."""
        return cls(
            id=row.id,
            order_id=row.order_id,
            email=row.email,
            status=row.status,
            attempt=row.attempt,
            external_ref=row.id,
            kinguin_reservation_id=row.supplier_order_id,
            supplier_status=row.supplier_status,
            cost=row.cost,
            created_at=row.created_at,
            updated_at=row.updated_at,
            next_step=next_step(row),
        )


@attrs.frozen(kw_only=True)
class FindingView:
    """What needs a person."""

    id: str
    order_id: str | None
    reason: str
    subject: str = attrs.field(metadata=shape("What exactly it is about."))
    text: str
    status: str = attrs.field(metadata=shape("`open` or `resolved`."))
    blocking: bool = attrs.field(metadata=shape("Whether the order waits for it."))
    amount: str | None = attrs.field(metadata=shape("The money at stake."))
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    actions: tuple[str, ...] = attrs.field(metadata=shape("What can be done about it, the likeliest first."))

    @classmethod
    def of(cls, row: FindingRow) -> Self:
        """Show a row."""
        finding = row.finding
        return cls(
            id=finding.id,
            order_id=finding.order_id,
            reason=str(finding.reason),
            subject=finding.subject,
            text=finding.text,
            status="open" if row.resolved_at is None else "resolved",
            blocking=finding.blocking,
            amount=finding.amount,
            opened_at=finding.opened_at,
            resolved_at=row.resolved_at,
            resolved_by=row.resolved_by,
            resolution=row.resolution,
            actions=tuple(str(action) for action in GUIDE[finding.reason].actions),
        )


@attrs.frozen(kw_only=True)
class JobView:
    """Something that is to be done, or was."""

    id: int
    name: str
    ref: str = attrs.field(metadata=shape("What exactly it is about."))
    order_id: str | None
    status: str
    attempts: int
    due_at: datetime
    last_error: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: JobRow) -> Self:
        """Show a row."""
        return cls(
            id=row.id,
            name=row.name,
            ref=row.ref,
            order_id=row.order_id,
            status=row.status,
            attempts=row.attempts,
            due_at=row.due_at,
            last_error=row.last_error,
            created_at=row.created_at,
        )


@attrs.frozen(kw_only=True)
class LedgerView:
    """Money that moved."""

    id: str
    kind: str
    external_id: str
    amount: str
    currency: str
    at: datetime

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self:
        """Show an entry."""
        return cls(
            id=f"{entry.kind}:{entry.external_id}",
            kind=str(entry.kind),
            external_id=entry.external_id,
            amount=f"{entry.amount:f}",
            currency=entry.currency,
            at=entry.at,
        )


@attrs.frozen(kw_only=True)
class KeyAccessView:
    """One access to one key."""

    id: int
    at: datetime
    order_id: str
    unit_id: str
    actor: str = attrs.field(metadata=shape("`link`, or `admin:NAME`."))
    address: str
    agent: str
    reason: str

    @classmethod
    def of(cls, number: int, access: KeyAccess) -> Self:
        """Show an audit row."""
        return cls(
            id=number,
            at=access.at,
            order_id=access.order_id,
            unit_id=access.unit_id,
            actor=access.actor,
            address=access.address,
            agent=access.agent,
            reason=access.reason,
        )


@attrs.frozen(kw_only=True)
class SupplierStatusView:
    """What the supplier says of a purchase now; never a key."""

    reservation_id: str
    external_ref: str
    status: str
    cost: Money
    quantities: Mapping[str, int]
    created_at: datetime

    @classmethod
    def of(cls, purchase: Purchase) -> Self:
        """Show a purchase."""
        return cls(
            reservation_id=purchase.supplier_order_id,
            external_ref=purchase.ref,
            status=str(purchase.word),
            cost=purchase.charged,
            quantities={str(product): count for product, count in purchase.quantities.items()},
            created_at=purchase.created_at,
        )


@attrs.frozen(kw_only=True)
class AdminOrderView(OrderView):
    """An order with everything that is known of it."""

    email: str | None = attrs.field(metadata=_EMAIL)
    version: int
    parked: bool = attrs.field(metadata=shape("Whether it was put aside: nothing is bought or mailed for it."))
    units: tuple[UnitView, ...]
    returns: tuple[ReturnView, ...]
    reservations: tuple[ReservationView, ...]
    jobs: tuple[JobView, ...]
    findings: tuple[FindingView, ...]
    webhook_logs: tuple[WebhookView, ...]
    ledger: tuple[LedgerView, ...]

    @classmethod
    def of_dossier(cls, dossier: Dossier, reservations: tuple[ReservationRow, ...]) -> Self:
        """Show an order to the operator."""
        order = dossier.order
        shown = OrderView.of(order, ())
        return cls(
            order_id=shown.order_id,
            status=shown.status,
            total=shown.total,
            created_at=shown.created_at,
            expires_at=shown.expires_at,
            items=tuple(ItemView.of(order, line) for line in order.lines),
            payments=PaymentView.all_of(order.payments),
            timeline=TimelineView.whole(dossier.timeline),
            email=order.email,
            version=order.version,
            parked=order.is_parked,
            units=tuple(UnitView.of(order, unit) for unit in order.units),
            returns=ReturnView.all_of(order),
            reservations=tuple(ReservationView.of(row) for row in reservations),
            jobs=tuple(JobView.of(row) for row in dossier.jobs),
            findings=tuple(FindingView.of(row) for row in dossier.findings),
            webhook_logs=tuple(WebhookView.of(row) for row in dossier.webhooks),
            ledger=tuple(LedgerView.of(entry) for entry in dossier.ledger),
        )


@attrs.frozen(kw_only=True)
class OrderList:
    """Orders, newest first."""

    items: tuple[OrderRowView, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class ReservationList:
    """Reservations, newest first."""

    items: tuple[ReservationView, ...]
    next_cursor: str | None


@attrs.frozen(kw_only=True)
class KeyAccessList:
    """Accesses to keys: of one order oldest first, of all newest first."""

    items: tuple[KeyAccessView, ...]
    next_cursor: str | None
