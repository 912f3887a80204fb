"""Ending an order, starting it again, and settling what a person was asked."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import COIN, DUE, an_invoice
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.errors import NotFound
from bitloot_core.values.ids import FindingId, GatewayPaymentId
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
BY = {"by": "admin:ann", "reason": "because"}
CANCEL, REFUND, RETRY = c.CancelOrder(**BY), c.RecordRefund(**BY), c.RetryOrder(**BY)
HOUR = timedelta(hours=1)


def resolve(name: str) -> c.ResolveFinding:
    """A person says that a finding is settled."""
    return c.ResolveFinding(finding_id=FindingId(name), **BY)


def told(reason: FindingReason, subject: str = "o1-1") -> c.OpenFinding:
    """Something needs a person."""
    return c.OpenFinding(reason=reason, subject=subject, text="Look at it.", blocking=True)


def refusal(story: Story, command: c.OrderCommand) -> str:
    """Why a command is refused."""
    with pytest.raises(TransitionRefused) as refused:
        story.when(command)
    assert refused.value.status is story.shown
    assert refused.value.order_id == "o1"
    return refused.value.code


@pytest.mark.parametrize("place", ["created", "created, asking", "waiting"])
def test_an_unpaid_order_expires_at_its_time_and_not_before(place: str) -> None:
    """The hour is the order's, whatever its payments are doing."""
    left = PLACES[place].order.expires_at - PLACES[place].now

    assert PLACES[place].later(left - timedelta(seconds=1)).when(c.ExpireOrder()).told == ()
    assert PLACES[place].later(left).when(c.ExpireOrder()).status is Status.EXPIRED


@pytest.mark.parametrize(
    "place",
    ["created, in review", "waiting, stray", "confirming", "underpaid", "paid", "fulfilled", "expired", "failed"],
)
def test_an_order_on_which_money_was_seen_does_not_expire(place: str) -> None:
    """F12: what is here, or coming, is not silenced by a clock."""
    assert PLACES[place].later(HOUR).when(c.ExpireOrder()).told == ()


@pytest.mark.parametrize("place", ["created", "waiting", "expired", "failed", "failed, money back"])
def test_an_order_without_money_can_be_called_off(place: str) -> None:
    """Money that went back by itself is no obstacle."""
    assert PLACES[place].when(CANCEL).status is Status.CANCELLED


@pytest.mark.parametrize(
    "place", ["created, in review", "waiting, stray", "confirming", "underpaid", "paid", "fulfilled", "refunded"]
)
def test_an_order_with_money_cannot_be_called_off(place: str) -> None:
    """I6: where there is money, a refund is what is meant."""
    assert refusal(PLACES[place], CANCEL) == "not-cancellable"


def test_calling_off_twice_is_calling_off_once() -> None:
    """Idempotent."""
    assert PLACES["cancelled"].when(CANCEL).told == ()


def test_a_payment_goes_on_after_the_order_was_called_off() -> None:
    """I6, I10: it stays polled, and what comes is told."""
    story = PLACES["cancelled"].when(read(a_reading(PLACES["waiting"].order, Word.CONFIRMING)))

    assert story.told == ("PaymentProgressed",)
    assert story.status is Status.CANCELLED
    assert story.jobs[-1].name == "check-payment"


@pytest.mark.parametrize("place", ["created", "waiting", "confirming", "expired", "cancelled"])
def test_what_never_came_cannot_be_refunded(place: str) -> None:
    """The ledger would show money that nobody sent."""
    assert refusal(PLACES[place], REFUND) == "nothing-to-refund"


@pytest.mark.parametrize("place", ["underpaid", "created, in review", "waiting, stray", "paid", "fulfilled"])
def test_a_refund_is_final_and_sends_back_what_came(place: str) -> None:
    """I6: the ledger's refund is what was received, coin by coin, not the price."""
    story = PLACES[place].when(REFUND)

    came = {row.external_id: row.amount for row in story.ledger if row.kind is LedgerKind.RECEIVED}
    went = {row.external_id: row.amount for row in story.ledger if row.kind is LedgerKind.REFUNDED}
    assert came == went
    assert story.status is Status.REFUNDED
    assert not story.order.may_reveal


def test_money_that_the_gateway_sent_back_is_not_refunded_again() -> None:
    """I12: one movement, one entry."""
    story = PLACES["paid, sent back"].when(REFUND)

    assert [row.kind for row in story.ledger] == [LedgerKind.RECEIVED, LedgerKind.REFUNDED]


def test_a_refund_settles_every_question_about_money() -> None:
    """Short, surplus, second: the money is back, and nothing waits."""
    switched = PLACES["waiting"].when(
        c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(PLACES["waiting"].order, 2))
    )
    second = read(a_reading(switched.order, gateway_id="pay-o1-2", paid="0.0005"))
    story = switched.when(read(a_reading(switched.order)), second, told(FindingReason.DEAD_JOB))
    assert len(story.order.findings) == 3

    assert story.when(REFUND).order.findings == ()


def test_a_refund_leaves_what_is_not_about_money() -> None:
    """A surplus purchase is still to be given back."""
    story = PLACES["fulfilling"].when(
        c.OpenFinding(reason=FindingReason.SURPLUS_PURCHASE, subject="b2", text="Give it back.", blocking=False), REFUND
    )

    assert [one.reason for one in story.order.findings] == [FindingReason.SURPLUS_PURCHASE]


def test_refunding_twice_is_refunding_once() -> None:
    """Idempotent."""
    assert PLACES["refunded"].when(REFUND).told == ()


def test_a_retry_pressed_ten_times_plans_once() -> None:
    """I1: what is coming is not planned again."""
    story = PLACES["paid, no stock"].when(*[RETRY] * 10)

    assert [res.plan.number for res in story.order.reservations] == [1, 2]


def test_a_retry_answers_what_it_tries_again() -> None:
    """The refusal is settled by the new purchase; the order shows its status again."""
    story = PLACES["paid, no stock"].when(RETRY)

    assert story.told == ("FindingResolved", "ReservationPlanned", "OrderRetried")
    assert story.shown is Status.PAID


def test_a_retry_buys_nothing_while_no_payment_counts() -> None:
    """I3: the money went back; what the supplier refused is still to be seen, until the next payment plans it anew."""
    refused = PLACES["paid, sent back"].when(c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="none"))
    retried = refused.when(RETRY)
    stray = read(a_reading(retried.order, gateway_id="another"))
    accept = c.AcceptPayment(gateway_id=GatewayPaymentId("another"), by="admin:ann", reason="it is theirs")

    paid = retried.when(stray, accept)

    assert retried.told == ("OrderRetried",)
    assert FindingReason.SUPPLIER_REFUSED in [one.reason for one in retried.order.findings]
    assert "ReservationPlanned" in paid.told
    assert paid.order.findings == ()


@pytest.mark.parametrize(
    ("reason", "subject", "answered"),
    [
        (FindingReason.SUPPLIER_DOUBT, "o1-1", True),
        (FindingReason.KEY_UNREADABLE, "o1-1", True),
        (FindingReason.DEAD_JOB, "check-reservation:o1-1", True),
        (FindingReason.DEAD_JOB, "send-mail:o1/delivery/l1", False),
        (FindingReason.MAIL_REFUSED, "delivery", False),
        (FindingReason.KEY_TAKEN, "o1-1", False),
    ],
)
def test_a_retry_answers_only_what_it_does_again(reason: FindingReason, subject: str, *, answered: bool) -> None:
    """A mail is not sent by it, so the finding about a mail that never went stays."""
    story = PLACES["fulfilling"].when(told(reason, subject), RETRY)

    assert answered is (story.order.findings == ())


@pytest.mark.parametrize("place", ["fulfilled", "refunded", "cancelled"])
def test_what_is_over_is_not_tried_again(place: str) -> None:
    """I8: F10, a retry that delivers what was never paid, cannot be asked for."""
    assert refusal(PLACES[place], RETRY) == "nothing-to-retry"


def test_a_finding_is_settled_once() -> None:
    """Saying it twice is saying it once."""
    story = PLACES["fulfilling"].when(told(FindingReason.DEAD_JOB))

    settled = story.when(resolve("o1.f1"))

    assert settled.told == ("FindingResolved",)
    assert settled.shown is Status.FULFILLING
    assert settled.when(resolve("o1.f1")).told == ()


@pytest.mark.parametrize("name", ["o1.f2", "o1.f0", "o1.fx", "o2.f1", "o1"])
def test_a_finding_that_never_was_is_not_found(name: str) -> None:
    """A number that was not given yet is none of this order's."""
    story = PLACES["fulfilling"].when(told(FindingReason.DEAD_JOB))

    with pytest.raises(NotFound):
        story.when(resolve(name))


@pytest.mark.parametrize("place", ["paid, no stock", "fulfilling, fallen"])
def test_owed_keys_that_nothing_brings_cannot_be_waved_away(place: str) -> None:
    """I10: the way out is to retry or to refund; after either, the finding is settled."""
    story = PLACES[place]

    assert refusal(story, resolve("o1.f1")) == "still-owed"
    assert story.when(RETRY).order.findings == story.when(REFUND).order.findings == ()


@pytest.mark.parametrize("place", ["created, in review", "waiting, stray", "underpaid"])
def test_money_that_waits_for_a_decision_cannot_be_waved_away(place: str) -> None:
    """I6, I10: the last finding that shows it stays until the money is accepted or refunded."""
    assert refusal(PLACES[place], resolve("o1.f1")) == "money-waits"


@pytest.mark.parametrize("place", ["paid, no stock", "fulfilling, fallen"])
def test_money_that_went_back_cannot_be_waved_away_while_keys_are_owed(place: str) -> None:
    """I10: a retry that buys nothing settles nothing; else nobody looked after the order any more."""
    sent_back = PLACES[place].when(read(a_reading(PLACES[place].order, Word.REFUNDED)))
    story = sent_back.when(RETRY)

    assert FindingReason.PAYMENT_RETURNED in [one.reason for one in story.order.findings]
    assert story.order.findings == sent_back.order.findings
    assert {refusal(story, resolve(one.id)) for one in story.order.findings} == {"still-owed"}
    assert story.when(REFUND).order.findings == ()


def test_a_purchase_that_falls_after_the_money_went_back_cannot_be_waved_away() -> None:
    """I10: what told of the money was settled while all keys were on their way; now this alone shows that some lack."""
    fallen = c.RecordSupplierWord(number=1, word=SupplierWord.CANCELLED)
    story = PLACES["fulfilling"].when(read(a_reading(PLACES["fulfilling"].order, Word.REFUNDED)))
    (told_of_money,) = story.order.findings
    story = story.when(resolve(told_of_money.id)).when(fallen).when(RETRY)

    (left,) = story.order.findings
    assert left.reason is FindingReason.SUPPLIER_CANCELLED
    assert refusal(story, resolve(left.id)) == "still-owed"
    assert story.when(REFUND).order.findings == ()


def test_a_question_about_money_can_be_settled_while_another_shows_it() -> None:
    """Two strays, one of them dust: the operator may look away from it."""
    dust = read(a_reading(PLACES["waiting"].order, gateway_id="dust", paid=Decimal("1E-8")))
    story = PLACES["waiting, stray"].when(dust)

    assert story.when(resolve("o1.f2")).told == ("FindingResolved",)


@pytest.mark.parametrize("place", ["refunded", "fulfilled"])
def test_an_order_at_rest_waits_for_nobody(place: str) -> None:
    """A finding on it never covers its status, and can always be settled."""
    story = PLACES[place].when(told(FindingReason.SUPPLIER_REFUSED))

    assert story.shown is PLACES[place].status
    assert story.when(resolve("o1.f1")).order.findings == ()


def test_what_blocked_before_the_end_covers_it_no_more() -> None:
    """Attention is for what waits; a fulfilled order waits for nothing."""
    blocked = PLACES["fulfilling, one held"].when(told(FindingReason.DEAD_JOB))
    assert blocked.shown is Status.ATTENTION

    done = attrs.evolve(blocked, order=attrs.evolve(PLACES["fulfilled"].order, findings=blocked.order.findings))

    assert done.shown is Status.FULFILLED


def test_a_strange_amount_is_no_refund() -> None:
    """Only what was seen can go back: a refund of half is half in the ledger."""
    story = PLACES["underpaid"].when(REFUND)

    assert [row.amount for row in story.ledger] == [DUE.amount / 2, DUE.amount / 2]
