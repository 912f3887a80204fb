"""Settling what a person was told: what shows money or owed keys stays in sight until that is decided."""

from bitloot_core.order import commands as c
from bitloot_core.order.findings import FindingReason
from bitloot_core.testing.milestones import milestones
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import FindingId
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
BY = {"by": "admin:ann", "reason": "because"}
CANCEL, REFUND, RETRY = c.CancelOrder(**BY), c.RecordRefund(**BY), c.RetryOrder(**BY)


def resolve(name: str) -> c.ResolveFinding:
    """A person says that a finding is settled."""
    return c.ResolveFinding(finding_id=FindingId(name), **BY)


def told(reason: FindingReason, subject: str = "o1-1") -> c.OpenFinding:
    """Something needs a person."""
    return c.OpenFinding(reason=reason, subject=subject, text="Look at it.", blocking=True)


def sent_back(story: Story) -> Story:
    """The gateway sends the order's money back to the payer."""
    return story.when(read(a_reading(story.order, Word.REFUNDED)))


def open_reasons(story: Story) -> set[FindingReason]:
    """Why a person is needed."""
    return {one.reason for one in story.order.findings}


def test_a_retry_without_money_still_answers_what_needs_none() -> None:
    """That keys are owed stays in sight; a job that was given up is tried again."""
    story = sent_back(PLACES["paid, no stock"]).when(told(FindingReason.DEAD_JOB, "check-payment:o1/1"))

    after = story.when(RETRY)

    assert open_reasons(story) - open_reasons(after) == {FindingReason.DEAD_JOB}


def test_a_retry_without_money_answers_a_fallen_purchase_whose_keys_are_coming() -> None:
    """Another purchase brings them: nothing would be lost from sight."""
    story = sent_back(PLACES["fulfilling"].when(told(FindingReason.SUPPLIER_REFUSED, "o1-9")))

    assert FindingReason.SUPPLIER_REFUSED not in open_reasons(story.when(RETRY))


def test_that_money_went_back_can_be_settled_once_other_money_counts() -> None:
    """The order is paid: what it still owes is shown by what was refused."""
    story = PLACES["paid, no stock"].when(told(FindingReason.PAYMENT_RETURNED, "pay-o1-9"))

    after = story.when(resolve(story.order.findings[-1].id))

    assert open_reasons(after) == {FindingReason.SUPPLIER_REFUSED}


def test_what_was_refused_can_be_settled_once_the_money_went_back() -> None:
    """Nothing is owed any more."""
    story = PLACES["paid, no stock"].when(REFUND).when(told(FindingReason.SUPPLIER_REFUSED))

    assert story.when(resolve(story.order.findings[-1].id)).order.findings == ()


def test_money_on_an_order_that_is_over_waits_for_nobody() -> None:
    """What is told of it can be settled: the order was closed, and the refund is made outside."""
    cancelled = PLACES["cancelled"]
    story = cancelled.when(read(a_reading(cancelled.order, gateway_id="stray", parent="pay-o1-1")))

    (finding,) = story.order.findings
    assert story.when(resolve(finding.id)).order.findings == ()


def test_a_finding_about_something_else_can_be_settled_while_money_waits() -> None:
    """It is not what shows the money."""
    story = PLACES["waiting, stray"].when(told(FindingReason.DEAD_JOB, "expire:o1"))

    after = story.when(resolve(story.order.findings[-1].id))

    assert open_reasons(after) == {FindingReason.PAYMENT_STRAY}


def test_late_money_says_how_the_order_ended() -> None:
    """Whoever pays it back need not look."""
    refunded = PLACES["underpaid"].when(REFUND)

    story = refunded.when(read(a_reading(refunded.order)))

    assert "after the order was refunded" in story.order.findings[-1].text
