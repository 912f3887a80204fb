"""
The states of one payment. Each holds exactly what is known in it.

A payment is one attempt to collect the order's price in one coin. An order may have several: another coin, another try,
a repeated deposit. None of them decides alone; `status.status_of` looks at all.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import TypeAlias, TypeGuard

import attrs

from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.money import CoinAmount, Money
from bitloot_core.values.reading import PaymentWord

GATEWAY = "gateway"
"""Who accepted a payment that matched by itself."""


@attrs.frozen(kw_only=True)
class Invoice:
    """
    What the gateway asked the buyer to pay.

    Attributes:
        gateway_id: the gateway's name of the payment.
        price: what the order costs.
        due: the coins that must arrive.
        address: where they go.
        extra_id: the memo or tag that must go with the address, for the coins that have one.
        expires_at: until when the rate is shown to the buyer.
        void_at: from when the gateway no longer waits for a deposit.
    """

    gateway_id: GatewayPaymentId
    price: Money
    due: CoinAmount
    address: str
    extra_id: str | None
    expires_at: datetime
    void_at: datetime


@attrs.frozen(kw_only=True)
class Receipt:
    """
    Money that counts.

    Attributes:
        received: the coins that arrived.
        settled_at: when we accepted it.
        accepted_by: `GATEWAY` where it matched by itself, "admin:NAME" where a person decided.
    """

    received: CoinAmount
    settled_at: datetime
    accepted_by: str


class VoidReason(enum.StrEnum):
    """Why a payment brought nothing."""

    EXPIRED = "expired"
    FAILED = "failed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class IntendedPayment:
    """We are about to ask the gateway: written before the call."""

    attempt: int
    coin: str
    intended_at: datetime


@attrs.frozen(kw_only=True)
class DoubtfulPayment:
    """We asked and no usable answer came: the gateway may know a payment that we have no name for."""

    attempt: int
    coin: str
    intended_at: datetime


@attrs.frozen(kw_only=True)
class RefusedPayment:
    """The gateway refused to open it (amount below the coin's minimum, coin switched off)."""

    attempt: int
    coin: str
    code: str
    reason: str
    refused_at: datetime


@attrs.frozen(kw_only=True)
class OpenPayment:
    """The gateway waits for coins, or sees them coming."""

    attempt: int
    invoice: Invoice
    progress: PaymentWord
    told_at: datetime | None


@attrs.frozen(kw_only=True)
class ShortPayment:
    """Less than due arrived, and the gateway kept it."""

    attempt: int
    invoice: Invoice
    received: CoinAmount


@attrs.frozen(kw_only=True)
class ReviewedPayment:
    """Money arrived, but not as asked: a person decides."""

    attempt: int
    invoice: Invoice
    received: CoinAmount
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class StrayPayment:
    """A payment that we did not open, for an order of ours: a repeated deposit, a top-up, a wrong asset."""

    attempt: int
    gateway_id: GatewayPaymentId
    parent_id: GatewayPaymentId | None
    received: CoinAmount
    word: PaymentWord
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AcceptedStray:
    """A stray payment that a person let count."""

    attempt: int
    gateway_id: GatewayPaymentId
    parent_id: GatewayPaymentId | None
    receipt: Receipt


@attrs.frozen(kw_only=True)
class SettledPayment:
    """The price is paid: read back from the gateway and compared, or accepted by a person."""

    attempt: int
    invoice: Invoice
    receipt: Receipt


@attrs.frozen(kw_only=True)
class ReturnedPayment:
    """It had settled, and then the gateway sent the money back."""

    attempt: int
    invoice: Invoice
    receipt: Receipt
    returned_at: datetime


@attrs.frozen(kw_only=True)
class ReturnedStray:
    """A stray payment that a person had let count, and that the gateway then sent back."""

    attempt: int
    gateway_id: GatewayPaymentId
    parent_id: GatewayPaymentId | None
    receipt: Receipt
    returned_at: datetime


@attrs.frozen(kw_only=True)
class VoidPayment:
    """
    It ended without settling anything. A late deposit can still turn it into a settled one.

    Attributes:
        received: the coins that arrived all the same; mostly none.
    """

    attempt: int
    invoice: Invoice
    why: VoidReason
    received: CoinAmount
    ended_at: datetime


Payment: TypeAlias = (
    IntendedPayment
    | DoubtfulPayment
    | RefusedPayment
    | OpenPayment
    | ShortPayment
    | ReviewedPayment
    | StrayPayment
    | AcceptedStray
    | SettledPayment
    | ReturnedPayment
    | ReturnedStray
    | VoidPayment
)
Invoiced: TypeAlias = OpenPayment | ShortPayment | ReviewedPayment | SettledPayment | ReturnedPayment | VoidPayment
"""The states in which the gateway has given us an invoice."""


Named: TypeAlias = Invoiced | StrayPayment | AcceptedStray | ReturnedStray
"""The states in which the gateway has a name for it."""


def coin_of(payment: Payment) -> str:
    """The coin that a payment is made in."""
    match payment:
        case IntendedPayment() | DoubtfulPayment() | RefusedPayment():
            return payment.coin
        case StrayPayment():
            return payment.received.coin
        case AcceptedStray() | ReturnedStray():
            return payment.receipt.received.coin
        case _:
            return payment.invoice.due.coin


def gateway_id_of(payment: Payment) -> GatewayPaymentId | None:
    """The gateway's name of a payment, where it has one yet."""
    match payment:
        case IntendedPayment() | DoubtfulPayment() | RefusedPayment():
            return None
        case _:
            return name_of(payment)


def name_of(payment: Named) -> GatewayPaymentId:
    """The gateway's name of a payment that has one."""
    unasked = StrayPayment | AcceptedStray | ReturnedStray
    return payment.gateway_id if isinstance(payment, unasked) else payment.invoice.gateway_id


def received_of(payment: Payment) -> CoinAmount | None:
    """All coins that were ever seen on a payment, also those that went back; None where none were."""
    match payment:
        case ShortPayment() | ReviewedPayment() | StrayPayment() | VoidPayment():
            seen = payment.received
        case SettledPayment() | AcceptedStray() | ReturnedPayment() | ReturnedStray():
            seen = payment.receipt.received
        case _:
            return None
    return seen if seen.amount else None


def is_returned(payment: Payment) -> bool:
    """Whether the gateway has sent a payment's coins back."""
    return isinstance(payment, ReturnedPayment | ReturnedStray) or (
        isinstance(payment, VoidPayment) and payment.why is VoidReason.REFUNDED
    )


def counts(payment: Payment) -> bool:
    """Whether a payment settles its order."""
    return isinstance(payment, SettledPayment | AcceptedStray)


def is_let_count(payment: Payment) -> TypeGuard[SettledPayment | AcceptedStray]:
    """Whether a payment settles its order because a person said so."""
    return isinstance(payment, SettledPayment | AcceptedStray) and payment.receipt.accepted_by != GATEWAY
