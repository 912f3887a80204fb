"""
What can be asked of an order, or told to it. Imperative; the sender has made fresh identifiers and read the clock.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.payments import Invoice
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.staff_commands import StaffCommand
from bitloot_core.values.ids import (
    FindingId,
    GatewayPaymentId,
    LinkId,
    StorageRef,
    SupplierKeyId,
    SupplierOrderId,
    UnitId,
)
from bitloot_core.values.money import Money
from bitloot_core.values.reading import PaymentReading


@attrs.frozen(kw_only=True)
class IntendPayment:
    """The buyer wants to pay in this coin."""

    coin: str


@attrs.frozen(kw_only=True)
class RecordInvoice:
    """The gateway opened the payment of an attempt."""

    attempt: int
    invoice: Invoice


@attrs.frozen(kw_only=True)
class RecordPaymentDoubt:
    """The gateway gave no usable answer."""

    attempt: int


@attrs.frozen(kw_only=True)
class RecordPaymentRefusal:
    """The gateway refused to open the payment of an attempt."""

    attempt: int
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class RecordReading:
    """
    The gateway described a payment.

    Attributes:
        read_back: whether we asked the gateway ourselves. A notice alone moves a payment along, but settles nothing.
    """

    reading: PaymentReading
    read_back: bool


@attrs.frozen(kw_only=True)
class AcceptPayment:
    """A person lets a payment count that a machine would not."""

    gateway_id: GatewayPaymentId
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class ClaimPurchase:
    """A worker is about to buy, or to ask again under the same reference."""

    number: int


@attrs.frozen(kw_only=True)
class RecordPurchaseDoubt:
    """The supplier gave no usable answer, or whoever was buying is gone."""

    number: int


@attrs.frozen(kw_only=True)
class ReleasePurchase:
    """The supplier could not be asked at all: nothing was bought by this try."""

    number: int


@attrs.frozen(kw_only=True)
class RecordPurchase:
    """The supplier has the purchase."""

    number: int
    supplier_order_id: SupplierOrderId
    charged: Money
    word: SupplierWord


@attrs.frozen(kw_only=True)
class RecordPurchaseRefusal:
    """The supplier refused for good, or is known never to have had the purchase."""

    number: int
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class RecordSupplierWord:
    """The supplier said how far a placed purchase is."""

    number: int
    word: SupplierWord


@attrs.frozen(kw_only=True)
class SealedKey:
    """A key of a purchase, sealed for one unit and read back."""

    unit_id: UnitId
    supplier_key_id: SupplierKeyId
    storage_ref: StorageRef


@attrs.frozen(kw_only=True)
class HoldKeys:
    """
    Keys of a placed purchase are sealed.

    Attributes:
        link_id: names the link, if this makes one.
        link_expires_at: until when that link is good.
    """

    number: int
    keys: tuple[SealedKey, ...]
    link_id: LinkId
    link_expires_at: datetime


@attrs.frozen(kw_only=True)
class IssueLink:
    """Make a delivery link; it revokes the earlier ones."""

    link_id: LinkId
    expires_at: datetime
    by: str


@attrs.frozen(kw_only=True)
class ExpireOrder:
    """The buyer's time ran out; the gateway has been asked just before."""


@attrs.frozen(kw_only=True)
class CancelOrder:
    """Call it off before it is paid."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class RecordRefund:
    """The money went back to the buyer."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class RetryOrder:
    """Try whatever is stuck once more."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class OpenFinding:
    """Put something before a person; the same reason on the same subject is told once."""

    reason: FindingReason
    subject: str
    text: str
    blocking: bool
    amount: str | None = None


@attrs.frozen(kw_only=True)
class ResolveFinding:
    """A person has settled it."""

    finding_id: FindingId
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class ForgetBuyer:
    """Erase who bought, once nobody has to write to them any more."""

    by: str
    reason: str


OrderCommand: TypeAlias = (
    IntendPayment
    | RecordInvoice
    | RecordPaymentDoubt
    | RecordPaymentRefusal
    | RecordReading
    | AcceptPayment
    | ClaimPurchase
    | RecordPurchaseDoubt
    | ReleasePurchase
    | RecordPurchase
    | RecordPurchaseRefusal
    | RecordSupplierWord
    | HoldKeys
    | IssueLink
    | ExpireOrder
    | CancelOrder
    | RecordRefund
    | RetryOrder
    | OpenFinding
    | ResolveFinding
    | ForgetBuyer
    | StaffCommand
)
