"""What the gateway says of a payment of ours, whatever has become of it: nothing is refused, nothing shrinks."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from first_payment import HALF, PLACES, WAITING, reasons, received, says

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.payments import (
    OpenPayment,
    ReviewedPayment,
    SettledPayment,
)
from bitloot_core.order.status import Status
from bitloot_core.testing.orders import COIN, DUE, an_invoice
from bitloot_core.testing.story import a_reading, noticed, read
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentWord as Word


def test_the_exact_amount_pays_the_order_and_plans_the_purchase() -> None:
    """The write that settles the payment plans the purchase: nothing can come between."""
    story = says(WAITING)

    assert story.told == ("PaymentSettled", "ReservationPlanned")
    assert story.status is Status.PAID
    assert story.order.is_settled


def test_a_notice_alone_settles_nothing() -> None:
    """I13: only what we asked the gateway for counts; a notice is a hint."""
    story = WAITING.when(noticed(a_reading(WAITING.order)))

    assert story.told == ()


def test_a_notice_of_progress_is_taken_at_its_word() -> None:
    """It moves nothing but a progress bar."""
    story = WAITING.when(noticed(a_reading(WAITING.order, Word.CONFIRMING)))

    assert story.status is Status.CONFIRMING


@pytest.mark.parametrize("late", [Word.WAITING, Word.CONFIRMING, Word.SENDING])
def test_a_payment_never_goes_back(late: Word) -> None:
    """F14: notices come out of order; a lower word that comes later is an old message."""
    story = says(says(WAITING, Word.SENDING), late)

    assert story.told == ()


@pytest.mark.parametrize(
    "late", [Word.WAITING, Word.CONFIRMED, Word.FINISHED, Word.EXPIRED, Word.FAILED, Word.CANCELLED]
)
def test_a_settled_payment_stays_settled(late: Word) -> None:
    """F13, F14: whatever old message comes, terminal success never goes back."""
    story = says(PLACES["paid"], late)

    assert story.told == ()
    assert story.status is Status.PAID


def test_a_payment_that_settles_late_revives_the_expired_order() -> None:
    """F12: late money for the right amount is `paid`, never silence."""
    story = says(PLACES["expired"])

    assert story.told == ("PaymentSettled", "ReservationPlanned")
    assert story.status is Status.PAID


def test_the_old_payment_that_expires_cannot_undo_a_paid_order() -> None:
    """F13: after a switch of coins, the abandoned payment ends; the order is paid by the other."""
    switched = WAITING.when(
        c.IntendPayment(coin="eth"), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2, coin="eth"))
    )
    second = attrs.evolve(a_reading(switched.order, gateway_id="pay-o1-2"), coin="eth")
    paid = switched.when(read(second))

    story = says(paid, Word.EXPIRED, paid=Decimal(0))

    assert story.told == ("PaymentVoided",)
    assert story.status is Status.PAID


def test_a_second_payment_after_a_switch_of_coins_is_told_and_buys_nothing() -> None:
    """I1, F29: extra money on a paid order goes to a person; the order stays as it is."""
    switched = WAITING.when(
        c.IntendPayment(coin="eth"), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2, coin="eth"))
    )
    second = attrs.evolve(a_reading(switched.order, gateway_id="pay-o1-2"), coin="eth")

    story = says(switched).when(read(second))

    assert story.told == ("PaymentSettled", "FindingOpened")
    assert reasons(story) == [FindingReason.PAYMENT_SECOND]
    assert len(story.order.reservations) == 1
    assert story.shown is Status.PAID


def test_surplus_is_told_and_the_order_is_paid() -> None:
    """I6: what came beyond the price is in front of a person, with the amount."""
    story = says(WAITING, paid="0.0005")

    (finding,) = story.order.findings
    assert (
        finding.reason,
        finding.amount,
        finding.blocking,
    ) == (FindingReason.PAYMENT_SURPLUS, "0.00037655 btc", False)
    assert story.status is Status.PAID


def test_a_second_payment_with_a_surplus_is_two_findings_with_two_names() -> None:
    """Findings of one decision are numbered one after the other."""
    switched = WAITING.when(
        c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2))
    )

    story = says(switched).when(read(a_reading(switched.order, gateway_id="pay-o1-2", paid="0.0005")))

    assert [finding.id for finding in story.order.findings] == ["o1.f1", "o1.f2"]
    assert reasons(story) == [FindingReason.PAYMENT_SECOND, FindingReason.PAYMENT_SURPLUS]


def test_a_short_payment_is_underpaid_and_told() -> None:
    """**Source:** NOWPayments: `partially_paid` is not refunded by them; never deliver on it."""
    story = says(WAITING, Word.PARTIALLY_PAID, paid=HALF)

    assert story.told == ("PaymentFellShort", "FindingOpened")
    assert story.status is Status.UNDERPAID
    assert story.order.findings[0].amount == "0.000061725 btc"


def test_a_short_payment_that_is_topped_up_pays_the_order() -> None:
    """A short payment may later become finished; its finding is settled with it."""
    story = says(PLACES["underpaid"])

    assert story.told == ("PaymentSettled", "FindingResolved", "ReservationPlanned")
    assert reasons(story) == []
    assert received(story) == DUE.amount


def test_a_top_up_that_is_still_short_is_told_with_its_new_figure() -> None:
    """I6: the operator sees the money as it is, not as it was at the first look."""
    story = says(PLACES["underpaid"], Word.PARTIALLY_PAID, paid="0.0001")

    assert story.told == ("PaymentFellShort", "FindingResolved", "FindingOpened")
    (finding,) = story.order.findings
    assert (finding.id, finding.amount) == ("o1.f2", "0.0001 btc")


@pytest.mark.parametrize("word", [Word.PARTIALLY_PAID, Word.FINISHED])
@pytest.mark.parametrize("paid", [HALF, Decimal("0.00000001"), Decimal(0)])
def test_money_that_was_seen_never_shrinks(word: Word, paid: Decimal) -> None:
    """An older reading that knows of less changes nothing, and no money is counted twice when the newer one comes."""
    story = says(PLACES["underpaid"], Word.PARTIALLY_PAID, paid="0.0001")

    story = says(says(story, word, paid=paid), Word.PARTIALLY_PAID, paid="0.0001")

    assert received(story) == Decimal("0.0001")


@pytest.mark.parametrize("word", [Word.EXPIRED, Word.FAILED])
def test_an_expiry_after_money_was_seen_is_an_old_message(word: Word) -> None:
    """A short payment, and one under review, do not end by a word that knows of no money."""
    assert says(PLACES["underpaid"], word, paid=Decimal(0)).told == ()
    assert says(PLACES["created, in review"], word, paid=Decimal(0)).told == ()


def test_a_settled_payment_has_brought_the_most_that_was_seen_on_it() -> None:
    """What came with another asset came all the same; the last word knew of less."""
    twice = says(WAITING, Word.WRONG_ASSET, paid=DUE.amount * 2)

    settled = says(twice, Word.FINISHED)

    (payment,) = settled.order.payments
    assert isinstance(payment, SettledPayment)
    assert payment.receipt.received.amount == DUE.amount * 2


def test_coins_of_another_kind_are_never_compared() -> None:
    """That more of one was seen says nothing of the other."""
    seen = says(WAITING, Word.WRONG_ASSET, paid=DUE.amount * 2)

    other = seen.when(read(attrs.evolve(a_reading(seen.order, Word.WRONG_ASSET), coin="eth")))

    (payment,) = other.order.payments
    assert isinstance(payment, ReviewedPayment)
    assert (payment.received.coin, payment.received.amount) == ("eth", DUE.amount)


@pytest.mark.parametrize(
    "news",
    [
        {"actually_paid": DUE.amount * 2},
        {"word": Word.FINISHED, "price_amount": Decimal("0.01")},
    ],
)
def test_a_question_that_has_changed_is_asked_anew(news: dict[str, object]) -> None:
    """Another figure, or another reason: a person decides on what is true now."""
    asked = says(WAITING, Word.WRONG_ASSET)

    anew = asked.when(read(attrs.evolve(a_reading(asked.order, Word.WRONG_ASSET), **news)))

    assert anew.told == ("PaymentHeldForReview", "FindingResolved", "FindingOpened")


def test_less_than_went_back_is_no_news() -> None:
    """An old message about a payment that was refunded is one, whatever it calls itself."""
    back = PLACES["failed, money back"]

    assert says(back, Word.FINISHED, paid=HALF / 2).told == ()


def test_progress_is_of_the_time_at_which_the_gateway_saw_it() -> None:
    """So that people see how old the news is."""
    at = WAITING.now - timedelta(minutes=3)

    story = WAITING.when(read(attrs.evolve(a_reading(WAITING.order, Word.CONFIRMING), updated_at=at)))

    (payment,) = story.order.payments
    assert isinstance(payment, OpenPayment)
    assert payment.told_at == at


def test_a_strange_word_about_no_money_names_none() -> None:
    """Nothing is at stake yet."""
    (told,) = says(WAITING, Word.UNRECOGNISED, paid="0").order.findings

    assert (told.reason, told.amount) == (FindingReason.PAYMENT_STATUS, None)


def test_a_second_payment_buys_nothing_that_the_first_did_not_get() -> None:
    """What is out of stock stays before the person who was told."""
    refused = PLACES["paid, no stock"]
    stray = refused.when(read(a_reading(refused.order, gateway_id="stray", parent="pay-o1-1")))

    story = stray.when(c.AcceptPayment(gateway_id=GatewayPaymentId("stray"), by="admin:ann", reason="it is theirs"))

    assert story.told[0] == "PaymentSettled"
    assert "ReservationPlanned" not in story.told


def test_a_payment_in_question_blocks_the_order() -> None:
    """A mismatch is `attention` until a person decides."""
    story = WAITING.when(read(attrs.evolve(a_reading(WAITING.order), price_currency="USD")))

    assert story.told == ("PaymentHeldForReview", "FindingOpened")
    assert story.shown is Status.ATTENTION
    assert reasons(story) == [FindingReason.PAYMENT_MISMATCH]


def test_a_payment_in_question_on_a_paid_order_blocks_nothing() -> None:
    """The order is paid by another payment; the strange one is told beside it."""
    switched = WAITING.when(
        c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(WAITING.order, 2))
    )
    wrong = a_reading(switched.order, Word.WRONG_ASSET, gateway_id="pay-o1-2")

    story = says(switched).when(read(wrong))

    assert story.shown is Status.PAID
    assert reasons(story) == [FindingReason.PAYMENT_MISMATCH]


def test_the_same_question_is_asked_once() -> None:
    """Polling a payment in review tells nothing anew."""
    story = says(PLACES["created, in review"], Word.WRONG_ASSET)

    assert story.told == ()


def test_a_question_is_answered_by_what_the_gateway_says_next() -> None:
    """Short, then strange, then short again: one finding stands, and it is the right one."""
    strange = says(PLACES["underpaid"], Word.WRONG_ASSET, paid=HALF)
    short = says(strange, Word.PARTIALLY_PAID, paid="0.0001")

    assert reasons(strange) == [FindingReason.PAYMENT_MISMATCH]
    assert reasons(short) == [FindingReason.PAYMENT_SHORT]


def test_zero_paid_is_for_a_person() -> None:
    """**Source:** NOWPayments captures of 2024 and 2026: finished with `actually_paid` 0."""
    story = says(WAITING, paid=Decimal(0))

    (payment,) = story.order.payments
    assert isinstance(payment, ReviewedPayment)
    assert payment.reasons == ("it is called finished, but nothing arrived",)


def test_a_word_that_nobody_knows_blocks_until_the_gateway_says_more() -> None:
    """It is told once, and answered by the word that settles the payment."""
    strange = attrs.evolve(a_reading(WAITING.order, Word.UNRECOGNISED), raw_word="held")
    story = WAITING.when(read(strange))
    assert story.shown is Status.ATTENTION

    again = story.when(read(strange))
    paid = says(again)

    assert again.told == ()
    assert reasons(paid) == []
    assert paid.shown is Status.PAID
