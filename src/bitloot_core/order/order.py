"""
The aggregate: one order with all its parts, as one frozen value.

One aggregate and one version: an order has at most 90 units and few writers, so nothing smaller needs to be locked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import TypeAlias

import attrs

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.payments import (
    DoubtfulPayment,
    IntendedPayment,
    Named,
    Payment,
    RefusedPayment,
    counts,
    is_returned,
    name_of,
    received_of,
)
from bitloot_core.order.reservations import KeyType, Reservation, is_dead
from bitloot_core.order.returns import KeyReturn
from bitloot_core.order.units import HeldUnit, OwedUnit, Unit
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import (
    GatewayPaymentId,
    LinkId,
    OrderId,
    ProductId,
    SupplierOrderId,
    SupplierProductId,
    UnitId,
    is_event_key_id,
)
from bitloot_core.values.money import CoinAmount, Money

MOST_UNITS = 90
"""The supplier sells at most this many keys in one go. **Source:** Kinguin ESA, limits."""
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]]{1,64}@[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]]{1,189}")
_HOST = re.compile(rb"[A-Za-z0-9._-]+")


def _check_email(_: object, __: object, value: str) -> None:
    """Only what a mail can go to: once it is paid for, nobody can mend an address that no mailer takes."""
    domain = value.partition("@")[2]
    # What is not printed (a blank of no width) is pasted along unseen.
    looks_right = _EMAIL.fullmatch(value) is not None and value.isprintable() and "." in domain.strip(".")
    if not looks_right or not _is_domain(domain):
        raise InvalidInput("email", "is not an e-mail address", code="invalid-email")


def _is_domain(domain: str) -> bool:
    """
    Whether a name can be written in ASCII, with no part of it empty or over 63 characters.

    Writing it so turns wide forms into plain ones: what the first look took for a letter can be a `;` or an `@` then.
    """
    try:
        return _HOST.fullmatch(domain.encode("idna")) is not None
    except UnicodeError:
        return False


@attrs.frozen(kw_only=True)
class Buyer:
    """Who buys: an address to send the link to, and nothing else."""

    email: str = attrs.field(validator=_check_email)


@attrs.frozen(kw_only=True)
class UnnamedBuyer:
    """Nobody is named: the address was erased, or is left out where nothing can be erased (in the timeline)."""


AnyBuyer: TypeAlias = Buyer | UnnamedBuyer


@attrs.frozen(kw_only=True)
class Line:
    """
    So many of one product, with the terms as they were when the order was placed.

    Attributes:
        number: from 1, in the order's own order.
        quantity: how many keys are owed.
        unit_price: what the buyer pays for one.
        max_cost: the most that we pay the supplier for one.
        release_date: set for a preorder.
    """

    number: int
    product_id: ProductId
    supplier_product_id: SupplierProductId
    title: str
    quantity: int = attrs.field(validator=attrs.validators.in_(range(1, MOST_UNITS + 1)))
    unit_price: Money
    max_cost: Money
    key_type: KeyType = KeyType.TEXT
    release_date: date | None = None

    @property
    def total(self) -> Money:
        """What the buyer pays for the line."""
        return self.unit_price * self.quantity


@attrs.frozen(kw_only=True)
class StillOpen:
    """Nothing has closed the order."""


@attrs.frozen(kw_only=True)
class Expired:
    """The buyer's time ran out before money was seen. Late money opens the order again."""

    at: datetime


@attrs.frozen(kw_only=True)
class Fulfilled:
    """The last owed key was held: stays true whatever happens to a single unit later."""

    at: datetime


@attrs.frozen(kw_only=True)
class Cancelled:
    """Called off before it was paid."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class SentBack:
    """What had come on a payment by the time that its money was recorded as sent back."""

    gateway_id: GatewayPaymentId
    amount: CoinAmount


@attrs.frozen(kw_only=True)
class Refunded:
    """
    The buyer has the money back: final, no key goes out any more.

    Attributes:
        sent: what was sent back, payment by payment: what comes later can be told from it.
    """

    at: datetime
    by: str
    reason: str
    sent: tuple[SentBack, ...] = ()


Closing: TypeAlias = StillOpen | Expired | Fulfilled | Cancelled | Refunded


@attrs.frozen(kw_only=True)
class NoLink:
    """No delivery link has been issued."""


@attrs.frozen(kw_only=True)
class LiveLink:
    """The one delivery link that is good; an earlier one was revoked by it."""

    id: LinkId
    issued_at: datetime
    expires_at: datetime


Link: TypeAlias = NoLink | LiveLink


@attrs.frozen(kw_only=True)
class Order:
    """
    One order.

    Attributes:
        version: counts the writes; a write names the version that it read.
        findings: the open ones: what a person must look at.
        returns: what was asked to go back to the supplier, and what came of it.
        findings_opened: how many were ever opened; numbers the next one.
    """

    id: OrderId
    buyer: AnyBuyer
    lines: tuple[Line, ...]
    units: tuple[Unit, ...]
    created_at: datetime
    expires_at: datetime
    payments: tuple[Payment, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    closing: Closing = attrs.Factory(StillOpen)
    link: Link = attrs.Factory(NoLink)
    returns: tuple[KeyReturn, ...] = ()
    findings: tuple[Finding, ...] = ()
    findings_opened: int = 0
    version: int = 0

    @property
    def email(self) -> str | None:
        """Where a mail to the buyer goes; None once the buyer was forgotten."""
        return self.buyer.email if isinstance(self.buyer, Buyer) else None

    @property
    def total(self) -> Money:
        """What the buyer owes for the whole order."""
        first, *rest = (line.total for line in self.lines)
        return sum(rest, start=first)

    @property
    def is_settled(self) -> bool:
        """Whether at least one payment counts now."""
        return any(counts(payment) for payment in self.payments)

    @property
    def saw_money(self) -> bool:
        """Whether money was ever seen on it, however it came and wherever it went."""
        return any(counts(payment) or received_of(payment) is not None for payment in self.payments)

    @property
    def holds_money(self) -> bool:
        """Whether money was seen on it that the gateway has not sent back."""
        return self.is_settled or any(
            received_of(payment) is not None and not is_returned(payment) for payment in self.payments
        )

    @property
    def at_rest(self) -> bool:
        """Whether it has come to rest: nothing on it waits for a person, so no finding may cover its status."""
        return isinstance(self.closing, Fulfilled | Refunded | Cancelled)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be brought for it; one that was fulfilled can owe a key in place of a bad one."""
        return self.at_rest and not (isinstance(self.closing, Fulfilled) and self.owed)

    @property
    def is_parked(self) -> bool:
        """Whether a person put it aside: nothing is bought or mailed for it until it is taken up again."""
        return any(one.reason is FindingReason.PARKED for one in self.findings)

    @property
    def may_reveal(self) -> bool:
        """Whether keys that are held may go out: paid, and not refunded. Never read off the status word."""
        return self.is_settled and not isinstance(self.closing, Refunded)

    @property
    def owed(self) -> tuple[OwedUnit, ...]:
        """The units that still lack a key."""
        return tuple(unit for unit in self.units if isinstance(unit, OwedUnit))

    @property
    def held(self) -> tuple[HeldUnit, ...]:
        """The units whose key lies in the vault."""
        return tuple(unit for unit in self.units if isinstance(unit, HeldUnit))

    def unconfirmed(self, number: int) -> tuple[HeldUnit, ...]:
        """The units of one reservation whose key came in an event, and not from the supplier's own list."""
        return tuple(unit for unit in self.held if unit.reservation == number and is_event_key_id(unit.supplier_key_id))

    @property
    def unbought(self) -> tuple[OwedUnit, ...]:
        """The owed units that no living reservation is going to bring."""
        coming = {unit for res in self.reservations if not is_dead(res) for unit in res.plan.units}
        return tuple(unit for unit in self.owed if unit.id not in coming)

    def payment(self, attempt: int) -> Payment | None:
        """The payment of one attempt."""
        return next((payment for payment in self.payments if payment.attempt == attempt), None)

    def payment_named(self, gateway_id: GatewayPaymentId) -> Named | None:
        """The payment that the gateway calls so."""
        nameless = (IntendedPayment, DoubtfulPayment, RefusedPayment)
        named = (payment for payment in self.payments if not isinstance(payment, nameless))
        return next((payment for payment in named if name_of(payment) == gateway_id), None)

    def reservation(self, number: int) -> Reservation | None:
        """The reservation of that number."""
        return next((res for res in self.reservations if res.plan.number == number), None)

    def return_of(self, supplier_order_id: SupplierOrderId) -> KeyReturn | None:
        """What became of giving the keys of a purchase back; None if nobody asked for it."""
        return next((one for one in self.returns if one.supplier_order_id == supplier_order_id), None)

    def line(self, number: int) -> Line:
        """The line of that number; there is always one for a unit of this order."""
        return next(line for line in self.lines if line.number == number)

    def units_of(self, line: Line) -> Iterator[Unit]:
        """The units of one line."""
        return (unit for unit in self.units if unit.line == line.number)

    def unit(self, unit_id: UnitId) -> Unit | None:
        """The unit of that name."""
        return next((unit for unit in self.units if unit.id == unit_id), None)
