"""
How parts of an order stand in a column: JSON with a tag that says which state it is.

Tags are stored, so they never change their meaning; a tag that this version does not know is an error, never a default.
The domain's classes are not mapped: this is the one module that knows their JSON.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast, get_args

import attrs
from cattrs.preconf.msgspec import MsgspecJsonConverter, make_converter
from cattrs.strategies import configure_tagged_union

from bitloot_adapters.sql.columns import digits, storable
from bitloot_core.order.alerts import Alert
from bitloot_core.order.events import OrderEvent
from bitloot_core.order.findings import Finding
from bitloot_core.order.order import (
    AnyBuyer,
    Buyer,
    Cancelled,
    Closing,
    Expired,
    Fulfilled,
    Line,
    Link,
    LiveLink,
    NoLink,
    Refunded,
    StillOpen,
    UnnamedBuyer,
)
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
)
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
    Reservation,
)
from bitloot_core.order.returns import AcceptedReturn, AskedReturn, KeyReturn, RefusedReturn
from bitloot_core.order.units import HeldUnit, OwedUnit, ReplacedUnit, ReturnedUnit, Unit

T = TypeVar("T")
TAG = "is"
PAYMENT_TAGS: Mapping[type[Payment], str] = {
    IntendedPayment: "intended",
    DoubtfulPayment: "in-doubt",
    RefusedPayment: "refused",
    OpenPayment: "open",
    ShortPayment: "short",
    ReviewedPayment: "review",
    StrayPayment: "stray",
    AcceptedStray: "accepted",
    SettledPayment: "settled",
    ReturnedPayment: "returned",
    ReturnedStray: "stray-returned",
    VoidPayment: "void",
}
RESERVATION_TAGS: Mapping[type[Reservation], str] = {
    PlannedReservation: "planned",
    ClaimedReservation: "claimed",
    DoubtfulReservation: "in-doubt",
    PlacedReservation: "placed",
    CompletedReservation: "completed",
    RefusedReservation: "refused",
    FallenReservation: "fallen",
}
UNIT_TAGS: Mapping[type[Unit], str] = {
    OwedUnit: "owed",
    HeldUnit: "held",
    ReturnedUnit: "returned",
    ReplacedUnit: "replaced",
}
CLOSING_TAGS: Mapping[type[Closing], str] = {
    StillOpen: "open",
    Expired: "expired",
    Fulfilled: "fulfilled",
    Cancelled: "cancelled",
    Refunded: "refunded",
}
BUYER_TAGS: Mapping[type[AnyBuyer], str] = {Buyer: "named", UnnamedBuyer: "unnamed"}
RETURN_TAGS: Mapping[type[KeyReturn], str] = {
    AskedReturn: "asked",
    AcceptedReturn: "accepted",
    RefusedReturn: "refused",
}
LINK_TAGS: Mapping[type[Link], str] = {NoLink: "none", LiveLink: "live"}
EVENT_TAGS: Mapping[type[OrderEvent], str] = {event: event.__name__ for event in get_args(OrderEvent)}


@attrs.frozen(kw_only=True)
class Head:
    """What an order says besides its parts."""

    buyer: AnyBuyer
    created_at: datetime
    expires_at: datetime
    closing: Closing
    link: Link
    findings_opened: int
    returns: tuple[KeyReturn, ...] = ()


def _converter() -> MsgspecJsonConverter:
    converter = make_converter(detailed_validation=False)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    converter.register_unstructure_hook(Decimal, digits)
    for union, tags in (
        (Payment, PAYMENT_TAGS),
        (Reservation, RESERVATION_TAGS),
        (Unit, UNIT_TAGS),
        (Closing, CLOSING_TAGS),
        (AnyBuyer, BUYER_TAGS),
        (Link, LINK_TAGS),
        (KeyReturn, RETURN_TAGS),
        (OrderEvent, EVENT_TAGS),
    ):
        configure_tagged_union(union, converter, tag_generator=tags.__getitem__, tag_name=TAG)
    return converter


_JSON = _converter()
# An order is read many times while it is worked on, and most of its parts are as they were: values never change, so
# equal texts may share one.
_remembered = functools.lru_cache(maxsize=512)


def dump_payment(payment: Payment) -> str:
    """A payment as it is stored."""
    return _dump(payment, Payment)


@_remembered
def load_payment(state: str) -> Payment:
    """A payment as it was stored."""
    return cast("Payment", _load(state, Payment))


def dump_reservation(reservation: Reservation) -> str:
    """A reservation as it is stored."""
    return _dump(reservation, Reservation)


@_remembered
def load_reservation(state: str) -> Reservation:
    """A reservation as it was stored."""
    return cast("Reservation", _load(state, Reservation))


def dump_unit(unit: Unit) -> str:
    """A unit as it is stored."""
    return _dump(unit, Unit)


@_remembered
def load_unit(state: str) -> Unit:
    """A unit as it was stored."""
    return cast("Unit", _load(state, Unit))


def dump_event(event: OrderEvent) -> str:
    """An event as it is stored."""
    return _dump(event, OrderEvent)


def load_event(data: str) -> OrderEvent:
    """An event as it was stored."""
    return cast("OrderEvent", _load(data, OrderEvent))


def event_fields(event: OrderEvent) -> Mapping[str, object]:
    """An event's fields as plain JSON values, without the tag."""
    fields = _JSON.unstructure(event)
    return cast("Mapping[str, object]", _JSON.loads(_JSON.dumps(fields), dict[str, Any]))


def dump_line(line: Line) -> str:
    """A line as it is stored."""
    return _dump(line, Line)


@_remembered
def load_line(state: str) -> Line:
    """A line as it was stored."""
    return cast("Line", _load(state, Line))


def dump_finding(finding: Finding) -> str:
    """A finding as it is stored."""
    return _dump(finding, Finding)


def load_finding(state: str) -> Finding:
    """A finding as it was stored."""
    return cast("Finding", _load(state, Finding))


def dump_alert(alert: Alert) -> str:
    """An alert as it is stored."""
    return _dump(alert, Alert)


def load_alert(state: str) -> Alert:
    """An alert as it was stored."""
    return cast("Alert", _load(state, Alert))


def dump_head(head: Head) -> str:
    """The rest of an order as it is stored."""
    return _dump(head, Head)


@_remembered
def load_head(state: str) -> Head:
    """The rest of an order as it was stored."""
    return cast("Head", _load(state, Head))


def _dump(value: object, form: Any) -> str:
    try:
        return _JSON.dumps(value, unstructure_as=form).decode()
    except UnicodeEncodeError:
        # A vendor's text with half a character in it: what it says of money is kept all the same.
        return _JSON.dumps(_mended(_JSON.unstructure(value, unstructure_as=form))).decode()


def _mended(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {name: _mended(item) for name, item in value.items()}
        case list() | tuple():
            return [_mended(item) for item in value]
        case _:
            return value


def _load(state: str, form: Any) -> Any:
    return _JSON.loads(state.encode(), form)
