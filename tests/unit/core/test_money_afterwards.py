"""What the gateway says of a payment after it ended, settled, or came back: money stays in sight, keys stay in."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from first_payment import HALF, PLACES, WAITING, reasons, received, says

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.payments import (
    OpenPayment,
    ReturnedPayment,
    SettledPayment,
    ShortPayment,
    VoidPayment,
    VoidReason,
)
from bitloot_core.order.status import Status
from bitloot_core.testing.orders import COIN, DUE, an_invoice
from bitloot_core.testing.story import a_reading, read
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentWord as Word


@pytest.mark.parametrize("word", [Word.FAILED, Word.EXPIRED, Word.CANCELLED])
def test_a_payment_that_ends_with_money_keeps_it_in_sight(word: Word) -> None:
    """I6: it is in the ledger, in a finding, and can be accepted or refunded."""
    story = says(WAITING, word, paid=HALF)

    (payment,) = story.order.payments
    assert isinstance(payment, VoidPayment)
    assert HALF == payment.received.amount == received(story)
    assert reasons(story) == [FindingReason.PAYMENT_STATUS]
    assert story.when(c.RecordRefund(by="admin:ann", reason="sent back")).status is Status.REFUNDED
    assert story.when(
        c.AcceptPayment(gateway_id=payment.invoice.gateway_id, by="admin:ann", reason="enough")
    ).order.is_settled


def test_a_failed_payment_that_had_no_money_can_still_settle() -> None:
    """A late `finished` for the right amount revives a failed order, too."""
    assert says(PLACES["failed"]).status is Status.PAID


def test_cancelled_at_the_gateway_ends_a_short_payment() -> None:
    """**Source:** NOWPayments SDK: `cancelled` is a partially paid one that the merchant closed by hand."""
    story = says(PLACES["underpaid"], Word.CANCELLED, paid=HALF)

    assert story.told == ("PaymentVoided", "FindingResolved", "FindingOpened")
    assert story.status is Status.FAILED
    assert reasons(story) == [FindingReason.PAYMENT_STATUS]


def test_a_refund_of_a_short_payment_settles_its_finding_and_shows_in_the_ledger() -> None:
    """I6: what came and what went are two entries; nothing is left to decide."""
    story = says(PLACES["underpaid"], Word.REFUNDED, paid=Decimal(0))

    assert reasons(story) == []
    assert [(row.kind, row.amount) for row in story.ledger] == [
        (LedgerKind.RECEIVED, HALF),
        (LedgerKind.REFUNDED, HALF),
    ]


@pytest.mark.parametrize(("first", "then"), [(Word.REFUNDED, Word.EXPIRED), (Word.CANCELLED, Word.FAILED)])
def test_an_end_is_not_followed_by_a_lesser_one(first: Word, then: Word) -> None:
    """Refunded stays refunded, whatever older word comes."""
    story = says(says(WAITING, first, paid=Decimal(0)), then, paid=Decimal(0))

    assert story.told == ()


def test_an_expired_payment_may_turn_out_to_have_failed() -> None:
    """A higher end replaces a lower one, once."""
    failed = says(says(WAITING, Word.EXPIRED, paid=Decimal(0)), Word.FAILED, paid=Decimal(0))

    assert failed.told == ("PaymentVoided",)
    assert failed.status is Status.FAILED


@pytest.mark.parametrize("end", [Word.REFUNDED, Word.CANCELLED])
def test_finished_after_the_end_is_for_a_person(end: Word) -> None:
    """
    The two words came in the wrong order, or the money came twice: a machine must not buy for it.

    **Source:** NOWPayments lifecycle: finished may be followed by refunded, and nothing follows on that.
    """
    story = says(says(WAITING, end, paid=Decimal(0)), Word.FINISHED)

    assert story.told == ("PaymentHeldForReview", "FindingOpened")
    assert not story.order.is_settled


@pytest.mark.parametrize("word", [Word.FINISHED, Word.PARTIALLY_PAID, Word.WRONG_ASSET])
def test_money_that_went_back_is_not_counted_again(word: Word) -> None:
    """An older word about the same money on a refunded payment changes nothing."""
    story = says(PLACES["failed, money back"], word, paid=HALF)

    assert story.told == ()


def test_a_late_deposit_is_seen_on_an_expired_payment() -> None:
    """
    It opens the order again, and the payment is looked at again.

    **Source:** NOWPayments help centre: a late deposit is still received, without a notice.
    """
    expired = says(PLACES["expired"], Word.EXPIRED, paid=Decimal(0))

    story = says(expired, Word.CONFIRMING)

    assert isinstance(story.order.payments[0], OpenPayment)
    assert story.status is Status.CONFIRMING
    assert story.jobs[-1].name == "check-payment"


def test_an_expired_payment_that_waits_again_stays_expired() -> None:
    """`waiting` after `expired` is an old message."""
    expired = says(WAITING, Word.EXPIRED, paid=Decimal(0))

    assert says(expired, Word.WAITING, paid=Decimal(0)).told == ()


def test_money_seen_on_an_expired_payment_is_not_lost_to_progress() -> None:
    """A payment that expired with money on it keeps that money while the gateway works on it."""
    expired = says(WAITING, Word.EXPIRED, paid=HALF)

    story = says(expired, Word.SENDING)

    assert story.told == ()
    assert isinstance(story.order.payments[0], VoidPayment)


def test_a_refund_by_the_gateway_takes_the_money_away_and_is_told() -> None:
    """I3: a payment that went back counts no more; nothing is bought, nothing revealed, a person is told."""
    story = says(PLACES["paid"], Word.REFUNDED)

    assert isinstance(story.order.payments[0], ReturnedPayment)
    assert not story.order.may_reveal
    assert story.shown is Status.ATTENTION
    assert [row.kind for row in story.ledger] == [LedgerKind.RECEIVED, LedgerKind.REFUNDED]
    assert says(story, Word.REFUNDED).told == ()


def test_another_payment_answers_one_that_went_back() -> None:
    """The order is paid again: its purchase is asked for again, and nobody need decide."""
    waiting = WAITING.when(c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2)))
    returned = says(says(waiting), Word.REFUNDED)

    story = returned.when(read(a_reading(returned.order, gateway_id="pay-o1-2")))

    assert story.told == ("PaymentSettled", "FindingResolved")
    assert story.shown is Status.PAID
    assert (story.jobs[-1].name, story.jobs[-1].ref) == ("reserve", "o1-1")


def test_a_refund_of_a_fulfilled_order_is_told_and_leaves_it_fulfilled() -> None:
    """I8: the keys are out; the finding shows it, the status stays."""
    story = says(PLACES["fulfilled"], Word.REFUNDED)

    assert story.shown is Status.FULFILLED
    assert reasons(story) == [FindingReason.PAYMENT_RETURNED]


def test_a_refund_of_an_accepted_stray_is_told() -> None:
    """It had counted because a person said so; it counts no more, and a person hears that it went."""
    stray = PLACES["waiting, stray"]
    accepted = stray.when(c.AcceptPayment(gateway_id="stray", by="admin:ann", reason="ours"))

    story = accepted.when(read(a_reading(stray.order, Word.REFUNDED, gateway_id="stray", parent="pay-o1-1")))

    assert story.told == ("PaymentReturned", "FindingOpened")
    assert story.shown is Status.ATTENTION
    assert not story.order.is_settled


def test_more_on_a_settled_payment_is_told() -> None:
    """I6: a deposit on a payment that has settled is surplus, and its figure follows."""
    story = says(PLACES["paid"], paid="0.0002")
    more = says(story, paid="0.0005")

    assert reasons(story) == reasons(more) == [FindingReason.PAYMENT_SURPLUS]
    assert (story.order.findings[0].amount, more.order.findings[0].amount) == ("0.00007655 btc", "0.00037655 btc")


def test_more_of_another_coin_is_no_surplus() -> None:
    """Amounts of two coins are never subtracted."""
    story = PLACES["paid"].when(read(attrs.evolve(a_reading(WAITING.order, paid="9"), coin="eth")))

    assert story.told == ()


@pytest.mark.parametrize("word", [Word.UNRECOGNISED, Word.WRONG_ASSET])
def test_a_strange_word_after_settlement_is_told_and_blocks_nothing(word: Word) -> None:
    """A word that should not follow is put before a person, and the order goes on."""
    story = says(PLACES["paid"], word)

    assert reasons(story) == [FindingReason.PAYMENT_STATUS]
    assert story.shown is Status.PAID


@pytest.mark.parametrize("place", ["refunded", "cancelled"])
def test_money_for_a_closed_order_is_told_and_buys_nothing(place: str) -> None:
    """I6, I8: a payment that settles after the end is to be refunded; the status stays."""
    story = PLACES[place].later(timedelta(hours=1))
    if place == "refunded":
        waiting = WAITING.when(
            c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2))
        )
        closed = says(waiting).when(c.RecordRefund(by="admin:ann", reason="no stock"))
        story = closed.when(read(a_reading(closed.order, gateway_id="pay-o1-2")))
    else:
        story = says(story)

    assert reasons(story) == [FindingReason.PAYMENT_LATE]
    assert story.status == place
    assert story.order.reservations == (story.order.reservations if place == "refunded" else ())


def test_a_finding_that_is_open_already_never_stands_for_consent() -> None:
    """A closed order is not bought for, also where the operator knows of the late money."""
    cancelled = PLACES["cancelled"].when(
        c.OpenFinding(reason=FindingReason.PAYMENT_LATE, subject="pay-o1-1", text="It is late.", blocking=False)
    )

    story = says(cancelled)

    assert story.told == ("PaymentSettled",)
    assert story.order.reservations == ()


def test_each_figure_of_a_payment_is_what_came() -> None:
    """The receipt holds the coins that arrived, when, and who let them count."""
    story = says(WAITING, paid="0.00012300")

    (payment,) = story.order.payments
    assert isinstance(payment, SettledPayment)
    assert CoinAmount(amount=Decimal("0.00012300"), coin=COIN) == payment.receipt.received
    assert (story.now, "gateway") == (payment.receipt.settled_at, payment.receipt.accepted_by)


def test_what_is_short_keeps_its_invoice() -> None:
    """What was asked for stays known in every state."""
    (payment,) = PLACES["underpaid"].order.payments

    assert isinstance(payment, ShortPayment)
    assert payment.invoice.due == DUE


def test_an_end_without_money_settles_what_was_asked() -> None:
    """A strange word that turns out to have meant nothing leaves no finding."""
    strange = WAITING.when(read(attrs.evolve(a_reading(WAITING.order, Word.UNRECOGNISED, paid="0"), raw_word="held")))

    story = says(strange, Word.EXPIRED, paid=Decimal(0))

    assert reasons(story) == []
    assert VoidReason.EXPIRED is story.order.payments[0].why
