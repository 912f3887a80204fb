"""
`evolve` applies what happened; `TRANSITIONS` says which status may follow which. Nothing else changes an order.

`evolve` never decides and never refuses what is lawful: an event that has no row in the table, or leads to a status
its row does not admit, is a fault of this program and raises, leaving everything as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import attrs

from bitloot_core.order import events as e
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Cancelled, Expired, Fulfilled, LiveLink, Order, Refunded
from bitloot_core.order.payment_steps import apply_to_payments
from bitloot_core.order.reservation_steps import apply_to_reservations, approve, hold
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.units import OwedUnit
from bitloot_core.values.ids import finding_id, unit_id

S = Status
_UNPAID = frozenset({S.CREATED, S.WAITING, S.CONFIRMING, S.UNDERPAID, S.EXPIRED, S.FAILED})
_MONEY = frozenset({S.PAID, S.FULFILLING})
_FINAL = frozenset({S.FULFILLED, S.REFUNDED, S.CANCELLED})


def _rows() -> dict[Status, dict[type[e.OrderEvent], frozenset[Status]]]:
    """
    Build the table; what is not in it is impossible.

    A final status has only rows that lead back to itself, save that a fulfilled order, or a cancelled one whose money
    came late, can be refunded.
    """
    table: dict[Status, dict[type[e.OrderEvent], frozenset[Status]]] = {}
    told = (e.FindingOpened, e.FindingResolved, e.StrayPaymentSeen, e.OrderRetried)
    of_payment = (
        e.PaymentDoubted,
        e.PaymentRefused,
        e.PaymentOpened,
        e.PaymentProgressed,
        e.PaymentFellShort,
        e.PaymentHeldForReview,
        e.PaymentVoided,
    )
    of_purchase = (
        e.ReservationPlaced,
        e.SupplierProgressed,
        e.ReservationFell,
        e.KeyHeld,
        e.ReservationCompleted,
    )
    for status in _UNPAID:
        table[status] = (
            dict.fromkeys(told, frozenset({status}))
            | dict.fromkeys(of_payment, _UNPAID)
            | {
                e.PaymentIntended: _UNPAID,
                e.PaymentSettled: frozenset({S.PAID}),
                e.OrderExpired: frozenset({S.EXPIRED}),
                e.OrderCancelled: frozenset({S.CANCELLED}),
                e.OrderRefunded: frozenset({S.REFUNDED}),
            }
        )
    before_purchase = (
        e.ReservationPlanned,
        e.ReservationClaimed,
        e.ReservationReleased,
        e.ReservationDoubted,
        e.ReservationRefused,
    )
    for status in _MONEY:
        stays = (*told, *of_payment, *before_purchase, e.PaymentSettled, e.PaymentReturned)
        table[status] = dict.fromkeys(stays, frozenset({status})) | {
            e.ReservationPlaced: frozenset({S.FULFILLING}),
            e.OrderRefunded: frozenset({S.REFUNDED}),
        }
    table[S.FULFILLING] |= dict.fromkeys((*of_purchase, e.LinkIssued), frozenset({S.FULFILLING}))
    table[S.FULFILLING] |= {e.OrderFulfilled: frozenset({S.FULFILLED})}
    for status in _FINAL:
        rest = (*told, *of_payment, e.PaymentSettled, e.PaymentReturned)
        table[status] = dict.fromkeys(rest, frozenset({status}))
    table[S.FULFILLED] |= dict.fromkeys((*before_purchase, *of_purchase, e.LinkIssued), frozenset({S.FULFILLED}))
    table[S.REFUNDED] |= dict.fromkeys((*before_purchase[2:], *of_purchase), frozenset({S.REFUNDED}))
    table[S.FULFILLED][e.OrderRefunded] = table[S.CANCELLED][e.OrderRefunded] = frozenset({S.REFUNDED})
    return table


TRANSITIONS: Mapping[Status, Mapping[type[e.OrderEvent], frozenset[Status]]] = _rows()
"""(status, event) -> the statuses that may follow. `attention` lies over the status and is in no row."""


def place(event: e.OrderPlaced) -> Order:
    """Make the order that an `OrderPlaced` describes."""
    return Order(
        id=event.order_id,
        buyer=event.buyer,
        lines=event.lines,
        units=tuple(
            OwedUnit(id=unit_id(line.number, number), line=line.number)
            for line in event.lines
            for number in range(1, line.quantity + 1)
        ),
        created_at=event.at,
        expires_at=event.expires_at,
    )


def evolve(order: Order, event: e.OrderEvent) -> Order:
    """
    Apply one event.

    Raises:
        ImpossibleEvent: the event cannot follow here; `order` is unchanged, as ever.
    """
    status = status_of(order)
    allowed = TRANSITIONS[status].get(type(event))
    if allowed is None or isinstance(event, e.OrderPlaced):
        raise ImpossibleEvent(order.id, event, f"the table has no row for it under {status}")
    after = _apply(order, event)
    if status_of(after) not in allowed:
        raise ImpossibleEvent(order.id, event, f"it would lead from {status} to {status_of(after)}")
    return after


def evolve_all(order: Order, events: tuple[e.OrderEvent, ...]) -> Order:
    """Apply events one after another."""
    for event in events:
        order = evolve(order, event)
    return order


def _apply(order: Order, event: e.OrderStep) -> Order:
    match event:
        case (
            e.PaymentIntended()
            | e.PaymentDoubted()
            | e.PaymentRefused()
            | e.PaymentOpened()
            | e.PaymentProgressed()
            | e.PaymentFellShort()
            | e.PaymentHeldForReview()
            | e.StrayPaymentSeen()
            | e.PaymentSettled()
            | e.PaymentReturned()
            | e.PaymentVoided()
        ):
            return apply_to_payments(order, event)
        case (
            e.ReservationPlanned()
            | e.ReservationClaimed()
            | e.ReservationReleased()
            | e.ReservationDoubted()
            | e.ReservationPlaced()
            | e.ReservationRefused()
            | e.SupplierProgressed()
            | e.ReservationFell()
            | e.ReservationCompleted()
        ):
            return apply_to_reservations(order, event)
        case e.KeyHeld():
            return hold(order, event)
        case e.OrderFulfilled():
            if order.owed:
                raise ImpossibleEvent(order.id, event, "a key is still owed")
            return attrs.evolve(order, closing=Fulfilled(at=event.at))
        case e.OrderExpired():
            return attrs.evolve(order, closing=Expired(at=event.at))
        case e.OrderCancelled():
            return attrs.evolve(order, closing=Cancelled(at=event.at, by=event.by, reason=event.reason))
        case e.OrderRefunded():
            return attrs.evolve(order, closing=Refunded(at=event.at, by=event.by, reason=event.reason))
        case e.LinkIssued():
            link = LiveLink(id=event.link_id, issued_at=event.at, expires_at=event.expires_at)
            return attrs.evolve(order, link=link)
        case e.FindingOpened():
            return _open(order, event)
        case e.FindingResolved():
            left = tuple(finding for finding in order.findings if finding.id != event.finding_id)
            return attrs.evolve(order, findings=left)
        case e.OrderRetried():
            return approve(order)
        case never:
            assert_never(never)


def _open(order: Order, event: e.FindingOpened) -> Order:
    if event.finding.id != finding_id(order.id, order.findings_opened + 1):
        raise ImpossibleEvent(order.id, event, f"{event.finding.id} is not the next name of a finding")
    return attrs.evolve(order, findings=(*order.findings, event.finding), findings_opened=order.findings_opened + 1)
