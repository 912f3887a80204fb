"""
What must now be done outside: jobs, and entries in the ledger. Both are committed with the events behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import assert_never

import attrs

from bitloot_core.order import events as e
from bitloot_core.order import staff_events as s
from bitloot_core.order.jobs import FIRST, JobName, JobRequest, MailKind, mail_ref, payment_ref, return_ref
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import LiveLink, Order, Refunded, SentBack, StillOpen
from bitloot_core.order.payments import (
    OpenPayment,
    Payment,
    ReviewedPayment,
    ShortPayment,
    VoidPayment,
    gateway_id_of,
    is_returned,
    received_of,
)
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    PlacedReservation,
    Plan,
    PlannedReservation,
    supplier_order_of,
)
from bitloot_core.order.units import ReplacedUnit
from bitloot_core.values.money import CoinAmount, Money

_MACHINES = frozenset({"system", "gateway"})
"""Who settles a finding by what it reports, not by saying so."""


def effects_of(  # noqa: C901, PLR0912  # one case a kind of event
    event: e.OrderEvent, order: Order, policy: Policy
) -> tuple[JobRequest, ...]:
    """
    The jobs that follow from an event.

    Args:
        order: the order with the event already applied.
    """
    match event:
        case e.OrderPlaced():
            return (_job(order, JobName.EXPIRE, order.id, event.expires_at),)
        case e.PaymentOpened():
            return (_check_payment(order, event.attempt, event.at + policy.payment_poll[0]),)
        case e.PaymentProgressed():
            # Nobody may be looking any more at a payment that was void; where somebody is, this brings nothing forward.
            return (_check_payment(order, event.attempt, event.at + policy.payment_poll[-1]),)
        case e.PaymentVoided():
            return _expiry(order, event.at)  # the order's own clock may have run out while it was on its way
        case e.PaymentSettled():
            return tuple(_purchases(order, event.at))  # those that waited while an earlier payment was returned
        case e.ReservationPlanned():
            return (_job(order, JobName.RESERVE, event.plan.ref, event.at),)
        case e.ReservationPlaced():
            return (_first_check(_plan(order, event.number), order, event.at, policy),)
        case e.ReservationCompleted() if order.unconfirmed(event.number):
            # A key that came in an event is held against the supplier's own list, as soon as that shows it.
            return (_first_check(_plan(order, event.number), order, event.at, policy),)
        case e.LinkIssued() if event.by != "system":
            kind = MailKind.PARTLY if order.owed else MailKind.DELIVERY
            return (_job(order, JobName.SEND_MAIL, mail_ref(order.id, kind, event.link_id), event.at),)
        case e.LinkIssued() if order.owed and order.may_reveal:
            ref = mail_ref(order.id, MailKind.PARTLY, FIRST)
            return (_job(order, JobName.SEND_MAIL, ref, event.at + policy.partly_ready),)
        case e.OrderFulfilled():
            return _delivery_mail(order, event.at)
        case e.FindingResolved() if event.by not in _MACHINES and not order.is_over:
            return _everything_stuck(order, event.at)  # what is still wrong is found again
        case e.OrderRetried() | s.OrderUnparked():
            return _everything_stuck(order, event.at)
        case s.UnitReplaced() | s.ReturnAsked() | s.JobAskedAgain():
            return _asked_by_staff(event, order, policy)
        case _:
            return ()


def _asked_by_staff(
    event: s.UnitReplaced | s.ReturnAsked | s.JobAskedAgain, order: Order, policy: Policy
) -> tuple[JobRequest, ...]:
    match event:
        case s.UnitReplaced():
            if event.in_purchase is None:
                return ()  # the purchase that is planned with it asks for itself
            ref = _plan(order, event.in_purchase).ref
            return (_job(order, JobName.CHECK_RESERVATION, ref, event.at + policy.supplier_poll[0]),)
        case s.ReturnAsked():
            return (_job(order, JobName.RETURN_KEYS, return_ref(order.id, event.supplier_order_id), event.at),)
        case s.JobAskedAgain():
            return (_job(order, event.name, event.ref, event.at),)
        case never:
            assert_never(never)


def first_look(plan: Plan, placed_at: datetime, policy: Policy) -> datetime:
    """When a placed purchase is looked at first: soon, or, for a preorder, when it is released."""
    soon = placed_at + policy.supplier_poll[0]
    if plan.release_date is None:
        return soon
    return max(soon, datetime.combine(plan.release_date, time.min, tzinfo=UTC))


def _plan(order: Order, number: int) -> Plan:
    return next(res.plan for res in order.reservations if res.plan.number == number)


def _job(order: Order, name: JobName, ref: str, due_at: datetime) -> JobRequest:
    return JobRequest(name=name, ref=ref, order_id=order.id, due_at=due_at)


def _first_check(plan: Plan, order: Order, at: datetime, policy: Policy) -> JobRequest:
    return _job(order, JobName.CHECK_RESERVATION, plan.ref, first_look(plan, at, policy))


def _check_payment(order: Order, attempt: int, due_at: datetime) -> JobRequest:
    return _job(order, JobName.CHECK_PAYMENT, payment_ref(order.id, attempt), due_at)


def _delivery_mail(order: Order, at: datetime) -> tuple[JobRequest, ...]:
    if not isinstance(order.link, LiveLink):
        return ()
    return (_job(order, JobName.SEND_MAIL, mail_ref(order.id, MailKind.DELIVERY, order.link.id), at),)


def _everything_stuck(order: Order, at: datetime) -> tuple[JobRequest, ...]:
    watched = (OpenPayment, ShortPayment, ReviewedPayment, VoidPayment)
    looks = (_check_payment(order, payment.attempt, at) for payment in order.payments if isinstance(payment, watched))
    placed = (res.plan.ref for res in order.reservations if isinstance(res, PlacedReservation))
    return (
        *looks,
        *_purchases(order, at),
        *(_job(order, JobName.CHECK_RESERVATION, ref, at) for ref in placed),
        *_expiry(order, at),
    )


def _purchases(order: Order, at: datetime) -> Iterator[JobRequest]:
    waiting = (PlannedReservation, ClaimedReservation, DoubtfulReservation)
    return (_job(order, JobName.RESERVE, res.plan.ref, at) for res in order.reservations if isinstance(res, waiting))


def _expiry(order: Order, at: datetime) -> tuple[JobRequest, ...]:
    if order.is_settled or not isinstance(order.closing, StillOpen):
        return ()
    return (_job(order, JobName.EXPIRE, order.id, max(at, order.expires_at)),)


def entries_of(event: e.OrderEvent, before: Order, after: Order) -> tuple[LedgerEntry, ...]:
    """
    The money that an event shows to have moved.

    Args:
        before: the order without the event; `after`: with it.
    """
    match event:
        case (
            e.PaymentSettled()
            | e.PaymentFellShort()
            | e.PaymentHeldForReview()
            | e.PaymentVoided()
            | e.PaymentReturned()
        ):
            return _moved(event.attempt, before, after, event.at)
        case e.StrayPaymentSeen():
            return _moved(event.stray.attempt, before, after, event.at)
        case e.ReservationPlaced():
            return (_entry(after, LedgerKind.CHARGED, event.supplier_order_id, event.charged, event.at),)
        case s.KeysReturned():
            return _credited(event, after)
        case e.OrderRefunded():
            return tuple(_sent_back(before, after, event.at))
        case _:
            return ()


def _moved(attempt: int, before: Order, after: Order, at: datetime) -> tuple[LedgerEntry, ...]:
    """What has come since the last look, and what has gone back."""
    earlier = before.payment(attempt)
    payment = next(payment for payment in after.payments if payment.attempt == attempt)
    came = _received(earlier, payment, after, at)
    went = is_returned(payment) and not (earlier is not None and is_returned(earlier))
    return (*came, *_gone(payment, after, at)) if went else came


def _received(before: Payment | None, after: Payment, order: Order, at: datetime) -> tuple[LedgerEntry, ...]:
    """A top-up of a short payment is an entry of its own, under a name of its own."""
    total, gateway_id = received_of(after), gateway_id_of(after)
    if total is None or gateway_id is None:
        return ()
    seen = None if before is None else received_of(before)
    if seen is None:
        return (_entry(order, LedgerKind.RECEIVED, gateway_id, total, at),)
    more = total.amount - (seen.amount if seen.coin == total.coin else 0)
    if more <= 0:
        return ()
    return (_entry(order, LedgerKind.RECEIVED, f"{gateway_id}+{total}", attrs.evolve(total, amount=more), at),)


def _gone(payment: Payment, order: Order, at: datetime) -> tuple[LedgerEntry, ...]:
    """All that a payment had brought, on its way back to the payer."""
    received, gateway_id = received_of(payment), gateway_id_of(payment)
    if received is None or gateway_id is None:
        return ()
    return (_entry(order, LedgerKind.REFUNDED, gateway_id, received, at),)


def _sent_back(before: Order, after: Order, at: datetime) -> Iterator[LedgerEntry]:
    """All that an order had brought; of one that was refunded before, what has come since, under a name of its own."""
    earlier = _known_sent(before)
    for one in _known_sent(after).values():
        known = earlier.get(one.gateway_id)
        if known is None or known.amount.coin != one.amount.coin:
            yield _entry(after, LedgerKind.REFUNDED, one.gateway_id, one.amount, at)
        elif known.amount.amount < one.amount.amount:
            more = attrs.evolve(one.amount, amount=one.amount.amount - known.amount.amount)
            yield _entry(after, LedgerKind.REFUNDED, f"{one.gateway_id}+{one.amount}", more, at)


def _known_sent(order: Order) -> dict[str, SentBack]:
    closing = order.closing
    return {one.gateway_id: one for one in closing.sent} if isinstance(closing, Refunded) else {}


def _credited(event: s.KeysReturned, order: Order) -> tuple[LedgerEntry, ...]:
    """
    What the supplier credits for keys that went back, as far as it can be told.

    Of a purchase that was charged as a whole, a part is known only where all its keys cost the same, and none came for
    nothing in the place of a bad one: nobody says which of the two was paid for.
    """
    name = event.supplier_order_id
    res = next((one for one in order.reservations if supplier_order_of(one) == name), None)
    if not event.keys or not isinstance(res, PlacedReservation | CompletedReservation):
        return ()
    charged, count = res.charged, len(res.plan.units)
    replaced = _replaced_in(order, res)
    paid_for = len(event.keys) - replaced
    back, rest = divmod(charged.minor * paid_for, count)
    are_alike = len(res.plan.items) == 1 and not replaced
    if paid_for > count or rest or (paid_for < count and not are_alike):
        return ()
    return (_entry(order, LedgerKind.RETURNED, name, Money.from_minor(back, charged.currency), event.at),)


def _replaced_in(order: Order, res: PlacedReservation | CompletedReservation) -> int:
    """How many bad keys of a purchase the supplier replaced in it; for others another purchase was made."""
    bad = (unit for unit in order.units if isinstance(unit, ReplacedUnit) and unit.reservation == res.plan.number)
    return sum(unit.id not in res.plan.units for unit in bad)


def _entry(order: Order, kind: LedgerKind, external_id: str, moved: Money | CoinAmount, at: datetime) -> LedgerEntry:
    currency = moved.coin if isinstance(moved, CoinAmount) else moved.currency
    return LedgerEntry(
        order_id=order.id, kind=kind, external_id=external_id, amount=moved.amount, currency=currency, at=at
    )
