"""
`evolve` applies what happened; `TRANSITIONS` says which status may follow which. Nothing else changes an order.

`evolve` never decides and never refuses what is lawful: an event that has no row in the table, or leads to a status
its row does not admit, is a fault of this program and raises, leaving everything as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, assert_never

import attrs

from bitloot_core.order import events as e
from bitloot_core.order import staff_events as s
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Cancelled, Expired, Fulfilled, LiveLink, Order, Refunded, SentBack, UnnamedBuyer
from bitloot_core.order.payment_steps import apply_to_payments
from bitloot_core.order.payments import gateway_id_of, is_returned, received_of
from bitloot_core.order.reservation_steps import apply_to_reservations, approve, hold
from bitloot_core.order.staff_steps import apply_staff_step
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.units import OwedUnit
from bitloot_core.values.ids import finding_id, unit_id

S = Status
_EventType: TypeAlias = type[e.OrderEvent]
_Row: TypeAlias = Mapping[_EventType, frozenset[Status]]

_TOLD = (
    *(e.FindingOpened, e.FindingResolved, e.StrayPaymentSeen),
    *(s.JobAskedAgain, s.ReturnAsked, s.KeysReturned, s.ReturnRefused),
)
"""What is written down on any order, and moves none."""
_ASIDE = (s.OrderParked, s.OrderUnparked)
"""What can happen to an order that still has something before it."""
_OF_OPENING = (e.PaymentDoubted, e.PaymentRefused, e.PaymentOpened)
_OF_MONEY = (
    *_OF_OPENING,
    e.PaymentProgressed,
    e.PaymentFellShort,
    e.PaymentHeldForReview,
    e.PaymentVoided,
    e.PaymentSettled,
    e.PaymentReturned,
)
"""What can happen to an order's payments once one of them counted: none of it moves the order."""
_OF_NO_ANSWER = (e.ReservationReleased, e.ReservationDoubted, e.ReservationRefused)
_BEFORE_PURCHASE = (e.ReservationPlanned, e.ReservationClaimed, *_OF_NO_ANSWER)
_OF_PURCHASE = (e.SupplierProgressed, e.ReservationFell, e.KeyHeld, e.ReservationCompleted)
_OF_REPLACEMENT = (s.UnitReplaced, s.RebuyAsked)


def _stays(status: Status, *events: _EventType) -> dict[_EventType, frozenset[Status]]:
    return dict.fromkeys(events, frozenset({status}))


def _moves(*rows: tuple[_EventType, set[Status]]) -> dict[_EventType, frozenset[Status]]:
    return {event: frozenset(statuses) for event, statuses in rows}


TRANSITIONS: Mapping[Status, _Row] = {
    S.CREATED: _stays(
        S.CREATED, *_TOLD, *_ASIDE, e.OrderRetried, e.PaymentIntended, e.PaymentDoubted, e.PaymentHeldForReview
    )
    | _moves(
        (e.PaymentRefused, {S.CREATED, S.EXPIRED, S.FAILED}),
        (e.PaymentOpened, {S.WAITING}),
        (e.PaymentProgressed, {S.CONFIRMING}),
        (e.PaymentFellShort, {S.UNDERPAID}),
        (e.PaymentVoided, {S.CREATED, S.FAILED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderExpired, {S.EXPIRED}),
        (e.OrderCancelled, {S.CANCELLED}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.WAITING: _stays(S.WAITING, *_TOLD, *_ASIDE, e.OrderRetried, *_OF_OPENING, e.PaymentIntended)
    | _moves(
        (e.PaymentProgressed, {S.CONFIRMING}),
        (e.PaymentFellShort, {S.UNDERPAID}),
        (e.PaymentHeldForReview, {S.CREATED, S.WAITING}),
        (e.PaymentVoided, {S.CREATED, S.WAITING, S.EXPIRED, S.FAILED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderExpired, {S.EXPIRED}),
        (e.OrderCancelled, {S.CANCELLED}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.CONFIRMING: _stays(S.CONFIRMING, *_TOLD, *_ASIDE, e.OrderRetried, *_OF_OPENING, e.PaymentProgressed)
    | _moves(
        (e.PaymentFellShort, {S.CONFIRMING, S.UNDERPAID}),
        (e.PaymentHeldForReview, {S.CREATED, S.WAITING, S.CONFIRMING, S.UNDERPAID}),
        (e.PaymentVoided, {S.CREATED, S.WAITING, S.CONFIRMING, S.UNDERPAID, S.EXPIRED, S.FAILED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.UNDERPAID: _stays(S.UNDERPAID, *_TOLD, *_ASIDE, e.OrderRetried, *_OF_OPENING, e.PaymentFellShort)
    | _moves(
        (e.PaymentProgressed, {S.CONFIRMING}),
        (e.PaymentHeldForReview, {S.CREATED, S.WAITING, S.UNDERPAID}),
        (e.PaymentVoided, {S.CREATED, S.WAITING, S.UNDERPAID, S.FAILED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.EXPIRED: _stays(S.EXPIRED, *_TOLD, *_ASIDE, e.OrderRetried, e.BuyerForgotten, *_OF_OPENING)
    | _moves(
        (e.PaymentIntended, {S.CREATED}),
        (e.PaymentProgressed, {S.CONFIRMING}),
        (e.PaymentFellShort, {S.UNDERPAID}),
        (e.PaymentHeldForReview, {S.CREATED, S.WAITING}),
        (e.PaymentVoided, {S.EXPIRED, S.FAILED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderCancelled, {S.CANCELLED}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.FAILED: _stays(S.FAILED, *_TOLD, *_ASIDE, e.OrderRetried, e.BuyerForgotten, e.PaymentVoided)
    | _moves(
        (e.PaymentIntended, {S.CREATED}),
        (e.PaymentProgressed, {S.CONFIRMING}),
        (e.PaymentFellShort, {S.UNDERPAID}),
        (e.PaymentHeldForReview, {S.CREATED}),
        (e.PaymentSettled, {S.PAID}),
        (e.OrderCancelled, {S.CANCELLED}),
        (e.OrderRefunded, {S.REFUNDED}),
    ),
    S.PAID: _stays(
        S.PAID,
        *(*_TOLD, *_ASIDE, e.OrderRetried, s.RebuyAsked),
        *(*_OF_MONEY, *_BEFORE_PURCHASE),
    )
    | _moves((e.ReservationPlaced, {S.FULFILLING}), (e.OrderRefunded, {S.REFUNDED})),
    S.FULFILLING: _stays(
        S.FULFILLING,
        *(*_TOLD, *_ASIDE, e.OrderRetried, *_OF_MONEY),
        *(*_BEFORE_PURCHASE, e.ReservationPlaced, *_OF_PURCHASE, *_OF_REPLACEMENT, e.LinkIssued),
    )
    | _moves((e.OrderFulfilled, {S.FULFILLED}), (e.OrderRefunded, {S.REFUNDED})),
    # A key that turned out bad is bought anew; the order stays what it is.
    S.FULFILLED: _stays(
        S.FULFILLED,
        *(*_TOLD, *_ASIDE, e.OrderRetried, *_OF_MONEY, e.BuyerForgotten),
        *(*_BEFORE_PURCHASE, e.ReservationPlaced, *_OF_PURCHASE, *_OF_REPLACEMENT, e.LinkIssued),
    )
    | _moves((e.OrderRefunded, {S.REFUNDED})),
    S.CANCELLED: _stays(S.CANCELLED, *_TOLD, *_OF_MONEY, e.BuyerForgotten) | _moves((e.OrderRefunded, {S.REFUNDED})),
    # A purchase that was on its way when the money went back still comes to its end, and is never delivered. Money that
    # comes later goes back as well.
    S.REFUNDED: _stays(
        S.REFUNDED,
        *(*_TOLD, *_OF_MONEY, e.BuyerForgotten, e.OrderRefunded),
        *(*_OF_NO_ANSWER, e.ReservationPlaced, *_OF_PURCHASE),
    ),
}
"""
(status, event) -> the statuses that may follow; what is not in it is impossible.

`attention` lies over the status and is in no row. A final status leads back to itself alone, save that a fulfilled
order, or a cancelled one whose money came late, can be refunded.
"""


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


def _apply(order: Order, event: e.OrderStep) -> Order:  # noqa: C901, PLR0912  # one case a kind of event
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
        case (
            s.UnitReplaced()
            | s.ReturnAsked()
            | s.KeysReturned()
            | s.ReturnRefused()
            | s.RebuyAsked()
            | s.OrderParked()
            | s.OrderUnparked()
            | s.JobAskedAgain()
        ):
            return apply_staff_step(order, event)
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
            return attrs.evolve(order, closing=_refunded(order, event))
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
        case e.BuyerForgotten():
            return attrs.evolve(order, buyer=UnnamedBuyer())
        case never:
            assert_never(never)


def _refunded(order: Order, event: e.OrderRefunded) -> Refunded:
    """Since when it is final stays, however much comes and goes back later."""
    first = order.closing
    if not isinstance(first, Refunded):
        first = Refunded(at=event.at, by=event.by, reason=event.reason)
    names = ((payment, gateway_id_of(payment), received_of(payment)) for payment in order.payments)
    sent = (
        SentBack(gateway_id=gateway_id, amount=came)
        for payment, gateway_id, came in names
        if gateway_id is not None and came is not None and not is_returned(payment)
    )
    return attrs.evolve(first, sent=tuple(sent))


def _open(order: Order, event: e.FindingOpened) -> Order:
    if event.finding.id != finding_id(order.id, order.findings_opened + 1):
        raise ImpossibleEvent(order.id, event, f"{event.finding.id} is not the next name of a finding")
    return attrs.evolve(order, findings=(*order.findings, event.finding), findings_opened=order.findings_opened + 1)
