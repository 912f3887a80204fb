"""What the buyer sees: the order, its payments, its timeline, and in the end the keys."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Self, assert_never

import attrs

from bitloot_core.order.order import Line, Order
from bitloot_core.order.payments import (
    AcceptedStray,
    DoubtfulPayment,
    IntendedPayment,
    Invoice,
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
)
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.units import HeldUnit, OwedUnit
from bitloot_core.ports.queries import TimelineRow
from bitloot_core.usecases.opening import RevealedKey
from bitloot_core.values.keys import TEXT
from bitloot_core.values.money import CoinAmount, Money
from bitloot_core.values.secret import Secret
from bitloot_http.shapes import shape


@attrs.frozen(kw_only=True)
class ItemView:
    """One line of an order."""

    item_id: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money
    delivered: int = attrs.field(metadata=shape("Keys that are ready."))
    owed: int = attrs.field(metadata=shape("Keys that are still to come."))

    @classmethod
    def of(cls, order: Order, line: Line) -> Self:
        """Count what is ready and what is owed of one line."""
        units = tuple(order.units_of(line))
        return cls(
            item_id=str(line.number),
            product_id=line.product_id,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.unit_price,
            delivered=sum(isinstance(unit, HeldUnit) for unit in units),
            owed=sum(isinstance(unit, OwedUnit) for unit in units),
        )


@attrs.frozen(kw_only=True)
class PaymentView:
    """One payment: what to send where, or what became of it."""

    payment_id: str = attrs.field(metadata=shape("The payment gateway's name of it."))
    status: str = attrs.field(
        metadata=shape(
            "`waiting`, `confirming`, `confirmed`, `sending`, `finished`, `partially_paid`, `expired`, `failed`, "
            "`refunded`, `cancelled`, or `review`: a person looks at it."
        )
    )
    pay_currency: str
    pay_amount: str = attrs.field(metadata=shape("In whole coins, as plain digits."))
    pay_address: str | None = attrs.field(metadata=shape("None for coins that came without being asked for."))
    pay_extra_id: str | None = attrs.field(metadata=shape("Memo or tag; coins sent without it do not arrive."))
    expires_at: datetime | None = attrs.field(metadata=shape("Until when the amount is good."))

    @classmethod
    def of(cls, payment: Payment) -> Self | None:
        """Show a payment; None for one that the gateway has not named, to which nobody can send anything."""
        match payment:
            case IntendedPayment() | DoubtfulPayment() | RefusedPayment():
                return None
            case OpenPayment():
                return cls._asked(payment.invoice, str(payment.progress))
            case ShortPayment():
                return cls._asked(payment.invoice, "partially_paid")
            case ReviewedPayment():
                return cls._asked(payment.invoice, "review")
            case SettledPayment():
                return cls._asked(payment.invoice, "finished")
            case ReturnedPayment():
                return cls._asked(payment.invoice, "refunded")
            case VoidPayment():
                return cls._asked(payment.invoice, str(payment.why))
            case StrayPayment():
                return cls._unasked(payment.gateway_id, payment.received, "review")
            case AcceptedStray():
                return cls._unasked(payment.gateway_id, payment.receipt.received, "finished")
            case ReturnedStray():
                return cls._unasked(payment.gateway_id, payment.receipt.received, "refunded")
            case never:
                assert_never(never)

    @classmethod
    def all_of(cls, payments: Iterable[Payment]) -> tuple[Self, ...]:
        """Show those payments that can be shown, in their order."""
        return tuple(view for payment in payments if (view := cls.of(payment)) is not None)

    @classmethod
    def _asked(cls, invoice: Invoice, status: str) -> Self:
        return cls(
            payment_id=invoice.gateway_id,
            status=status,
            pay_currency=invoice.due.coin,
            pay_amount=invoice.due.text,
            pay_address=invoice.address,
            pay_extra_id=invoice.extra_id,
            expires_at=invoice.expires_at,
        )

    @classmethod
    def _unasked(cls, payment_id: str, received: CoinAmount, status: str) -> Self:
        return cls(
            payment_id=payment_id,
            status=status,
            pay_currency=received.coin,
            pay_amount=received.text,
            pay_address=None,
            pay_extra_id=None,
            expires_at=None,
        )


@attrs.frozen(kw_only=True)
class TimelineView:
    """Something that happened to the order."""

    at: datetime
    event: str
    text: str

    @classmethod
    def public(cls, rows: Iterable[TimelineRow]) -> tuple[Self, ...]:
        """What a buyer may read."""
        return tuple(
            cls(at=row.at, event=row.event, text=row.public_text) for row in rows if row.public_text is not None
        )

    @classmethod
    def whole(cls, rows: Iterable[TimelineRow]) -> tuple[Self, ...]:
        """What the operator reads."""
        return tuple(cls(at=row.at, event=row.event, text=row.text) for row in rows)


@attrs.frozen(kw_only=True)
class OrderView:
    """An order as its buyer sees it: never a key, a link, or a name of the supplier's."""

    order_id: str
    status: Status
    total: Money
    created_at: datetime
    expires_at: datetime = attrs.field(metadata=shape("Until when an unpaid order waits."))
    items: tuple[ItemView, ...]
    payments: tuple[PaymentView, ...]
    timeline: tuple[TimelineView, ...]

    @classmethod
    def of(cls, order: Order, timeline: Iterable[TimelineRow]) -> Self:
        """Show an order to its buyer."""
        return cls(
            order_id=order.id,
            status=shown_status(order),
            total=order.total,
            created_at=order.created_at,
            expires_at=order.expires_at,
            items=tuple(ItemView.of(order, line) for line in order.lines),
            payments=PaymentView.all_of(order.payments),
            timeline=TimelineView.public(timeline),
        )


@attrs.frozen(kw_only=True)
class OrderPlacedView:
    """A placed order. Keep the access token: it opens the order's status, and nothing else does."""

    order_id: str
    access_token: Secret = attrs.field(metadata=shape("Opens `GET /orders/{orderId}`, as a bearer token."))
    status: Status
    total: Money
    items: tuple[ItemView, ...]
    payment: PaymentView | None = attrs.field(
        metadata=shape("None if no coin was named, or the gateway could not be reached: ask for one later.")
    )

    @classmethod
    def of(cls, order: Order, access_token: Secret) -> Self:
        """Show an order to the one who has just placed it."""
        payments = PaymentView.all_of(order.payments)
        return cls(
            order_id=order.id,
            access_token=access_token,
            status=shown_status(order),
            total=order.total,
            items=tuple(ItemView.of(order, line) for line in order.lines),
            payment=payments[-1] if payments else None,
        )


@attrs.frozen(kw_only=True)
class KeyView:
    """One product key, in the clear."""

    unit_id: str
    product_id: str
    title: str
    type: str = attrs.field(metadata=shape("`text/plain`, or the media type of a picture."))
    value: Secret = attrs.field(metadata=shape("The text, or the picture in base64."))

    @classmethod
    def of(cls, key: RevealedKey) -> Self:
        """Show a key."""
        material = key.material
        text = material.content.decode() if material.is_text else base64.b64encode(material.content).decode()
        return cls(
            unit_id=key.unit_id,
            product_id=key.product_id,
            title=key.title,
            type=material.media_type,
            value=Secret(text),
        )

    @property
    def is_text(self) -> bool:
        """Whether a person reads it as text."""
        return self.type == TEXT


@attrs.frozen(kw_only=True)
class RevealedView:
    """The keys of an order that are ready."""

    keys: tuple[KeyView, ...]

    @classmethod
    def of(cls, keys: Iterable[RevealedKey]) -> Self:
        """Show keys."""
        return cls(keys=tuple(map(KeyView.of, keys)))
