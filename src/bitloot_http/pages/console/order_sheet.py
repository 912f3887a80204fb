"""
Everything about one order, as the console lays it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self, assert_never

import attrs

from bitloot_core.order.order import Order
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    OpenPayment,
    Payment,
    RefusedPayment,
    ReturnedPayment,
    ReturnedStray,
    ReviewedPayment,
    SettledPayment,
    ShortPayment,
    StrayPayment,
    VoidPayment,
    coin_of,
    gateway_id_of,
    received_of,
)
from bitloot_core.order.units import HeldUnit, OwedUnit, ReplacedUnit, ReturnedUnit, Unit
from bitloot_core.ports.queries import Dossier, ReservationRow
from bitloot_core.ports.store import KeyAccess
from bitloot_core.values.reading import PaymentWord
from bitloot_http.pages.console.outlook import Outlook, outlook
from bitloot_http.wire.admin import AdminOrderView, KeyAccessView, ReservationView
from bitloot_http.wire.next_step import what_next


@attrs.frozen(kw_only=True)
class PaymentLine:
    """
    One payment, those that nobody can pay any more included.

    Attributes:
        due, received: coins, as people write them; empty where there are none.
        note: what is remarkable about it.
    """

    attempt: int
    coin: str
    gateway_id: str
    word: str
    due: str
    received: str
    address: str
    note: str


@attrs.frozen(kw_only=True)
class UnitLine:
    """
    One key that is owed, or was.

    Attributes:
        since: when it came to be so, where that is known.
        reservation: the number of the purchase that brought it; 0 for none.
    """

    id: str
    title: str
    word: str
    supplier_key_id: str
    reservation: int
    since: datetime | None


@attrs.frozen(kw_only=True)
class PurchaseLine:
    """One purchase, what comes next, and when."""

    view: ReservationView
    what: str
    at: datetime | None

    @classmethod
    def of(cls, row: ReservationRow) -> Self:
        """Show a purchase."""
        what, at = what_next(row)
        return cls(view=ReservationView.of(row), what=what, at=at)


@attrs.frozen(kw_only=True)
class OrderSheet:
    """What the page shows."""

    order: AdminOrderView
    outlook: Outlook
    payments: tuple[PaymentLine, ...]
    units: tuple[UnitLine, ...]
    purchases: tuple[PurchaseLine, ...]
    accesses: tuple[KeyAccessView, ...]
    held: int
    settled: bool


def order_sheet(
    dossier: Dossier,
    reservations: Sequence[ReservationRow],
    accesses: Sequence[tuple[int, KeyAccess]],
    now: datetime,
) -> OrderSheet:
    """Lay it out."""
    order = dossier.order
    return OrderSheet(
        order=AdminOrderView.of_dossier(dossier, tuple(reservations)),
        outlook=outlook(dossier, now),
        payments=tuple(map(_payment, order.payments)),
        units=tuple(_units(order)),
        purchases=tuple(map(PurchaseLine.of, reservations)),
        accesses=tuple(KeyAccessView.of(number, access) for number, access in accesses),
        held=len(order.held),
        settled=order.is_settled,
    )


def _payment(payment: Payment) -> PaymentLine:
    received = received_of(payment)
    invoice = getattr(payment, "invoice", None)
    word, note = _told(payment)
    return PaymentLine(
        attempt=payment.attempt,
        coin=coin_of(payment),
        gateway_id=gateway_id_of(payment) or "",
        word=word,
        due="" if invoice is None else str(invoice.due),
        received="" if received is None else str(received),
        address="" if invoice is None else invoice.address,
        note=note,
    )


def _told(payment: Payment) -> tuple[str, str]:
    """How a payment stands, and what is remarkable about it."""
    match payment:
        case IntendedPayment():
            return "asking the gateway", ""
        case DoubtfulPayment():
            return "in doubt", "The gateway gave no usable answer; it may know a payment that we have no name for."
        case RefusedPayment():
            return "refused", payment.reason
        case OpenPayment():
            return ("waiting" if payment.progress is PaymentWord.WAITING else "seen"), str(payment.progress)
        case ShortPayment():
            return "short", "The gateway kept what came."
        case ReviewedPayment():
            return "in review", "; ".join(payment.reasons)
        case StrayPayment():
            return "not asked for", "; ".join(payment.reasons)
        case SettledPayment() | AcceptedStray():
            return "settled", f"accepted by {payment.receipt.accepted_by}"
        case ReturnedPayment() | ReturnedStray():
            return "sent back", "It had counted before."
        case VoidPayment():
            return str(payment.why), ""
        case never:
            assert_never(never)


def _units(order: Order) -> Iterator[UnitLine]:
    for unit in order.units:
        word, since = _stands(unit)
        yield UnitLine(
            id=unit.id,
            title=order.line(unit.line).title,
            word=word,
            supplier_key_id="" if isinstance(unit, OwedUnit) else unit.supplier_key_id,
            reservation=unit.reservation if isinstance(unit, HeldUnit) else 0,
            since=since,
        )


def _stands(unit: Unit) -> tuple[str, datetime | None]:
    match unit:
        case OwedUnit():
            return "owed", None
        case HeldUnit():
            return "held", unit.held_at
        case ReturnedUnit():
            return "returned", unit.returned_at
        case ReplacedUnit():
            return "replaced", unit.replaced_at
        case never:
            assert_never(never)
