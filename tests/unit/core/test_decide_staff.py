"""A person buys anew, puts an order aside and takes it up again, and has a job done once more."""

from datetime import timedelta

import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import staff_commands as sc
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Refunded
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import PlannedReservation
from bitloot_core.order.status import Status
from bitloot_core.testing.milestones import bought, hold, key_for, milestones
from bitloot_core.testing.story import a_reading, read
from bitloot_core.values.ids import LinkId, finding_id

PLACES = milestones()
BY = {"by": "admin:ann", "reason": "looks odd"}
PARK, UNPARK, REBUY = sc.ParkOrder(**BY), sc.UnparkOrder(**BY), sc.Rebuy(**BY)


@pytest.mark.parametrize(("place", "units"), [("paid, no stock", 2), ("fulfilling, fallen", 1)])
def test_what_a_dead_purchase_left_is_bought_anew(place: str, units: int) -> None:
    """Under the next number and attempt; what told of it is settled."""
    story = PLACES[place].when(REBUY)
    res = story.order.reservations[-1]

    assert isinstance(res, PlannedReservation)
    assert (2, 2, units) == (res.plan.number, res.plan.attempt, len(res.plan.units))
    assert story.order.findings == ()
    assert [job.name for job in story.jobs if job.ref == res.plan.ref] == [JobName.RESERVE]


def test_buying_anew_twice_is_buying_anew_once() -> None:
    """I1: the second press finds it under way."""
    story = PLACES["paid, no stock"].when(REBUY)

    assert story.when(REBUY).last == ()
    assert story.when(c.ClaimPurchase(number=2)).when(REBUY).last == ()


def test_only_what_a_dead_purchase_told_is_settled() -> None:
    """Another finding has another answer."""
    told = c.OpenFinding(reason=FindingReason.MAIL_REFUSED, subject="delivery", text="Refused.", blocking=False)
    story = PLACES["paid, no stock"].when(told).when(REBUY)

    assert [one.reason for one in story.order.findings] == [FindingReason.MAIL_REFUSED]


def test_a_purchase_that_came_through_is_not_bought_anew() -> None:
    """Also where it was a second attempt: what it was for is held."""
    story = PLACES["paid, no stock"].when(REBUY).when(c.ClaimPurchase(number=2)).when(bought(2))
    story = story.when(hold(story, key_for("1.1"), key_for("1.2"), number=2))

    with pytest.raises(TransitionRefused) as refusal:
        story.when(REBUY)

    assert refusal.value.code == "nothing-to-rebuy"


def test_a_replacement_that_was_refused_is_bought_anew() -> None:
    """Though the order is fulfilled; and a retry does it, too."""
    story = PLACES["fulfilled, bad key"].when(
        c.ClaimPurchase(number=2), c.RecordPurchaseRefusal(number=2, code="out-of-stock", reason="none")
    )
    again, retried = story.when(REBUY), story.when(c.RetryOrder(**BY))

    assert [one.reason for one in story.order.findings] == [FindingReason.SUPPLIER_REFUSED]
    assert {Status.FULFILLED} == {story.shown, again.shown, retried.shown}
    assert {3} == {len(one.order.reservations) for one in (again, retried)}


def test_a_replacement_that_is_owed_stays_in_sight() -> None:
    """I6: settling it by hand would hide that a paid key is owed."""
    story = PLACES["fulfilled, bad key"].when(
        c.ClaimPurchase(number=2), c.RecordPurchaseRefusal(number=2, code="out-of-stock", reason="none")
    )

    with pytest.raises(TransitionRefused) as refusal:
        story.when(c.ResolveFinding(finding_id=story.order.findings[0].id, **BY))

    assert refusal.value.code == "still-owed"


def test_an_order_that_was_put_aside_shows_it() -> None:
    """Who, why and since when; and it counts for attention."""
    story = PLACES["paid"].when(PARK)
    (found,) = story.order.findings

    assert (story.shown, found.reason, story.order.is_parked) == (Status.ATTENTION, FindingReason.PARKED, True)
    assert "admin:ann" in found.text
    assert "looks odd" in found.text
    assert story.when(PARK).last == ()


@pytest.mark.parametrize(
    "command",
    [
        c.ClaimPurchase(number=1),
        c.RetryOrder(**BY),
        REBUY,
        c.IssueLink(link_id=LinkId("l9"), expires_at=PLACES["paid"].now + timedelta(days=1), by="order"),
    ],
)
def test_nothing_is_bought_or_mailed_for_it(command: c.OrderCommand) -> None:
    """Whoever asks."""
    with pytest.raises(TransitionRefused) as refusal:
        PLACES["paid"].when(PARK).when(command)

    assert refusal.value.code == "parked"


def test_money_still_counts_on_it() -> None:
    """I6: the purchase is planned, and waits."""
    story = PLACES["waiting"].when(PARK)
    story = story.when(read(a_reading(story.order)))

    assert (story.shown, story.order.is_settled) == (Status.ATTENTION, True)
    assert isinstance(story.order.reservations[0], PlannedReservation)


def test_taking_it_up_again_does_what_waits() -> None:
    """At once; and twice is once."""
    story = PLACES["paid"].when(PARK).when(UNPARK)

    assert (story.shown, story.order.is_parked) == (Status.PAID, False)
    assert JobName.RESERVE in {job.name for job in story.jobs if job.due_at == story.now}
    assert story.when(UNPARK).last == ()
    assert PLACES["paid"].when(UNPARK).last == ()


def test_settling_the_finding_takes_it_up_again() -> None:
    """There is one truth about it."""
    story = PLACES["paid"].when(PARK)
    story = story.when(c.ResolveFinding(finding_id=finding_id(story.order.id, 1), **BY))

    assert (story.shown, story.order.is_parked) == (Status.PAID, False)


@pytest.mark.parametrize("place", ["cancelled", "refunded"])
def test_an_order_that_is_over_is_not_put_aside(place: str) -> None:
    """Nothing would wait."""
    with pytest.raises(TransitionRefused) as refusal:
        PLACES[place].when(PARK)

    assert refusal.value.code == "nothing-to-park"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("waiting", c.CancelOrder(**BY)),
        ("paid", c.RecordRefund(**BY)),
        ("fulfilled", c.RecordRefund(**BY)),
    ],
)
def test_the_end_of_an_order_takes_it_up(place: str, command: c.OrderCommand) -> None:
    """Nothing of it is left to be put aside."""
    story = PLACES[place].when(PARK).when(command)

    assert story.order.findings == ()


def test_a_fulfilled_order_can_be_put_aside() -> None:
    """Its status stays; its mail waits."""
    story = PLACES["fulfilled"].when(PARK)

    assert (story.shown, story.order.is_parked) == (Status.FULFILLED, True)
    assert not isinstance(story.order.closing, Refunded)


@pytest.mark.parametrize("reason", [FindingReason.DEAD_JOB, FindingReason.OUT_OF_REACH])
def test_a_job_that_was_given_up_is_asked_for_again(reason: FindingReason) -> None:
    """What told of it is settled; other jobs are left alone."""
    dead = [
        c.OpenFinding(reason=reason, subject=f"reserve:o1-{number}", text="Given up.", blocking=True)
        for number in (1, 2)
    ]
    story = PLACES["paid"].when(*dead).when(sc.RetryJob(name=JobName.RESERVE, ref="o1-1", **BY))

    assert [one.subject for one in story.order.findings] == ["reserve:o1-2"]
    assert ("reserve", "o1-1", story.now) in [(job.name, job.ref, job.due_at) for job in story.jobs]
