"""Each event on each state of a payment: the right state follows, or it is impossible and nothing changes."""

from collections.abc import Mapping
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order import events as e
from bitloot_core.order.impossible import ImpossibleEvent
from bitloot_core.order.order import Expired, StillOpen
from bitloot_core.order.payment_steps import apply_to_payments
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
    VoidReason,
)
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import DUE, NOTHING, PLACED_AT, a_receipt, an_invoice, placed
from bitloot_core.values.reading import PaymentWord

AT = PLACED_AT + timedelta(hours=2)
STATES: Mapping[type[Payment], Payment] = {
    type(order.payments[0]): order.payments[0] for name, order in every_state().items() if name.startswith("payment-")
}
ORDER = placed()
FRESH = an_invoice(ORDER, 1, gateway_id="fresh")
EVENTS: tuple[e.OrderStep, ...] = (
    e.PaymentDoubted(at=AT, attempt=1),
    e.PaymentRefused(at=AT, attempt=1, code="below-minimum", reason="too small"),
    e.PaymentOpened(at=AT, attempt=1, invoice=FRESH),
    e.PaymentProgressed(at=AT, attempt=1, word=PaymentWord.CONFIRMED, told_at=AT),
    e.PaymentFellShort(at=AT, attempt=1, received=DUE),
    e.PaymentHeldForReview(at=AT, attempt=1, received=DUE, reasons=("coin",)),
    e.PaymentSettled(at=AT, attempt=1, receipt=a_receipt(ORDER)),
    e.PaymentReturned(at=AT, attempt=1),
    e.PaymentVoided(at=AT, attempt=1, why=VoidReason.FAILED, received=NOTHING),
)
UNSETTLED = {
    e.PaymentProgressed: OpenPayment,
    e.PaymentFellShort: ShortPayment,
    e.PaymentHeldForReview: ReviewedPayment,
    e.PaymentSettled: SettledPayment,
    e.PaymentVoided: VoidPayment,
}
UNANSWERED = {e.PaymentRefused: RefusedPayment, e.PaymentOpened: OpenPayment}
FOLLOWS: Mapping[type[Payment], Mapping[type, type[Payment]]] = {
    IntendedPayment: UNANSWERED | {e.PaymentDoubted: DoubtfulPayment},
    DoubtfulPayment: UNANSWERED,
    RefusedPayment: {},
    OpenPayment: UNSETTLED,
    ShortPayment: UNSETTLED,
    ReviewedPayment: UNSETTLED,
    VoidPayment: UNSETTLED,
    StrayPayment: {e.PaymentSettled: AcceptedStray},
    AcceptedStray: {e.PaymentReturned: ReturnedStray},
    SettledPayment: {e.PaymentReturned: ReturnedPayment},
    ReturnedPayment: {},
    ReturnedStray: {},
}
"""(state, event) -> the state that follows; what is not here is impossible."""


def test_every_state_of_a_payment_is_tried() -> None:
    """The builders know each state of the union, and so does this table."""
    assert set(STATES) == set(FOLLOWS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", FOLLOWS, ids=lambda state: state.__name__)
def test_a_payment_goes_on_by_the_table(state: type[Payment], event: e.OrderStep) -> None:
    """The event leads to the state of the table, or raises and leaves the order as it was."""
    order = attrs.evolve(ORDER, payments=(STATES[state],))
    before = attrs.evolve(order)
    expected = FOLLOWS[state].get(type(event))

    try:
        found = type(apply_to_payments(order, event).payments[0])
    except ImpossibleEvent:
        found = None

    assert expected is found
    assert before == order


def test_an_event_about_no_payment_is_impossible() -> None:
    """An attempt that was never made cannot go on."""
    with pytest.raises(ImpossibleEvent, match="no attempt 1"):
        apply_to_payments(ORDER, EVENTS[0])


def test_two_payments_never_have_one_name() -> None:
    """The gateway's name is unique: a payment that is on the order already is not opened again."""
    stray = STATES[StrayPayment]
    assert isinstance(stray, StrayPayment)
    asking = IntendedPayment(attempt=2, coin="btc", intended_at=AT)
    order = attrs.evolve(ORDER, payments=(stray, asking))
    same = an_invoice(ORDER, 2, gateway_id=stray.gateway_id)

    with pytest.raises(ImpossibleEvent):
        apply_to_payments(order, e.PaymentOpened(at=AT, attempt=2, invoice=same))


def test_an_attempt_is_added_under_the_next_number() -> None:
    """Attempts count from 1, and a stray payment takes a number too."""
    order = apply_to_payments(ORDER, e.PaymentIntended(at=AT, attempt=1, coin="eth"))

    assert (IntendedPayment(attempt=1, coin="eth", intended_at=AT),) == order.payments


def test_a_stray_payment_that_is_told_anew_replaces_itself() -> None:
    """One payment at the gateway is one payment here."""
    stray = STATES[StrayPayment]
    assert isinstance(stray, StrayPayment)
    more = attrs.evolve(stray, received=DUE)
    order = apply_to_payments(ORDER, e.StrayPaymentSeen(at=AT, stray=stray))

    order = apply_to_payments(order, e.StrayPaymentSeen(at=AT, stray=more))

    assert (more,) == order.payments


def test_the_other_payments_stay_as_they_are() -> None:
    """An event about one payment changes that payment."""
    first, second = STATES[VoidPayment], attrs.evolve(STATES[OpenPayment], attempt=2)
    order = attrs.evolve(ORDER, payments=(first, second))

    after = apply_to_payments(order, e.PaymentSettled(at=AT, attempt=2, receipt=a_receipt(ORDER)))

    assert first == after.payments[0]
    assert isinstance(after.payments[1], SettledPayment)


@pytest.mark.parametrize("event", [EVENTS[3], EVENTS[4], EVENTS[5], EVENTS[6]])
def test_money_opens_an_expired_order_again(event: e.OrderStep) -> None:
    """I6: money on its way, or here, ends an expiry."""
    order = attrs.evolve(ORDER, payments=(STATES[OpenPayment],), closing=Expired(at=AT))

    assert StillOpen() == apply_to_payments(order, event).closing


@pytest.mark.parametrize("event", [attrs.evolve(EVENTS[3], word=PaymentWord.WAITING), EVENTS[8]])
def test_a_payment_without_money_opens_nothing(event: e.OrderStep) -> None:
    """An order whose time ran out stays expired while its payments only wait, or end."""
    order = attrs.evolve(ORDER, payments=(STATES[OpenPayment],), closing=Expired(at=AT))

    assert Expired(at=AT) == apply_to_payments(order, event).closing
