"""A question is asked once, with a name of its own, and as it stands now."""

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.finding_steps import finding, fresh_finding, resolve
from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.status import Status
from bitloot_core.order.transitions import evolve_all
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.story import Story

PLACES = milestones()
PAID = PLACES["paid"]


def tell(text: str = "It differs.", *, subject: str = "o1", blocking: bool = True) -> c.OpenFinding:
    """Something needs a person."""
    return c.OpenFinding(
        reason=FindingReason.RECONCILIATION, subject=subject, text=text, blocking=blocking, amount="1.00 EUR"
    )


def told_anew(order: Order, text: str, *, blocking: bool = False) -> Order:
    """The order after a question whose figures may have changed."""
    events = fresh_finding(
        order, FindingReason.PAYMENT_SHORT, "p1", text, at=PLACED_AT, blocking=blocking, amount="1 btc"
    )
    return evolve_all(order, events)


def test_the_same_question_is_asked_once() -> None:
    """A job that runs ten times puts one line before the operator, however its words change."""
    story = PAID.when(tell(), tell("It still differs."))

    assert [one.text for one in story.order.findings] == ["It differs."]


def test_another_subject_is_another_question() -> None:
    """Two payments can be short."""
    story = PAID.when(tell(subject="a"), tell(subject="b"))

    assert [one.id for one in story.order.findings] == ["o1.f1", "o1.f2"]


def test_a_name_is_never_given_twice() -> None:
    """A question that was settled and comes again is a new one."""
    story = PAID.when(tell())
    settled = story.when(c.ResolveFinding(finding_id=story.order.findings[0].id, by="admin:ann", reason="seen"))

    assert [one.id for one in settled.when(tell()).order.findings] == ["o1.f2"]


def test_a_question_that_blocks_replaces_one_that_does_not() -> None:
    """What the order waits for is never hidden behind what it does not wait for."""
    story = PAID.when(tell(blocking=False), tell("Now it matters.", blocking=True))

    assert story.told == ("FindingResolved", "FindingOpened")
    assert [(one.id, one.text, one.blocking) for one in story.order.findings] == [("o1.f2", "Now it matters.", True)]
    assert story.shown is Status.ATTENTION


def test_a_question_that_does_not_block_replaces_none() -> None:
    """The order still waits."""
    assert PAID.when(tell(), tell(blocking=False)).told == ()


@pytest.mark.parametrize("place", ["fulfilled", "refunded", "cancelled"])
def test_nothing_blocks_an_order_at_rest(place: str) -> None:
    """It waits for nobody; the question is asked all the same."""
    story = PLACES[place].when(tell())

    assert [one.blocking for one in story.order.findings] == [False]
    assert story.shown is PLACES[place].shown


def test_new_figures_are_told_anew_and_old_ones_are_not() -> None:
    """I6: the money at stake is shown as it is."""
    order = told_anew(PAID.order, "1 arrived.")

    assert order == told_anew(order, "1 arrived.")
    assert [(one.id, one.text) for one in told_anew(order, "2 arrived.").findings] == [("o1.f2", "2 arrived.")]


def test_questions_of_one_decision_are_numbered_one_after_the_other() -> None:
    """The second counts those that the first has led to, and not what was settled with them."""
    order = PAID.order
    gone = e.FindingResolved(at=PLACED_AT, finding_id="o1.f9", by="system", reason="settled")
    first = (gone, *finding(order, FindingReason.DEAD_JOB, "a", "A.", at=PLACED_AT, blocking=False))

    (second,) = finding(order, FindingReason.DEAD_JOB, "b", "B.", at=PLACED_AT, blocking=False, after=first)

    assert isinstance(second, e.FindingOpened)
    assert second.finding.id == "o1.f2"


def test_settling_takes_the_reasons_and_the_subject_that_are_meant() -> None:
    """Others stay."""
    story = PAID.when(tell(subject="a"), tell(subject="b"))

    one = resolve(story.order, FindingReason.RECONCILIATION, subject="a", by="system", why="seen", at=PLACED_AT)
    every = resolve(story.order, FindingReason.RECONCILIATION, subject=None, by="system", why="seen", at=PLACED_AT)
    none = resolve(story.order, FindingReason.DEAD_JOB, subject=None, by="system", why="seen", at=PLACED_AT)

    assert (len(one), len(every), len(none)) == (1, 2, 0)


def test_attention_is_an_overlay() -> None:
    """Settling the question shows the status underneath again."""
    story = PAID.when(tell())
    assert (story.shown, story.status) == (Status.ATTENTION, Status.PAID)

    after = story.when(c.ResolveFinding(finding_id=story.order.findings[0].id, by="admin:ann", reason="seen"))

    assert after.shown is Status.PAID


def test_a_finding_that_does_not_block_covers_nothing() -> None:
    """It is in the operator's list, and the buyer sees the order as it is."""
    assert PAID.when(tell(blocking=False)).shown is Status.PAID


def test_a_finding_keeps_what_was_told() -> None:
    """Reason, subject, sentence, amount, time."""
    story = PAID.when(tell())

    expected = Finding(
        id=story.order.findings[0].id,
        order_id=PAID.order.id,
        reason=FindingReason.RECONCILIATION,
        subject="o1",
        text="It differs.",
        amount="1.00 EUR",
        blocking=True,
        opened_at=PAID.now,
    )
    assert expected == story.order.findings[0]
    assert Story(order=attrs.evolve(PAID.order, findings=(expected,))).shown is Status.ATTENTION
