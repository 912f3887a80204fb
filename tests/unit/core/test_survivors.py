"""What only a mutant noticed: details that every other test let pass."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import split_ref
from bitloot_core.order.payments import OpenPayment, VoidPayment
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import CompletedReservation
from bitloot_core.ports.audit import Head
from bitloot_core.testing.milestones import hold, key_for, milestones
from bitloot_core.testing.orders import DUE
from bitloot_core.testing.story import a_reading, read
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import ExternalRef, order_of
from bitloot_core.values.reading import PaymentWord

PLACES = milestones()


def test_an_adopted_payment_is_known_as_the_gateway_has_it() -> None:
    """The buyer must be shown the address and the memo that are really watched, until the order's own end."""
    story = PLACES["created, no answer"]
    told = attrs.evolve(
        a_reading(story.order, PaymentWord.WAITING, paid=Decimal(0), gateway_id="found"),
        address="the address",
        extra_id="the memo",
    )

    adopted = story.when(read(told)).order.payment(1)

    assert isinstance(adopted, OpenPayment)
    assert (adopted.invoice.address, adopted.invoice.extra_id) == ("the address", "the memo")
    assert adopted.invoice.expires_at == story.order.expires_at
    assert adopted.invoice.void_at == story.now + story.policy.payment_lifetime


def test_a_purchase_is_complete_at_the_time_of_its_last_key() -> None:
    """And what said that keys are missing is settled by the machine, for this purchase alone."""
    story = PLACES["fulfilling, one held"].later(timedelta(minutes=3))
    for subject in ("o1-1", "o1-9"):
        missing = c.OpenFinding(reason=FindingReason.KEYS_MISSING, subject=subject, text="one lacks", blocking=False)
        story = story.when(missing)

    done = story.when(hold(story, key_for("1.2")))

    (completed,) = done.order.reservations
    assert isinstance(completed, CompletedReservation)
    assert completed.completed_at == story.now
    assert [one.subject for one in done.order.findings] == ["o1-9"]


def test_what_came_of_a_payment_that_was_sent_back_is_remembered() -> None:
    """I6: told again that it is finished, it is still refunded, with what had come."""
    back = PLACES["failed, money back"]

    again = back.when(read(a_reading(back.order, PaymentWord.PARTIALLY_PAID, paid=DUE.amount / 2)))

    payment = again.order.payment(1)
    assert isinstance(payment, VoidPayment)
    assert (payment.received.amount, again.told) == (DUE.amount / 2, ())


def test_a_purchase_in_doubt_is_looked_up_at_these_times() -> None:
    """The ladder of the design, to the second."""
    assert [pause.total_seconds() for pause in Policy().lookups()] == [10, 30, 60, 120, 300, 600, 900]


@pytest.mark.parametrize(
    ("read_it", "field", "reason"),
    [
        (lambda: split_ref("o1/2", 3), "ref", "does not have 3 parts"),
        (lambda: Head.parse("HASH"), "head", "is not of the form HASH@ROW"),
        (lambda: order_of(ExternalRef("o1")), "externalRef", "is not of the form <orderId>-<n>"),
    ],
)
def test_a_name_that_cannot_be_read_is_named(read_it: object, field: str, reason: str) -> None:
    """A person reads it on a dead letter."""
    with pytest.raises(InvalidInput) as caught:
        read_it()  # type: ignore[operator]

    assert (caught.value.field, caught.value.reason) == (field, reason)


def test_a_head_that_cannot_be_read_has_a_word_of_its_own() -> None:
    """The console tells it from a chain that is broken."""
    with pytest.raises(InvalidInput) as caught:
        Head.parse("12")

    assert caught.value.code == "invalid-head"
