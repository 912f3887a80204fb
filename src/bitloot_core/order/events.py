"""
What can have happened to an order. Past tense, frozen, and complete: `evolve` needs nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.order.findings import Finding
from bitloot_core.order.order import AnyBuyer, Line, UnnamedBuyer
from bitloot_core.order.payments import Invoice, Receipt, StrayPayment, VoidReason
from bitloot_core.order.reservations import Plan, SupplierWord
from bitloot_core.order.staff_events import StaffStep
from bitloot_core.values.ids import FindingId, LinkId, OrderId, StorageRef, SupplierKeyId, SupplierOrderId, UnitId
from bitloot_core.values.money import CoinAmount, Money
from bitloot_core.values.reading import PaymentWord


@attrs.frozen(kw_only=True)
class OrderPlaced:
    """A buyer ordered; a store keeps the event without who it was (see `ports.store`)."""

    at: datetime
    order_id: OrderId
    buyer: AnyBuyer
    lines: tuple[Line, ...]
    expires_at: datetime


@attrs.frozen(kw_only=True)
class PaymentIntended:
    """We are about to ask the gateway for a payment."""

    at: datetime
    attempt: int
    coin: str


@attrs.frozen(kw_only=True)
class PaymentDoubted:
    """The gateway gave no usable answer: it may or may not know a payment of ours."""

    at: datetime
    attempt: int


@attrs.frozen(kw_only=True)
class PaymentRefused:
    """The gateway refused to open it."""

    at: datetime
    attempt: int
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class PaymentOpened:
    """The gateway opened it, or one that it had opened without our knowing was adopted."""

    at: datetime
    attempt: int
    invoice: Invoice
    adopted: bool = False


@attrs.frozen(kw_only=True)
class PaymentProgressed:
    """Coins are on their way (or, after an expiry, the gateway waits again)."""

    at: datetime
    attempt: int
    word: PaymentWord
    told_at: datetime | None


@attrs.frozen(kw_only=True)
class PaymentFellShort:
    """Less than due arrived."""

    at: datetime
    attempt: int
    received: CoinAmount


@attrs.frozen(kw_only=True)
class PaymentHeldForReview:
    """Money arrived, but not as asked."""

    at: datetime
    attempt: int
    received: CoinAmount
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class StrayPaymentSeen:
    """A payment that we did not open arrived for this order (or is told anew)."""

    at: datetime
    stray: StrayPayment


@attrs.frozen(kw_only=True)
class PaymentSettled:
    """The payment counts."""

    at: datetime
    attempt: int
    receipt: Receipt


@attrs.frozen(kw_only=True)
class PaymentReturned:
    """A payment that had settled went back to the payer."""

    at: datetime
    attempt: int


@attrs.frozen(kw_only=True)
class PaymentVoided:
    """
    The payment ended without settling anything.

    Attributes:
        received: the coins that arrived on it all the same; mostly none.
    """

    at: datetime
    attempt: int
    why: VoidReason
    received: CoinAmount


@attrs.frozen(kw_only=True)
class ReservationPlanned:
    """A purchase is to be made."""

    at: datetime
    plan: Plan


@attrs.frozen(kw_only=True)
class ReservationClaimed:
    """A worker is about to buy: written before the call."""

    at: datetime
    number: int


@attrs.frozen(kw_only=True)
class ReservationReleased:
    """The supplier could not be asked: this try bought nothing."""

    at: datetime
    number: int


@attrs.frozen(kw_only=True)
class ReservationDoubted:
    """The supplier gave no usable answer, or whoever was buying died."""

    at: datetime
    number: int


@attrs.frozen(kw_only=True)
class ReservationPlaced:
    """The supplier has it, and charged us."""

    at: datetime
    number: int
    supplier_order_id: SupplierOrderId
    charged: Money
    word: SupplierWord


@attrs.frozen(kw_only=True)
class ReservationRefused:
    """Nothing was bought, and nothing will be under this reference."""

    at: datetime
    number: int
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class SupplierProgressed:
    """The supplier's word on a placed purchase changed."""

    at: datetime
    number: int
    word: SupplierWord


@attrs.frozen(kw_only=True)
class ReservationFell:
    """The supplier cancelled or refunded a placed purchase."""

    at: datetime
    number: int
    word: SupplierWord


@attrs.frozen(kw_only=True)
class KeyHeld:
    """One unit's key is sealed, read back, and ours."""

    at: datetime
    unit_id: UnitId
    number: int
    supplier_key_id: SupplierKeyId
    storage_ref: StorageRef


@attrs.frozen(kw_only=True)
class ReservationCompleted:
    """All keys of a purchase are held."""

    at: datetime
    number: int


@attrs.frozen(kw_only=True)
class OrderFulfilled:
    """The last owed key is held."""

    at: datetime


@attrs.frozen(kw_only=True)
class OrderExpired:
    """The buyer's time ran out."""

    at: datetime


@attrs.frozen(kw_only=True)
class OrderCancelled:
    """Somebody called it off before it was paid."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class OrderRefunded:
    """The money went back to the buyer, outside of this program; a person says so."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class LinkIssued:
    """A delivery link was made; it revokes the earlier ones."""

    at: datetime
    link_id: LinkId
    expires_at: datetime
    by: str


@attrs.frozen(kw_only=True)
class FindingOpened:
    """A person is needed."""

    at: datetime
    finding: Finding


@attrs.frozen(kw_only=True)
class FindingResolved:
    """What a person was needed for is settled."""

    at: datetime
    finding_id: FindingId
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class OrderRetried:
    """A person asked for another try of whatever is stuck."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class BuyerForgotten:
    """Who bought was erased, because somebody asked for it; the books stay."""

    at: datetime
    by: str
    reason: str


OrderStep: TypeAlias = (
    PaymentIntended
    | PaymentDoubted
    | PaymentRefused
    | PaymentOpened
    | PaymentProgressed
    | PaymentFellShort
    | PaymentHeldForReview
    | StrayPaymentSeen
    | PaymentSettled
    | PaymentReturned
    | PaymentVoided
    | ReservationPlanned
    | ReservationClaimed
    | ReservationReleased
    | ReservationDoubted
    | ReservationPlaced
    | ReservationRefused
    | SupplierProgressed
    | ReservationFell
    | KeyHeld
    | ReservationCompleted
    | OrderFulfilled
    | OrderExpired
    | OrderCancelled
    | OrderRefunded
    | LinkIssued
    | FindingOpened
    | FindingResolved
    | OrderRetried
    | StaffStep
    | BuyerForgotten
)
"""What can happen to an order that is placed."""
OrderEvent: TypeAlias = OrderPlaced | OrderStep


def without_buyer(event: OrderEvent) -> OrderEvent:
    """An event as it may be kept where nothing is ever taken out again: it names nobody."""
    return attrs.evolve(event, buyer=UnnamedBuyer()) if isinstance(event, OrderPlaced) else event
