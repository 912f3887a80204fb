"""Payments that we have no name for: adopted only where one of ours must be meant."""

from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.events import PaymentOpened
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.payments import DoubtfulPayment, OpenPayment, ReturnedStray, StrayPayment
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import COIN, DUE
from bitloot_core.testing.story import Story, a_reading, noticed, read
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentReading
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
DOUBTFUL = PLACES["created, no answer"]
UNHEARD = a_reading(DOUBTFUL.order, Word.WAITING, paid=Decimal(0), gateway_id="unheard")


def seen(story: Story) -> Decimal:
    """What the ledger has seen come in."""
    return sum((row.amount for row in story.ledger if row.kind is LedgerKind.RECEIVED), Decimal(0))


@pytest.mark.parametrize("place", ["created, asking", "created, no answer"])
def test_a_payment_whose_answer_was_lost_is_adopted(place: str) -> None:
    """After a time-out the attempt is in doubt; the payment that fits it exactly is ours."""
    story = PLACES[place].when(read(UNHEARD))

    (payment,) = story.order.payments
    assert story.told == ("PaymentOpened",)
    assert isinstance(payment, OpenPayment)
    assert payment.invoice.gateway_id == "unheard"
    assert (payment.invoice.due, payment.invoice.price) == (DUE, story.order.total)
    assert payment.invoice.void_at == story.now + story.policy.payment_lifetime
    assert story.status is Status.WAITING


def test_what_was_adopted_settles_in_the_same_breath() -> None:
    """The first word that we hear of it may be the last."""
    story = DOUBTFUL.when(read(attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount)))

    assert story.told == ("PaymentOpened", "PaymentSettled", "ReservationPlanned")


def test_a_notice_alone_adopts_nothing() -> None:
    """I13: the payment is read back first."""
    assert DOUBTFUL.when(noticed(UNHEARD)).told == ()


@pytest.mark.parametrize(
    "reading",
    [
        attrs.evolve(UNHEARD, order_ref="o2"),
        attrs.evolve(UNHEARD, price_amount=Decimal("0.01")),
        attrs.evolve(UNHEARD, price_currency="USD"),
        attrs.evolve(UNHEARD, coin="eth"),
        attrs.evolve(UNHEARD, parent_id=GatewayPaymentId("p0")),
        attrs.evolve(UNHEARD, address=None),
        attrs.evolve(UNHEARD, pay_amount=None),
        attrs.evolve(UNHEARD, pay_amount=Decimal(0)),
        attrs.evolve(UNHEARD, pay_amount=Decimal(-1)),
    ],
)
def test_a_payment_that_does_not_fit_is_put_before_a_person(reading: PaymentReading) -> None:
    """F7: order, price, currency, coin, address and amount must all be ours, or nothing is believed."""
    story = DOUBTFUL.when(read(reading))

    assert story.told == ("StrayPaymentSeen", "FindingOpened")
    assert isinstance(story.order.payments[0], DoubtfulPayment)
    assert [one.reason for one in story.order.findings] == [FindingReason.PAYMENT_STRAY]


@pytest.mark.parametrize("place", ["waiting", "created, refused", "created"])
def test_nothing_is_adopted_where_every_attempt_has_its_answer(place: str) -> None:
    """A payment that nobody asked for is a stray, however well it fits."""
    story = PLACES[place].when(read(attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount)))

    assert story.told == ("StrayPaymentSeen", "FindingOpened")
    assert not story.order.is_settled


def test_a_repeated_deposit_that_does_not_say_so_is_not_adopted() -> None:
    """
    It came to the address of a payment of ours. It calls due whatever was sent, so it would settle for anything.

    **Source:** NOWPayments, IPN capture of October 2026 and live reads: the child has the parent's order id and price,
    `pay_amount` equals `actually_paid`, and a read need not show `parent_payment_id`.
    """
    doubtful = PLACES["waiting"].when(c.IntendPayment(coin=COIN), c.RecordPaymentDoubt(attempt=2))
    dust = Decimal("0.00000001")
    child = attrs.evolve(UNHEARD, word=Word.FINISHED, pay_amount=dust, actually_paid=dust)

    story = doubtful.when(read(child))

    stray = story.order.payments[2]
    assert isinstance(stray, StrayPayment)
    assert stray.reasons == ("it is a repeated deposit of payment pay-o1-1",)
    assert not story.order.is_settled


def test_a_payment_with_an_address_of_its_own_is_adopted_beside_another() -> None:
    """The buyer switched coins, and the answer was lost; a memo makes an address one's own."""
    doubtful = PLACES["waiting"].when(c.IntendPayment(coin=COIN), c.RecordPaymentDoubt(attempt=2))

    assert doubtful.when(read(attrs.evolve(UNHEARD, address="fresh"))).told == ("PaymentOpened",)
    assert doubtful.when(read(attrs.evolve(UNHEARD, extra_id="memo-2"))).told == ("PaymentOpened",)


def test_each_attempt_adopts_one_payment() -> None:
    """A second payment for one attempt is a stray, though the first was adopted."""
    story = DOUBTFUL.when(read(UNHEARD), read(attrs.evolve(UNHEARD, gateway_id=GatewayPaymentId("second"))))

    assert story.told == ("StrayPaymentSeen", "FindingOpened")


def test_a_repeated_deposit_never_pays_an_order() -> None:
    """
    It is attached as evidence and waits for a person.

    **Source:** NOWPayments documentation, repeated deposits: never deliver automatically on any of them.
    """
    story = PLACES["waiting, stray"]

    stray = story.order.payments[1]
    assert isinstance(stray, StrayPayment)
    assert stray.reasons == ("it is a repeated deposit of payment pay-o1-1",)
    assert not story.order.is_settled
    assert (story.status, story.shown) == (Status.WAITING, Status.ATTENTION)
    assert seen(story) == DUE.amount


@pytest.mark.parametrize("place", ["failed", "expired", "underpaid", "confirming", "paid", "fulfilled", "refunded"])
def test_a_stray_deposit_is_kept_at_every_place(place: str) -> None:
    """I6: a repeated deposit on an order that has failed is money too; the status underneath stays."""
    before = PLACES[place]

    story = before.when(read(a_reading(before.order, gateway_id="stray", parent="pay-o1-1")))

    assert story.told == ("StrayPaymentSeen", "FindingOpened")
    assert before.status is story.status


@pytest.mark.parametrize("place", ["paid", "fulfilled", "refunded", "cancelled"])
def test_a_stray_deposit_blocks_no_order_that_needs_no_money(place: str) -> None:
    """A surplus or second payment for a paid order is a finding; the order stays as it is."""
    before = PLACES[place]

    story = before.when(read(a_reading(before.order, gateway_id="stray")))

    assert before.shown is story.shown


def test_a_stray_without_money_blocks_nothing() -> None:
    """It is shown, and the buyer can still pay."""
    story = PLACES["waiting"].when(read(UNHEARD))

    assert story.shown is Status.WAITING
    assert story.order.findings[0].amount == f"0 {COIN}"


def test_money_on_a_stray_is_told_anew_and_blocks() -> None:
    """The finding has the figure of the last look, not of the first."""
    story = PLACES["waiting"].when(read(UNHEARD))

    paid = story.when(read(attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount)))

    assert paid.told == ("StrayPaymentSeen", "FindingResolved", "FindingOpened")
    assert (paid.order.findings[0].amount, paid.shown) == (str(DUE), Status.ATTENTION)
    assert seen(paid) == DUE.amount


@pytest.mark.parametrize("word", [Word.EXPIRED, Word.FAILED, Word.CANCELLED, Word.REFUNDED])
def test_a_stray_that_comes_to_nothing_leaves_no_question(word: Word) -> None:
    """Nobody need decide about a payment that never came."""
    story = PLACES["waiting"].when(read(UNHEARD), read(attrs.evolve(UNHEARD, word=word)))

    assert story.order.findings == ()
    assert story.told == ("StrayPaymentSeen", "FindingResolved")


@pytest.mark.parametrize(
    "late",
    [
        attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount),
        attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount / 2),
        attrs.evolve(UNHEARD, word=Word.SENDING, actually_paid=DUE.amount),
        UNHEARD,
    ],
)
def test_an_old_word_about_a_stray_is_no_news(late: PaymentReading) -> None:
    """F14: the same again, less money, or a step back changes nothing, and counts nothing twice."""
    story = PLACES["waiting"].when(read(attrs.evolve(UNHEARD, word=Word.FINISHED, actually_paid=DUE.amount)))

    after = story.when(read(late))

    assert after.told == ()
    assert seen(after) == DUE.amount


def test_a_stray_goes_on() -> None:
    """A step forward is news, also without money."""
    story = PLACES["waiting"].when(read(UNHEARD), read(attrs.evolve(UNHEARD, word=Word.CONFIRMING)))

    assert "StrayPaymentSeen" in story.told


def test_a_payment_for_another_order_is_told_as_such() -> None:
    """The operator reads what is wrong with it."""
    story = PLACES["waiting"].when(read(attrs.evolve(UNHEARD, order_ref="o2", address="elsewhere")))

    stray = story.order.payments[1]
    assert isinstance(stray, StrayPayment)
    assert stray.reasons == ("it names another order",)


def test_a_stray_survives_the_acceptance_of_another() -> None:
    """Two strays are two decisions."""
    two = PLACES["waiting, stray"].when(read(a_reading(PLACES["waiting"].order, gateway_id="stray-2")))

    story = two.when(c.AcceptPayment(gateway_id=GatewayPaymentId("stray"), by="admin:ann", reason="ours"))

    assert [one.subject for one in story.order.findings] == ["stray-2"]


def accepted(story: Story) -> Story:
    """A person lets the stray payment count."""
    return story.when(c.AcceptPayment(gateway_id=GatewayPaymentId("stray"), by="admin:ann", reason="it is theirs"))


def gone(story: Story) -> list[tuple[str, Decimal]]:
    """What the ledger has seen go back."""
    return [(row.external_id, row.amount) for row in story.ledger if row.kind is LedgerKind.REFUNDED]


def test_a_stray_that_counts_goes_back_with_the_order() -> None:
    """I6: the refund of the whole order is the refund of this money."""
    story = accepted(PLACES["waiting, stray"]).when(c.RecordRefund(by="admin:ann", reason="no stock"))

    assert gone(story) == [("stray", DUE.amount)]


def test_a_stray_that_counted_keeps_its_parent_and_its_money_when_it_goes_back() -> None:
    """I6: the gateway sends it back, says so again, and then knows of more."""
    story = accepted(PLACES["waiting, stray"])
    back = a_reading(story.order, Word.REFUNDED, gateway_id="stray", parent="pay-o1-1")

    once = story.when(read(back))
    more = once.when(read(back)).when(read(attrs.evolve(back, word=Word.FINISHED, actually_paid=DUE.amount * 2)))

    payment = more.order.payments[-1]
    assert isinstance(payment, ReturnedStray)
    assert (payment.parent_id, payment.receipt.received) == ("pay-o1-1", DUE)
    assert gone(more) == [("stray", DUE.amount)]
    assert FindingReason.PAYMENT_SURPLUS in {one.reason for one in more.order.findings}


def test_a_word_from_before_is_no_news_of_a_stray() -> None:
    """The same money under a lower word is an old message; more of it is news under any word."""
    stray = PLACES["waiting, stray"]
    old = a_reading(stray.order, Word.CONFIRMING, gateway_id="stray", parent="pay-o1-1")

    assert stray.when(read(old)).told == ()
    assert stray.when(read(attrs.evolve(old, actually_paid=DUE.amount * 2))).told[0] == "StrayPaymentSeen"


def test_what_was_adopted_is_called_so() -> None:
    """A person sees that nobody heard the gateway's answer."""
    (event,) = DOUBTFUL.when(read(UNHEARD)).last

    assert isinstance(event, PaymentOpened)
    assert event.adopted
