"""Buying: only for money that counts, once, and never blindly again."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order.decide_purchase import cost_cap
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import (
    ClaimedReservation,
    CompletedReservation,
    DoubtfulReservation,
    FallenReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
    SupplierWord,
)
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import COST, bought, milestones
from bitloot_core.testing.orders import a_line, a_plan, placed
from bitloot_core.testing.story import Story
from bitloot_core.values.money import Money

PLACES = milestones()
CLAIM = c.ClaimPurchase(number=1)
DOUBT = c.RecordPurchaseDoubt(number=1)
RELEASE = c.ReleasePurchase(number=1)
RETRY = c.RetryOrder(by="admin:ann", reason="send it")
QUIET = Policy().supplier_quiet


def refusal(story: Story, command: c.OrderCommand = CLAIM) -> str:
    """Why a command is refused."""
    with pytest.raises(TransitionRefused) as refused:
        story.when(command)
    return refused.value.code


def reasons(story: Story) -> list[FindingReason]:
    """Why a person is needed now."""
    return [finding.reason for finding in story.order.findings]


def word(value: SupplierWord) -> c.RecordSupplierWord:
    """The supplier said how far the first purchase is."""
    return c.RecordSupplierWord(number=1, word=value)


@pytest.mark.parametrize("place", [name for name, story in PLACES.items() if not story.order.is_settled])
def test_nothing_is_bought_without_a_settled_payment(place: str) -> None:
    """I3, F10: money is demanded in the write that claims the purchase, at every place."""
    assert refusal(PLACES[place]) == "not-paid"


def test_nothing_is_bought_once_the_payment_went_back() -> None:
    """I3: a purchase that was planned while the money was here waits."""
    assert isinstance(PLACES["paid, sent back"].order.reservations[0], PlannedReservation)
    assert refusal(PLACES["paid, sent back"]) == "not-paid"


@pytest.mark.parametrize("place", ["refunded", "refunded, bought", "cancelled, paid late"])
def test_nothing_is_bought_for_a_closed_order(place: str) -> None:
    """Money that came late is to be refunded, not spent."""
    assert refusal(PLACES[place]) == "closed"


@pytest.mark.parametrize("place", ["paid, claimed", "paid, no stock", "fulfilling", "fulfilling, fallen", "fulfilled"])
def test_what_was_sent_or_is_dead_is_not_sent_again(place: str) -> None:
    """I1: whoever claimed it may have bought; a dead purchase is bought under a new number."""
    assert refusal(PLACES[place].later(QUIET * 2)) == "not-purchasable"


def test_a_purchase_that_was_never_planned_cannot_be_claimed() -> None:
    """There is no number 7."""
    assert refusal(PLACES["paid"], c.ClaimPurchase(number=7)) == "not-purchasable"


def test_a_purchase_in_doubt_waits_for_its_quiet_window() -> None:
    """I1: the supplier may carry it out late; nobody asks again before the window has passed."""
    doubtful = PLACES["paid, in doubt"]

    assert refusal(doubtful.later(QUIET - timedelta(seconds=1))) == "quiet-window"
    assert isinstance(doubtful.later(QUIET).when(CLAIM).order.reservations[0], ClaimedReservation)


def test_a_retry_does_not_shorten_the_quiet_window() -> None:
    """A person's impatience is no evidence."""
    assert refusal(PLACES["paid, in doubt"].when(RETRY)) == "quiet-window"


def test_a_person_decides_where_the_shop_says_so() -> None:
    """SUPPLIER_REPOST=operator: after the quiet window, one click for one try."""
    cautious = attrs.evolve(PLACES["paid, in doubt"], policy=Policy(repost=Repost.OPERATOR)).later(QUIET)

    assert refusal(cautious) == "operator-decides"
    tried = cautious.when(RETRY, CLAIM, DOUBT).later(QUIET)

    assert refusal(tried) == "operator-decides"


def test_a_purchase_is_not_sent_for_ever() -> None:
    """After as many tries as the policy admits, a person decides about the next."""
    story = PLACES["paid, in doubt"]
    for _ in range(Policy().most_asked - 1):
        story = story.later(QUIET).when(CLAIM, DOUBT)

    assert refusal(story.later(QUIET)) == "operator-decides"
    assert story.later(QUIET).when(RETRY, CLAIM).told == ("ReservationClaimed",)


def test_a_try_that_was_not_taken_is_as_if_it_had_not_been() -> None:
    """The supplier could not be asked: the purchase is planned as before."""
    released = PLACES["paid, claimed"].when(RELEASE)

    assert isinstance(released.order.reservations[0], PlannedReservation)
    assert released.when(CLAIM).told == ("ReservationClaimed",)


def test_a_second_try_that_was_not_taken_uses_up_no_permission() -> None:
    """The first try is still in doubt, and the next may be made as this one was."""
    cautious = attrs.evolve(PLACES["paid, in doubt"], policy=Policy(repost=Repost.OPERATOR)).later(QUIET)
    released = cautious.when(RETRY, CLAIM, RELEASE)

    (res,) = released.order.reservations
    assert isinstance(res, DoubtfulReservation)
    assert (res.asked, res.approved) == (1, True)
    assert refusal(released) == "quiet-window"
    assert released.later(QUIET).when(CLAIM).told == ("ReservationClaimed",)


@pytest.mark.parametrize("command", [DOUBT, RELEASE])
@pytest.mark.parametrize("place", ["paid", "paid, in doubt", "paid, no stock", "fulfilling", "fulfilled"])
def test_an_answer_that_is_not_awaited_changes_nothing(place: str, command: c.OrderCommand) -> None:
    """Only a claimed purchase waits for one."""
    assert PLACES[place].when(command).told == ()


@pytest.mark.parametrize("place", ["paid", "paid, claimed", "paid, in doubt"])
def test_a_purchase_that_the_supplier_has_is_placed(place: str) -> None:
    """Found by our reference or answered: the id and the charge are kept, and it is looked at."""
    story = PLACES[place].when(bought())

    (res,) = story.order.reservations
    assert isinstance(res, PlacedReservation)
    assert (res.supplier_order_id, res.charged) == ("bought-1", COST)
    assert story.status is Status.FULFILLING
    assert [(row.kind, row.external_id, row.amount) for row in story.ledger if row.kind is LedgerKind.CHARGED] == [
        (LedgerKind.CHARGED, "bought-1", COST.amount)
    ]


def test_the_same_purchase_told_twice_is_one() -> None:
    """A webhook and a look-up may both find it."""
    assert PLACES["fulfilling"].when(bought()).told == ()


@pytest.mark.parametrize("place", ["fulfilling", "fulfilled", "fulfilling, fallen", "paid, no stock"])
def test_a_second_purchase_is_told_and_its_keys_are_left_alone(place: str) -> None:
    """I1: it goes back to the supplier; the order does not move."""
    before = PLACES[place]

    story = before.when(bought(name="bought-again"))

    assert story.told == ("FindingOpened",)
    assert FindingReason.SURPLUS_PURCHASE in reasons(story)
    assert before.order.reservations == story.order.reservations


def test_a_purchase_that_nobody_planned_is_told() -> None:
    """It is under our reference, and we know nothing of it."""
    assert reasons(PLACES["waiting"].when(bought())) == [FindingReason.SURPLUS_PURCHASE]


def test_a_purchase_that_goes_through_after_the_refund_is_told() -> None:
    """It was on its way when the money went back: it is kept in sight, and given back."""
    late = PLACES["paid, claimed"].when(c.RecordRefund(by="admin:ann", reason="no stock"), bought())

    assert reasons(late) == [FindingReason.SURPLUS_PURCHASE]
    assert late.status is Status.REFUNDED


@pytest.mark.parametrize(
    ("charged", "told"),
    [
        (Money.of("20.00", "EUR"), []),
        (Money.of("20.01", "EUR"), [FindingReason.SUPPLIER_MISMATCH]),
        (Money.of("17.00", "USD"), [FindingReason.SUPPLIER_MISMATCH]),
    ],
)
def test_a_charge_above_the_cap_is_told(charged: Money, told: list[FindingReason]) -> None:
    """The cap is the sum of the lines' caps, in their currency."""
    assert told == reasons(PLACES["paid, claimed"].when(bought(charged=charged)))


def test_two_findings_of_one_purchase_have_two_names() -> None:
    """Too dear and too late at once."""
    refunded = PLACES["paid, claimed"].when(c.RecordRefund(by="admin:ann", reason="no stock"))

    story = refunded.when(bought(charged=Money.of("99.00", "EUR")))

    assert [one.id for one in story.order.findings] == ["o1.f1", "o1.f2"]


def test_the_cap_of_a_purchase_is_the_sum_of_its_items() -> None:
    """Units times the most that one may cost."""
    order = placed(lines=(a_line(1, quantity=2, max_cost="10.00"), a_line(2, product="licence", max_cost="3.50")))

    assert Money.of("23.50", "EUR") == cost_cap(a_plan(order))


def test_a_find_answers_the_doubt() -> None:
    """The finding about a silent supplier is settled by the purchase itself."""
    doubt = c.OpenFinding(
        reason=FindingReason.SUPPLIER_DOUBT, subject="o1-1", text="There is no answer.", blocking=True
    )

    story = PLACES["paid, in doubt"].when(doubt, bought())

    assert story.told == ("ReservationPlaced", "FindingResolved")


@pytest.mark.parametrize("dead", [SupplierWord.CANCELLED, SupplierWord.REFUNDED])
def test_a_purchase_found_dead_is_placed_first(dead: SupplierWord) -> None:
    """It was charged, so the ledger has it; the next look lets it fall."""
    story = PLACES["paid, claimed"].when(attrs.evolve(bought(), word=dead))

    (res,) = story.order.reservations
    assert isinstance(res, PlacedReservation)
    assert res.word is SupplierWord.PROCESSING
    assert isinstance(story.when(word(dead)).order.reservations[0], FallenReservation)


def test_a_refusal_blocks_the_order_with_what_is_at_stake() -> None:
    """A person buys again or gives the money back."""
    story = PLACES["paid, no stock"]

    (finding,) = story.order.findings
    assert isinstance(story.order.reservations[0], RefusedReservation)
    assert (finding.reason, finding.blocking, finding.amount) == (FindingReason.SUPPLIER_REFUSED, True, "20.00 EUR")
    assert story.shown is Status.ATTENTION


def test_a_refusal_for_a_refunded_order_bothers_nobody() -> None:
    """There is nothing left to decide."""
    refunded = PLACES["paid, claimed"].when(c.RecordRefund(by="admin:ann", reason="no stock"))

    story = refunded.when(c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="none"))

    assert story.told == ("ReservationRefused",)


@pytest.mark.parametrize("place", ["fulfilling", "fulfilled", "paid, no stock", "fulfilling, fallen"])
def test_a_refusal_of_what_has_gone_on_changes_nothing(place: str) -> None:
    """A late refusal cannot undo a purchase."""
    assert PLACES[place].when(c.RecordPurchaseRefusal(number=1, code="out-of-stock", reason="none")).told == ()


@pytest.mark.parametrize("dead", [SupplierWord.CANCELLED, SupplierWord.REFUNDED])
def test_a_purchase_that_falls_blocks_the_order_and_keeps_its_keys(dead: SupplierWord) -> None:
    """I2: supplier cancelled or refunded before delivery is `attention`; units that are held stay held."""
    story = PLACES["fulfilling, one held"].when(word(dead))

    assert story.told == ("ReservationFell", "FindingOpened")
    assert story.shown is Status.ATTENTION
    assert "1 of its 2 keys are held" in story.order.findings[0].text
    assert len(story.order.held) == 1


def test_a_completed_purchase_that_falls_is_told_and_blocks_nothing() -> None:
    """I8: the keys are ours and out; the supplier's change of mind is the operator's business."""
    story = PLACES["fulfilled"].when(word(SupplierWord.REFUNDED))

    assert isinstance(story.order.reservations[0], CompletedReservation)
    assert reasons(story) == [FindingReason.SUPPLIER_CANCELLED]
    assert story.shown is Status.FULFILLED


def test_a_word_that_nobody_knows_is_told_and_waited_for() -> None:
    """It never takes a default branch; the purchase is looked at as before."""
    story = PLACES["fulfilling"].when(word(SupplierWord.UNRECOGNISED))

    assert story.told == ("SupplierProgressed", "FindingOpened")
    assert reasons(story) == [FindingReason.SUPPLIER_STATUS]
    assert story.shown is Status.FULFILLING


@pytest.mark.parametrize("place", ["paid", "paid, claimed", "paid, no stock", "fulfilling, fallen"])
def test_a_word_about_what_is_not_placed_changes_nothing(place: str) -> None:
    """Webhooks come early, late and twice."""
    assert PLACES[place].when(word(SupplierWord.REFUNDED)).told == ()


def test_the_same_word_twice_is_no_news() -> None:
    """Polling tells nothing anew."""
    assert PLACES["fulfilling"].when(word(SupplierWord.PROCESSING)).told == ()
