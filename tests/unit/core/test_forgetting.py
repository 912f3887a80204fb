"""Forgetting a buyer: only once nobody has to write to them, and nothing happens behind their back afterwards."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Buyer, UnnamedBuyer
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import placed
from bitloot_core.testing.story import a_reading, read

PLACES = milestones()
FORGET = c.ForgetBuyer(by="admin:ann", reason="asked for")


def test_an_order_that_is_over_lets_go_of_its_buyer() -> None:
    """The address goes; everything else of the order stays."""
    before = PLACES["fulfilled"]

    after = before.when(FORGET)

    assert after.order == attrs.evolve(before.order, buyer=UnnamedBuyer())
    assert after.order.email is None
    assert after.last == (e.BuyerForgotten(at=before.now, by="admin:ann", reason="asked for"),)


def test_forgetting_twice_is_forgetting_once() -> None:
    """Nothing is left to be erased."""
    assert PLACES["fulfilled"].when(FORGET).when(FORGET).last == ()


@pytest.mark.parametrize("place", ["waiting", "confirming", "paid", "fulfilling, one held", "created, in review"])
def test_an_order_in_hand_keeps_its_buyer(place: str) -> None:
    """Somebody has to be told, or sent something."""
    with pytest.raises(TransitionRefused) as refused:
        PLACES[place].later(timedelta(days=30)).when(FORGET)

    assert refused.value.code == "buyer-needed"


def test_an_order_that_failed_keeps_its_buyer_while_there_is_time_to_pay() -> None:
    """The buyer may try another coin until then."""
    failed = PLACES["failed"]

    left = failed.order.expires_at - failed.now
    with pytest.raises(TransitionRefused):
        failed.later(left - timedelta(microseconds=1)).when(FORGET)

    assert failed.later(left).when(FORGET).order.email is None


def test_an_open_finding_keeps_the_buyer() -> None:
    """Whoever settles it may have to write to them."""
    told = PLACES["fulfilled"].when(
        c.OpenFinding(reason=FindingReason.PAYMENT_SURPLUS, subject="p", text="More came.", blocking=False)
    )

    with pytest.raises(TransitionRefused) as refused:
        told.when(FORGET)

    assert refused.value.code == "buyer-needed"
    settled = told.when(c.ResolveFinding(finding_id=told.order.findings[0].id, by="admin:ann", reason="sent back"))
    assert settled.when(FORGET).order.email is None


def test_money_that_comes_for_nobody_is_put_before_a_person() -> None:
    """It buys nothing, it cannot be accepted, and it can go back."""
    forgotten = PLACES["expired, forgotten"]

    late = forgotten.when(read(a_reading(forgotten.order)))

    (held, finding) = late.last
    assert isinstance(held, e.PaymentHeldForReview)
    assert isinstance(finding, e.FindingOpened)
    assert "after the buyer was forgotten" in finding.finding.text
    assert late.shown is Status.ATTENTION
    with pytest.raises(TransitionRefused) as refused:
        late.when(c.AcceptPayment(gateway_id=finding.finding.subject, by="admin:ann", reason="why not"))
    assert refused.value.code == "buyer-forgotten"
    assert late.when(c.RecordRefund(by="admin:ann", reason="nobody there")).status is Status.REFUNDED


def test_money_for_a_closed_order_of_nobody_is_late_money() -> None:
    """It would have bought nothing anyway: it is to be paid back, like any that comes after the end."""
    cancelled = PLACES["cancelled"].when(FORGET)

    late = cancelled.when(read(a_reading(cancelled.order)))

    assert [one.reason for one in late.order.findings] == [FindingReason.PAYMENT_LATE]


def test_no_further_payment_is_opened_for_nobody() -> None:
    """Somebody with the access token could still ask for one."""
    failed = PLACES["failed"].later(timedelta(hours=1)).when(FORGET)

    with pytest.raises(TransitionRefused) as refused:
        failed.when(c.IntendPayment(coin="eth"))

    assert refused.value.code == "buyer-forgotten"


def test_who_ordered_stands_in_no_event_that_is_kept() -> None:
    """Only `OrderPlaced` knows it."""
    order = placed()
    event = e.OrderPlaced(
        at=order.created_at, order_id=order.id, buyer=order.buyer, lines=order.lines, expires_at=order.expires_at
    )
    other = e.OrderFulfilled(at=order.created_at)

    assert order.buyer == Buyer(email="buyer@example.com")
    assert e.without_buyer(event) == attrs.evolve(event, buyer=UnnamedBuyer())
    assert e.without_buyer(other) is other
