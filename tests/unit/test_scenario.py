"""Given, when, then says what came of a command, and fails where it was something else."""

from datetime import timedelta

import pytest

from bitloot_core.order.commands import CancelOrder, IntendPayment, OpenFinding, RetryOrder
from bitloot_core.order.events import OrderCancelled, OrderRetried, PaymentIntended
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.status import Status
from bitloot_core.testing.orders import PLACED_AT, fulfilled, opened, placed, reserved, settled
from bitloot_core.testing.scenario import given

CANCEL = CancelOrder(by="admin:ann", reason="asked for")
RETRY = RetryOrder(by="admin:ann", reason="look again")


def test_a_kind_of_event_is_enough() -> None:
    """The kind says what happened; the value says it to the letter."""
    at = PLACED_AT + timedelta(minutes=1)
    outcome = given(placed(), at=at).when(CANCEL)

    outcome.then(OrderCancelled).then(OrderCancelled(at=at, by="admin:ann", reason="asked for"))
    with pytest.raises(AssertionError, match="OrderCancelled"):
        outcome.then(OrderCancelled(at=at, by="admin:bob", reason="asked for"))
    with pytest.raises(AssertionError, match="expected nothing"):
        outcome.then_nothing()


def test_history_comes_before_the_command() -> None:
    """What is given after the order has happened to it already."""
    history = PaymentIntended(at=PLACED_AT, attempt=1, coin="btc")

    outcome = given(placed(), history).when(IntendPayment(coin="ltc"))

    assert [payment.attempt for payment in outcome.order.payments][:1] == [1]


def test_what_follows_can_be_asked() -> None:
    """Status and jobs are part of the story."""
    outcome = given(reserved(settled(placed()))).when(RETRY)

    outcome.then(OrderRetried).asks_for(JobName.CHECK_RESERVATION).leads_to(Status.FULFILLING)
    with pytest.raises(AssertionError, match="these follow"):
        outcome.asks_for(JobName.RESERVE)
    with pytest.raises(AssertionError, match="fulfilling"):
        outcome.leads_to(Status.PAID)


def test_a_refusal_is_a_verdict() -> None:
    """It ends the story with the order as it was."""
    order = fulfilled(reserved(settled(placed())))

    outcome = given(order).when(CANCEL)

    assert outcome.then_refused().order == order
    with pytest.raises(AssertionError, match="refused with"):
        outcome.then_refused("never-heard-of")
    with pytest.raises(AssertionError, match="refused:"):
        outcome.then(OrderCancelled)
    with pytest.raises(AssertionError, match="expected a refusal"):
        given(placed()).when(CANCEL).then_refused()


def test_a_repeat_is_nothing() -> None:
    """The same finding told twice happens once."""
    finding = OpenFinding(reason=FindingReason.SUPPLIER_SLOW, subject="o1-1", text="It takes long.", blocking=False)
    told = given(opened(placed())).when(finding)

    given(told.order).when(finding).then_nothing()
