"""What clients send."""

from __future__ import annotations

from datetime import datetime

import attrs

from bitloot_core.order.order import MOST_UNITS
from bitloot_core.ports.queries import OrderFilter, ReservationFilter, Slice, WebhookFilter
from bitloot_http.shapes import shape

MOST_ROWS = 100
ROWS = 25
LONGEST_NAME = 128
LONGEST_EMAIL = 254
LONGEST_REASON = 500
COIN = "[A-Za-z0-9]{2,20}"


@attrs.frozen(kw_only=True)
class ItemBody:
    """So many of one product."""

    product_id: str = attrs.field(
        metadata=shape("The product, as in `/products`.", shortest=1, longest=LONGEST_NAME, code="unknown-product")
    )
    quantity: int = attrs.field(
        metadata=shape(
            f"How many; {MOST_UNITS} keys an order at most.", least=1, most=MOST_UNITS, code="invalid-quantity"
        )
    )


@attrs.frozen(kw_only=True)
class PlaceOrderBody:
    """An order. Prices are the server's business; lines of the same product are merged."""

    email: str = attrs.field(
        metadata=shape(
            "Where the delivery link goes.", shortest=3, longest=LONGEST_EMAIL, form="email", code="invalid-email"
        )
    )
    items: tuple[ItemBody, ...] = attrs.field(
        metadata=shape("What is ordered.", shortest=1, longest=MOST_UNITS, code="invalid-items")
    )
    pay_currency: str | None = attrs.field(
        default=None,
        metadata=shape(
            "The coin to pay with, as in `/coins`; without it a payment is asked for later.",
            pattern=COIN,
            code="unknown-coin",
        ),
    )


@attrs.frozen(kw_only=True)
class PaymentBody:
    """Another coin, or another try."""

    pay_currency: str = attrs.field(
        metadata=shape("The coin to pay with, as in `/coins`.", pattern=COIN, code="unknown-coin")
    )


@attrs.frozen(kw_only=True)
class ReasonBody:
    """Why a person of the staff does this; kept in the audit."""

    reason: str = attrs.field(
        metadata=shape("In your own words.", shortest=1, longest=LONGEST_REASON, code="invalid-reason")
    )


@attrs.frozen(kw_only=True)
class FormatQuery:
    """How a list is wanted."""

    format: str | None = attrs.field(
        default=None,
        metadata=shape("`csv` for the whole list as CSV, whatever the limit; else `json`.", pattern="csv|json"),
    )


@attrs.frozen(kw_only=True)
class ListQuery(FormatQuery):
    """Which part of a list."""

    limit: int = attrs.field(
        default=ROWS, metadata=shape("Rows on a page.", least=1, most=MOST_ROWS, code="invalid-limit")
    )
    cursor: str | None = attrs.field(
        default=None, metadata=shape("`nextCursor` of the page before.", longest=200, code="invalid-cursor")
    )
    since: datetime | None = attrs.field(default=None, metadata=shape("Not before this time.", name="from"))
    until: datetime | None = attrs.field(default=None, metadata=shape("Before this time.", name="to"))

    @property
    def part(self) -> Slice:
        """The part of the list, for the core."""
        return Slice(limit=self.limit, cursor=self.cursor, since=self.since, until=self.until)


@attrs.frozen(kw_only=True)
class OrdersQuery(ListQuery):
    """Which orders."""

    status: str | None = attrs.field(default=None, metadata=shape("The status word.", longest=LONGEST_NAME))
    email: str | None = attrs.field(default=None, metadata=shape("The buyer's address.", longest=LONGEST_EMAIL))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))
    kinguin_reservation_id: str | None = attrs.field(
        default=None, metadata=shape("The supplier's name of a purchase.", longest=LONGEST_NAME)
    )
    supplier_key_id: str | None = attrs.field(
        default=None, metadata=shape("The supplier's name of a key, not the key.", longest=LONGEST_NAME)
    )
    undelivered: bool = attrs.field(
        default=False, metadata=shape("`true` for those alone that are paid, and owed a key, and not closed.")
    )

    @property
    def which(self) -> OrderFilter:
        """The filter, for the core."""
        return OrderFilter(
            status=self.status,
            email=self.email,
            order_id=self.order_id,
            supplier_order_id=self.kinguin_reservation_id,
            supplier_key_id=self.supplier_key_id,
            undelivered=self.undelivered,
        )


@attrs.frozen(kw_only=True)
class ReservationsQuery(ListQuery):
    """Which reservations."""

    kinguin_reservation_id: str | None = attrs.field(
        default=None, metadata=shape("The supplier's name of a purchase.", longest=LONGEST_NAME)
    )
    status: str | None = attrs.field(default=None, metadata=shape("The status word.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))

    @property
    def which(self) -> ReservationFilter:
        """The filter, for the core."""
        return ReservationFilter(
            supplier_order_id=self.kinguin_reservation_id, status=self.status, order_id=self.order_id
        )


@attrs.frozen(kw_only=True)
class WebhooksQuery(ListQuery):
    """Which webhooks."""

    source: str | None = attrs.field(default=None, metadata=shape("`nowpayments` or `kinguin`.", longest=LONGEST_NAME))
    type: str | None = attrs.field(default=None, metadata=shape("The sender's subject.", longest=LONGEST_NAME))
    status: str | None = attrs.field(default=None, metadata=shape("The status word.", longest=LONGEST_NAME))
    order_id: str | None = attrs.field(default=None, metadata=shape("One order.", longest=LONGEST_NAME))
    external_id: str | None = attrs.field(default=None, metadata=shape("The sender's id.", longest=LONGEST_NAME))

    @property
    def which(self) -> WebhookFilter:
        """The filter, for the core."""
        return WebhookFilter(
            source=self.source,
            type=self.type,
            status=self.status,
            order_id=self.order_id,
            external_id=self.external_id,
        )


@attrs.frozen(kw_only=True)
class SearchQuery:
    """What the one box of the console is asked for."""

    q: str | None = attrs.field(default=None, metadata=shape("A name of anything.", longest=LONGEST_EMAIL))
