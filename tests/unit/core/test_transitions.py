"""The table says which status may follow which, `evolve` holds every event to it, and `decide` uses all of it."""

from datetime import timedelta
from typing import get_args

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order import staff_events as s
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.payments import StrayPayment, VoidReason
from bitloot_core.order.reservations import Plan, SupplierWord
from bitloot_core.order.status import Status, status_of
from bitloot_core.order.transitions import TRANSITIONS, evolve, evolve_all, place
from bitloot_core.testing.milestones import COST, milestones
from bitloot_core.testing.orders import DUE, NOTHING, PLACED_AT, a_finding, a_plan, a_receipt, an_invoice, placed
from bitloot_core.values.ids import (
    FindingId,
    GatewayPaymentId,
    LinkId,
    OrderId,
    StorageRef,
    SupplierKeyId,
    SupplierOrderId,
    UnitId,
)
from bitloot_core.values.reading import PaymentWord

AT = PLACED_AT + timedelta(hours=2)
ORDER = placed(quantity=2)
STRAY = StrayPayment(
    attempt=9,
    gateway_id=GatewayPaymentId("stray"),
    parent_id=None,
    received=DUE,
    word=PaymentWord.FINISHED,
    reasons=("no attempt",),
)
BY = {"by": "admin:ann", "reason": "because"}
SAMPLES: tuple[e.OrderEvent, ...] = (
    e.OrderPlaced(at=AT, order_id=ORDER.id, buyer=ORDER.buyer, lines=ORDER.lines, expires_at=ORDER.expires_at),
    e.PaymentIntended(at=AT, attempt=9, coin="eth"),
    e.PaymentDoubted(at=AT, attempt=1),
    e.PaymentRefused(at=AT, attempt=1, code="below-minimum", reason="too small"),
    e.PaymentOpened(at=AT, attempt=1, invoice=an_invoice(ORDER)),
    e.PaymentProgressed(at=AT, attempt=1, word=PaymentWord.SENDING, told_at=None),
    e.PaymentFellShort(at=AT, attempt=1, received=DUE),
    e.PaymentHeldForReview(at=AT, attempt=1, received=DUE, reasons=("coin",)),
    e.StrayPaymentSeen(at=AT, stray=STRAY),
    e.PaymentSettled(at=AT, attempt=1, receipt=a_receipt(ORDER)),
    e.PaymentReturned(at=AT, attempt=1),
    e.PaymentVoided(at=AT, attempt=1, why=VoidReason.EXPIRED, received=NOTHING),
    e.ReservationPlanned(at=AT, plan=a_plan(ORDER)),
    e.ReservationClaimed(at=AT, number=1),
    e.ReservationReleased(at=AT, number=1),
    e.ReservationDoubted(at=AT, number=1),
    e.ReservationPlaced(
        at=AT, number=1, supplier_order_id=SupplierOrderId("b1"), charged=COST, word=SupplierWord.PROCESSING
    ),
    e.ReservationRefused(at=AT, number=1, code="out-of-stock", reason="nothing left"),
    e.SupplierProgressed(at=AT, number=1, word=SupplierWord.COMPLETED),
    e.ReservationFell(at=AT, number=1, word=SupplierWord.CANCELLED),
    e.KeyHeld(
        at=AT,
        unit_id=UnitId("1.1"),
        number=1,
        supplier_key_id=SupplierKeyId("k1"),
        storage_ref=StorageRef("sealed"),
    ),
    e.ReservationCompleted(at=AT, number=1),
    e.OrderFulfilled(at=AT),
    e.OrderExpired(at=AT),
    e.OrderCancelled(at=AT, **BY),
    e.OrderRefunded(at=AT, **BY),
    e.LinkIssued(at=AT, link_id=LinkId("l1"), expires_at=AT, by="order"),
    e.FindingOpened(at=AT, finding=a_finding(ORDER)),
    e.FindingResolved(at=AT, finding_id=FindingId("o1.f1"), **BY),
    e.OrderRetried(at=AT, **BY),
    s.UnitReplaced(at=AT, unit_id=UnitId("1.1"), replaced_by=UnitId("1.3"), in_purchase=None, **BY),
    s.ReturnAsked(at=AT, supplier_order_id=SupplierOrderId("b1"), **BY),
    s.KeysReturned(at=AT, supplier_order_id=SupplierOrderId("b1"), keys=(SupplierKeyId("k1"),), pending=0),
    s.ReturnRefused(at=AT, supplier_order_id=SupplierOrderId("b1"), code="too-late", reason="a day is over"),
    s.RebuyAsked(at=AT, **BY),
    s.OrderParked(at=AT, **BY),
    s.OrderUnparked(at=AT, **BY),
    s.JobAskedAgain(at=AT, name=JobName.RESERVE, ref="o1-1", **BY),
    e.BuyerForgotten(at=AT, **BY),
)
PLACES = milestones()


def test_there_is_a_sample_of_each_event() -> None:
    """The tests below leave no event out."""
    assert list(get_args(e.OrderEvent)) == [type(event) for event in SAMPLES]


def test_each_status_but_the_overlay_has_a_row() -> None:
    """Attention lies over a status; no event leads to it or away from it."""
    reached = {status for row in TRANSITIONS.values() for allowed in row.values() for status in allowed}

    assert set(Status) - {Status.ATTENTION} == set(TRANSITIONS)
    assert Status.ATTENTION not in reached


def test_each_event_but_the_first_occurs_in_the_table() -> None:
    """An event that no row admits could never happen."""
    occurring = {event for row in TRANSITIONS.values() for event in row}

    assert set(get_args(e.OrderEvent)) - {e.OrderPlaced} == occurring


def evolved(order: Order, event: e.OrderEvent) -> Order | None:
    """The order after the event; None where the event is impossible."""
    try:
        return evolve(order, event)
    except ImpossibleEvent:
        return None


@pytest.mark.parametrize("name", PLACES)
def test_each_event_follows_by_the_table_or_changes_nothing(name: str) -> None:
    """I8: `evolve` leads to a status that the row admits, or raises and leaves the order as it was."""
    order = PLACES[name].order
    before = attrs.evolve(order)
    row = TRANSITIONS[status_of(order)]

    after = {type(event): evolved(order, event) for event in SAMPLES}

    assert all(status_of(one) in row[event] for event, one in after.items() if one is not None)
    assert before == order


@pytest.mark.parametrize("name", PLACES)
def test_what_the_table_does_not_name_cannot_happen(name: str) -> None:
    """An event without a row is a fault of this program, and says so."""
    order = PLACES[name].order
    without_row = [event for event in SAMPLES if type(event) not in TRANSITIONS[status_of(order)]]

    for event in without_row:
        with pytest.raises(ImpossibleEvent, match="no row"):
            evolve(order, event)


@pytest.mark.parametrize(
    ("status", "followers"),
    [
        (Status.FULFILLED, {Status.FULFILLED, Status.REFUNDED}),
        (Status.CANCELLED, {Status.CANCELLED, Status.REFUNDED}),
        (Status.REFUNDED, {Status.REFUNDED}),
    ],
)
def test_what_is_over_never_goes_back(status: Status, followers: set[Status]) -> None:
    """I8: a fulfilled order stays fulfilled until it is refunded, and a refunded one stays so for ever."""
    assert followers == {after for allowed in TRANSITIONS[status].values() for after in allowed}


def test_a_row_is_held_to_where_it_leads() -> None:
    """The status after an event is computed, and compared with the row."""
    fulfilling = PLACES["fulfilling"].order
    without_payment = attrs.evolve(fulfilling, payments=(), reservations=())
    both = attrs.evolve(without_payment, payments=PLACES["confirming"].order.payments)
    hidden = attrs.evolve(both, reservations=fulfilling.reservations)

    with pytest.raises(ImpossibleEvent, match="lead from confirming to fulfilling"):
        evolve(hidden, e.PaymentSettled(at=AT, attempt=1, receipt=a_receipt(ORDER)))


def test_events_are_applied_in_their_order() -> None:
    """`evolve_all` is `evolve`, one after another."""
    story = PLACES["fulfilled"]

    assert story.order == evolve_all(ORDER, story.events)


def test_placing_makes_a_unit_of_each_key_that_is_owed() -> None:
    """An order begins with its lines, and everything on them owed."""
    event = SAMPLES[0]
    assert isinstance(event, e.OrderPlaced)

    assert placed(quantity=2, at=AT) == attrs.evolve(
        place(attrs.evolve(event, expires_at=AT + timedelta(hours=1))), created_at=AT
    )


def a_strange_finding(order: Order) -> Finding:
    """A finding whose number was given before."""
    return attrs.evolve(a_finding(order, reason=FindingReason.DEAD_JOB), id=FindingId("o1.f7"))


def a_plan_of(order: Order, number: int) -> Plan:
    """A purchase of everything, whatever is coming."""
    return attrs.evolve(a_plan(ORDER), number=number, ref=f"{order.id}-{number}")


@pytest.mark.parametrize(
    ("name", "event", "why"),
    [
        ("fulfilling, one held", e.OrderFulfilled(at=AT), "still owed"),
        ("fulfilling, one held", e.FindingOpened(at=AT, finding=a_strange_finding(ORDER)), "next name"),
        ("waiting", e.PaymentIntended(at=AT, attempt=1, coin="btc"), "next attempt is number 2"),
        ("waiting", e.StrayPaymentSeen(at=AT, stray=attrs.evolve(STRAY, attempt=1)), "another payment"),
        ("waiting", e.StrayPaymentSeen(at=AT, stray=STRAY), "another payment"),
        ("waiting, stray", e.PaymentIntended(at=AT, attempt=2, coin="btc"), "next attempt is number 3"),
        ("paid", e.ReservationPlanned(at=AT, plan=a_plan_of(ORDER, 1)), "next reservation is number 2"),
        ("paid", e.ReservationPlanned(at=AT, plan=a_plan_of(ORDER, 2)), "coming already"),
        ("paid, no stock", e.ReservationPlanned(at=AT, plan=a_plan_of(ORDER, 7)), "next reservation is number 2"),
        ("fulfilling, fallen", e.ReservationPlanned(at=AT, plan=a_plan_of(ORDER, 2)), "is held"),
        ("paid", e.PaymentDoubted(at=AT, attempt=7), "no attempt 7"),
        ("fulfilling", e.ReservationFell(at=AT, number=7, word=SupplierWord.REFUNDED), "no reservation 7"),
    ],
)
def test_evolve_admits_nothing_that_would_buy_or_pay_twice(name: str, event: e.OrderEvent, why: str) -> None:
    """I1, I2: numbers are used once, and what is held or coming is not planned again; the order stays as it was."""
    order = PLACES[name].order
    before = attrs.evolve(order)

    with pytest.raises(ImpossibleEvent, match=why):
        evolve(order, event)

    assert before == order


def test_an_impossible_event_says_what_and_why() -> None:
    """It is a fault of this program, so it names the order, the event and the reason."""
    with pytest.raises(ImpossibleEvent) as caught:
        evolve(PLACES["refunded"].order, e.OrderExpired(at=AT))

    assert caught.value.order_id == OrderId("o1")
    assert str(caught.value) == "OrderExpired cannot follow on order o1: the table has no row for it under refunded"


def test_a_command_is_decided_on_a_frozen_order() -> None:
    """Deciding changes nothing by itself."""
    story = PLACES["waiting"]
    before = attrs.evolve(story.order)

    story.when(c.CancelOrder(by="admin:ann", reason="asked for"))

    assert before == story.order
