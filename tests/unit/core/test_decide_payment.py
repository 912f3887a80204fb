"""Opening payments, and letting one count by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.decide_payment import must_read_back
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.payable import MOST_ATTEMPTS, why_not_payable
from bitloot_core.order.payments import AcceptedStray, DoubtfulPayment, OpenPayment, RefusedPayment, SettledPayment
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import PAYMENT, milestones
from bitloot_core.testing.orders import COIN, DUE, an_invoice
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import GatewayPaymentId, finding_id
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
WAITING = PLACES["waiting"]


def accept(name: str = PAYMENT) -> c.AcceptPayment:
    """A person lets a payment count."""
    return c.AcceptPayment(gateway_id=GatewayPaymentId(name), by="admin:ann", reason="good enough")


def test_another_coin_is_another_attempt() -> None:
    """The first payment stays open: the buyer may still pay it."""
    story = WAITING.when(c.IntendPayment(coin="eth"))

    assert story.told == ("PaymentIntended",)
    assert [payment.attempt for payment in story.order.payments] == [1, 2]
    assert story.status is Status.WAITING


def test_a_payment_that_expired_before_the_order_is_no_end() -> None:
    """A rate is good for 20 minutes, an order for an hour: the buyer may try again until the order's time is out."""
    expired = WAITING.when(read(a_reading(WAITING.order, Word.EXPIRED, paid=Decimal(0))))
    assert expired.status is Status.EXPIRED

    again = expired.when(c.IntendPayment(coin="eth"))

    assert again.status is Status.CREATED
    with pytest.raises(TransitionRefused):
        expired.later(timedelta(hours=1)).when(c.IntendPayment(coin="eth"))


def test_nobody_opens_payments_without_end() -> None:
    """I11: attempts are counted, refused ones too."""
    story = PLACES["created"]
    for attempt in range(1, MOST_ATTEMPTS + 1):
        story = story.when(
            c.IntendPayment(coin=COIN), c.RecordPaymentRefusal(attempt=attempt, code="below-minimum", reason="small")
        )

    with pytest.raises(TransitionRefused, match="too many payments") as refused:
        story.when(c.IntendPayment(coin=COIN))

    assert (refused.value.code, refused.value.status) == ("not-payable", Status.CREATED)


def test_nobody_pays_twice_while_a_person_looks_into_the_first() -> None:
    """The gateway said a word that nobody knows: the money may be there, and another payment could be one too many."""
    strange = WAITING.when(read(a_reading(WAITING.order, Word.UNRECOGNISED)))
    assert any(finding.blocking for finding in strange.order.findings)

    with pytest.raises(TransitionRefused, match="a person looks into it") as refused:
        strange.when(c.IntendPayment(coin="eth"))

    assert refused.value.code == "not-payable"


def test_the_answer_that_comes_twice_is_one() -> None:
    """Recording an invoice is safe to repeat."""
    invoice = an_invoice(WAITING.order)

    assert WAITING.when(c.RecordInvoice(attempt=1, invoice=invoice)).told == ()


def test_a_second_invoice_for_one_attempt_is_told() -> None:
    """I6: money may arrive on either; the order keeps the first."""
    story = WAITING.when(c.RecordInvoice(attempt=1, invoice=an_invoice(WAITING.order, gateway_id="other")))

    assert [one.reason for one in story.order.findings] == [FindingReason.PAYMENT_UNKNOWN]
    assert story.order.findings[0].subject == "other"


def test_an_answer_about_a_payment_that_came_as_a_stray_changes_nothing() -> None:
    """The notice was quicker than the answer and did not fit: the payment stays before the operator, once."""
    asking = PLACES["created, asking"]
    stray = asking.when(read(a_reading(asking.order, Word.FINISHED, gateway_id="early", parent="p0")))

    story = stray.when(c.RecordInvoice(attempt=1, invoice=an_invoice(stray.order, gateway_id="early")))

    assert story.told == ()


def test_an_answer_after_a_doubt_opens_the_payment() -> None:
    """The slow answer is still the answer."""
    doubtful = PLACES["created, no answer"]
    assert isinstance(doubtful.order.payments[0], DoubtfulPayment)

    story = doubtful.when(c.RecordInvoice(attempt=1, invoice=an_invoice(doubtful.order)))

    assert isinstance(story.order.payments[0], OpenPayment)
    assert [(job.name, job.ref) for job in story.jobs] == [("check-payment", "o1/1")]


def test_a_doubt_that_turns_out_to_be_a_refusal_is_one() -> None:
    """A refusal is the better answer."""
    story = PLACES["created, no answer"].when(
        c.RecordPaymentRefusal(attempt=1, code="below-minimum", reason="too small")
    )

    assert isinstance(story.order.payments[0], RefusedPayment)


@pytest.mark.parametrize(
    ("place", "word", "expected"),
    [
        ("waiting", Word.CONFIRMING, False),
        ("waiting", Word.FINISHED, True),
        ("waiting", Word.EXPIRED, True),
        ("waiting", Word.UNRECOGNISED, True),
        ("created", Word.CONFIRMING, True),
    ],
)
def test_only_progress_of_a_known_payment_needs_no_look(place: str, word: Word, *, expected: bool) -> None:
    """I13: whatever moves money is read back first."""
    order = PLACES[place].order

    assert expected is must_read_back(order, a_reading(order, word))


def test_a_stray_payment_is_always_read_back() -> None:
    """What comes with it is written into the ledger, so a notice's word does not do."""
    order = PLACES["waiting, stray"].order

    assert must_read_back(order, a_reading(order, Word.CONFIRMING, gateway_id="stray"))


@pytest.mark.parametrize("place", ["underpaid", "created, in review"])
def test_a_person_lets_a_payment_count(place: str) -> None:
    """The receipt says who; the purchase is planned in the same breath."""
    story = PLACES[place].when(accept())

    (payment,) = story.order.payments
    assert story.told == ("PaymentSettled", "FindingResolved", "ReservationPlanned")
    assert isinstance(payment, SettledPayment)
    assert payment.receipt.accepted_by == "admin:ann"


def test_a_stray_is_accepted_once() -> None:
    """I1: accepting it twice buys once."""
    once = PLACES["waiting, stray"].when(accept("stray"))
    twice = once.when(accept("stray"))

    assert isinstance(once.order.payments[1], AcceptedStray)
    assert once.status is Status.PAID
    assert twice.told == ()


def test_a_second_payment_can_be_accepted_on_a_paid_order_and_buys_nothing() -> None:
    """The money is ours to keep or to return; the order has its keys."""
    paid = PLACES["waiting, stray"].when(read(a_reading(WAITING.order)))

    story = paid.when(accept("stray"))

    assert story.told == ("PaymentSettled", "FindingResolved", "FindingOpened")
    assert [one.reason for one in story.order.findings] == [FindingReason.PAYMENT_SECOND]


@pytest.mark.parametrize("place", ["waiting", "confirming", "failed", "failed, money back", "paid, sent back"])
def test_money_that_is_not_here_cannot_be_accepted(place: str) -> None:
    """I3: what never came, or went back, counts for nothing."""
    with pytest.raises(TransitionRefused) as refused:
        PLACES[place].when(accept())

    assert refused.value.code == "nothing-to-accept"


@pytest.mark.parametrize(("word", "paid"), [(Word.REFUNDED, DUE.amount), (Word.WAITING, Decimal(0))])
def test_a_stray_that_is_not_here_cannot_be_accepted(word: Word, paid: Decimal) -> None:
    """A stray that was sent back, or never came, is no money."""
    story = WAITING.when(read(a_reading(WAITING.order, word, paid=paid, gateway_id="stray")))

    with pytest.raises(TransitionRefused):
        story.when(accept("stray"))


def test_what_the_sandbox_calls_finished_can_be_accepted() -> None:
    """**Source:** NOWPayments sandbox capture of 2026: a good payment is finished with `actually_paid` 0."""
    story = WAITING.when(read(a_reading(WAITING.order, paid=Decimal(0))), accept())

    assert story.order.is_settled
    assert story.ledger == ()
    assert story.when(c.RecordRefund(by="admin:ann", reason="a test")).status is Status.REFUNDED


def closed_with_a_short_payment(command: c.OrderCommand) -> Story:
    """An order that was closed, and on which half of the price arrived."""
    half = read(a_reading(WAITING.order, Word.PARTIALLY_PAID, paid=DUE.amount / 2))
    return WAITING.when(half, command) if isinstance(command, c.RecordRefund) else WAITING.when(command, half)


@pytest.mark.parametrize(
    "command", [c.CancelOrder(by="admin:ann", reason="asked for"), c.RecordRefund(by="admin:ann", reason="no stock")]
)
def test_nothing_is_accepted_on_a_closed_order(command: c.OrderCommand) -> None:
    """I8: there is nothing left to pay for; the money is to be refunded."""
    with pytest.raises(TransitionRefused):
        closed_with_a_short_payment(command).when(accept())


def test_a_name_that_nobody_knows_cannot_be_accepted() -> None:
    """There is no such payment."""
    with pytest.raises(TransitionRefused, match="no such payment"):
        WAITING.when(accept("unheard-of"))


@pytest.mark.parametrize(
    ("place", "left", "is_payable"),
    [
        ("waiting, payment expired", timedelta(microseconds=1), True),
        ("waiting, payment expired", timedelta(0), False),
        ("expired", timedelta(microseconds=1), False),
        ("created, in review", timedelta(hours=1), False),
        ("created, nothing in review", timedelta(hours=1), True),
    ],
)
def test_another_coin_is_taken_until_the_order_s_time_is_out(place: str, left: timedelta, *, is_payable: bool) -> None:
    """And while no money waits for a person: a second payment could be one too many."""
    waiting = PLACES["waiting"]
    places = {
        **PLACES,
        "waiting, payment expired": waiting.when(read(a_reading(waiting.order, Word.EXPIRED, paid="0"))),
        "created, nothing in review": waiting.when(
            read(a_reading(waiting.order, Word.WRONG_ASSET, paid="0")),
            c.ResolveFinding(finding_id=finding_id(waiting.order.id, 1), by="admin:ann", reason="nothing came"),
        ),
    }
    story = places[place]

    refusal = why_not_payable(story.order, story.order.expires_at - left)

    assert (refusal is None) is is_payable
