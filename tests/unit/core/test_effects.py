"""The jobs that follow from what happened: each is asked for in the write that made it necessary."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order import commands as c
from bitloot_core.order import events as e
from bitloot_core.order.effects import effects_of, first_look
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import NoLink
from bitloot_core.order.policy import Policy
from bitloot_core.order.staff_commands import UnparkOrder
from bitloot_core.testing.milestones import hold, key_for, milestones
from bitloot_core.testing.orders import COIN, NOTHING, a_plan, an_invoice, placed
from bitloot_core.testing.story import Story, a_reading, read
from bitloot_core.values.ids import FindingId, LinkId
from bitloot_core.values.reading import PaymentWord as Word

PLACES = milestones()
POLICY = Policy()
AT = PLACES["created"].now
RETRY = c.RetryOrder(by="admin:ann", reason="because")


def job(name: JobName, ref: str, due_at: datetime = AT) -> JobRequest:
    """A job for the order."""
    return JobRequest(name=name, ref=ref, order_id=PLACES["created"].order.id, due_at=due_at)


def asked(story: Story, *commands: c.OrderCommand) -> tuple[JobRequest, ...]:
    """The jobs that these commands bring."""
    return attrs.evolve(story, jobs=()).when(*commands).jobs


def resolved(by: str) -> e.FindingResolved:
    """A finding was settled."""
    return e.FindingResolved(at=AT, finding_id=FindingId("o1.f1"), by=by, reason="because")


def test_a_placed_order_expires_in_time() -> None:
    """I10: from the first write on, something is due."""
    order = placed()
    event = e.OrderPlaced(at=AT, order_id=order.id, buyer=order.buyer, lines=order.lines, expires_at=order.expires_at)

    assert (job(JobName.EXPIRE, "o1", order.expires_at),) == effects_of(event, order, POLICY)


def test_an_open_payment_is_looked_at() -> None:
    """Notices get lost: polling alone must be enough."""
    invoice = c.RecordInvoice(attempt=1, invoice=an_invoice(PLACES["created"].order))

    assert (job(JobName.CHECK_PAYMENT, "o1/1", AT + timedelta(seconds=30)),) == asked(
        PLACES["created, asking"], invoice
    )


def test_progress_keeps_a_payment_looked_at() -> None:
    """A payment that was given up comes back to life; one that is watched is not asked about more often."""
    told = read(a_reading(PLACES["waiting"].order, Word.CONFIRMING))

    assert (job(JobName.CHECK_PAYMENT, "o1/1", AT + POLICY.payment_poll[-1]),) == asked(PLACES["waiting"], told)


def test_an_end_asks_whether_the_order_is_over_too() -> None:
    """I10: the order's own clock may have run out while the payment was on its way."""
    story = PLACES["waiting"].later(timedelta(hours=2))
    told = read(a_reading(story.order, Word.EXPIRED, paid=Decimal(0)))

    assert (job(JobName.EXPIRE, "o1", story.now),) == asked(story, told)


def test_an_end_on_a_paid_order_asks_nothing() -> None:
    """It is paid by another payment."""
    switched = PLACES["waiting"].when(
        c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(PLACES["waiting"].order, 2))
    )
    paid = switched.when(read(a_reading(switched.order)))
    ended = e.PaymentVoided(at=AT, attempt=2, why="expired", received=NOTHING)

    assert effects_of(ended, paid.order, POLICY) == ()


def test_a_settled_payment_buys_at_once() -> None:
    """`paid` commits the job `reserve`."""
    told = read(a_reading(PLACES["waiting"].order))

    assert (job(JobName.RESERVE, "o1-1"),) == asked(PLACES["waiting"], told)


def test_a_placed_purchase_is_looked_at_soon() -> None:
    """Kinguin's webhook may be lost; the first rung of the ladder is 15 seconds."""
    (job_,) = attrs.evolve(PLACES["paid, claimed"], jobs=()).happens(*PLACES["fulfilling"].last).jobs

    assert job(JobName.CHECK_RESERVATION, "o1-1", AT + timedelta(seconds=15)) == job_


@pytest.mark.parametrize(
    ("release", "due"),
    [
        (date(2027, 3, 1), datetime(2027, 3, 1, tzinfo=UTC)),
        (date(2025, 1, 1), AT + timedelta(seconds=15)),
        (None, AT + timedelta(seconds=15)),
    ],
)
def test_a_preorder_is_looked_at_on_its_day(release: date | None, due: datetime) -> None:
    """A preorder waits for its release date; one that is out is bought like any other."""
    plan = a_plan(placed())
    item = attrs.evolve(plan.items[0], release_date=release)

    assert due == first_look(attrs.evolve(plan, items=(item,)), AT, POLICY)


def test_a_part_is_mailed_if_the_rest_takes_longer() -> None:
    """A "partly ready" mail, a quarter of an hour after the first key."""
    assert (job(JobName.SEND_MAIL, "o1/partly/first", AT + timedelta(minutes=15)),) == asked(
        PLACES["fulfilling"], hold(PLACES["fulfilling"], key_for("1.1"))
    )


def test_all_keys_at_once_are_one_mail() -> None:
    """Nothing is partly ready where all is."""
    assert (job(JobName.SEND_MAIL, "o1/delivery/link1"),) == asked(
        PLACES["fulfilling"], hold(PLACES["fulfilling"], key_for("1.1"), key_for("1.2"))
    )


def test_an_order_without_a_link_has_nothing_to_mail() -> None:
    """A mail carries a link or is not sent."""
    order = attrs.evolve(PLACES["fulfilled"].order, link=NoLink())

    assert effects_of(e.OrderFulfilled(at=AT), order, POLICY) == ()


def test_nothing_is_mailed_about_keys_whose_payment_went_back() -> None:
    """I3: a link that opens nothing is not sent."""
    order = attrs.evolve(PLACES["fulfilling, one held"].order, payments=PLACES["paid, sent back"].order.payments)
    link = e.LinkIssued(at=AT, link_id=LinkId("l1"), expires_at=AT, by="system")

    assert effects_of(link, order, POLICY) == ()


def refs(jobs: tuple[JobRequest, ...]) -> Iterator[str]:
    """The jobs as name and subject."""
    return (f"{one.name} {one.ref}" for one in jobs)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("created", ["expire o1"]),
        ("waiting", ["check-payment o1/1", "expire o1"]),
        ("underpaid", ["check-payment o1/1", "expire o1"]),
        ("created, in review", ["check-payment o1/1", "expire o1"]),
        ("expired", ["check-payment o1/1"]),
        ("failed", ["check-payment o1/1", "expire o1"]),
        ("paid", ["reserve o1-1"]),
        ("paid, claimed", ["reserve o1-1"]),
        ("paid, in doubt", ["reserve o1-1"]),
        ("paid, no stock", ["reserve o1-2", "reserve o1-2"]),
        ("fulfilling", ["check-reservation o1-1"]),
        ("fulfilling, one held", ["check-reservation o1-1"]),
    ],
)
def test_a_retry_asks_for_whatever_could_be_stuck(place: str, expected: list[str]) -> None:
    """I10: payments, purchases, deliveries and the order's own clock are looked at again, at once."""
    story = PLACES[place]

    found = asked(story, RETRY)

    assert expected == list(refs(found))
    assert all(one.due_at == max(story.now, story.order.expires_at if one.name == "expire" else AT) for one in found)


def test_an_order_that_is_taken_up_again_does_what_waits() -> None:
    """I10: its jobs were put off for as long as it was put aside."""
    assert asked(PLACES["paid, put aside"], UnparkOrder(by="admin:ann", reason="looked")) == (
        job(JobName.RESERVE, "o1-1"),
        job(JobName.RESERVE, "o1-1"),
    )


def test_what_a_person_settles_is_looked_at_again() -> None:
    """I10: what is still wrong is found again; the machine's own settlements bring nothing."""
    story = PLACES["fulfilling"].when(
        c.OpenFinding(reason=FindingReason.DEAD_JOB, subject="check-reservation:o1-1", text="Dead.", blocking=True)
    )
    by_hand = c.ResolveFinding(finding_id=FindingId("o1.f1"), by="admin:ann", reason="looked")

    assert (job(JobName.CHECK_RESERVATION, "o1-1"),) == asked(story, by_hand)
    assert effects_of(resolved("system"), story.order, POLICY) == ()
    for place in ("fulfilled", "cancelled"):
        assert effects_of(resolved("admin:ann"), PLACES[place].order, POLICY) == ()


def test_the_purchase_of_a_returned_payment_is_asked_for_by_the_next() -> None:
    """Its job has ended, since nothing may be bought; the money that comes instead wakes it."""
    story = PLACES["waiting"].when(
        c.IntendPayment(coin=COIN), c.RecordInvoice(attempt=2, invoice=an_invoice(PLACES["waiting"].order, 2))
    )
    back = story.when(read(a_reading(story.order)), read(a_reading(story.order, Word.REFUNDED)))

    assert (job(JobName.RESERVE, "o1-1"),) == asked(back, read(a_reading(story.order, gateway_id="pay-o1-2")))
