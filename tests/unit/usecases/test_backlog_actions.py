"""A person settles findings, and has jobs done once more: on orders, and on what is about none."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.actions import Action
from bitloot_core.order.buying import Pause, PauseHolder
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.backlog import JobFilter
from bitloot_core.ports.jobs import Dead, JobOutcome
from bitloot_core.ports.queries import Slice
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.audit import loose_finding
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.retry_job import retry_job
from bitloot_core.usecases.settle_finding import settle_finding
from bitloot_core.usecases.staff_actions import park_order
from bitloot_core.values.errors import NotFound, Refused
from bitloot_core.values.ids import FindingId, JobId, OrderId, SupplierProductId

BY = {"by": "admin:ann", "reason": "seen to"}


async def acts(shop: FakeShop) -> list[tuple[str, OrderId | None, str]]:
    """What the staff did, oldest first."""
    rows = (await shop.shop.audit.acts(ActFilter(), Slice())).items
    return [(row.act.action, row.act.order_id, row.act.subject) for row in reversed(rows)]


async def given_dead(shop: FakeShop, name: JobName, ref: str, order_id: OrderId | None = None) -> JobId:
    """A job that was given up, and told."""
    now = shop.clock.now()
    job_id = await shop.shop.jobs.ask(a_job(ref, name=name, order_id=order_id, due_at=now), now=now)
    job = await shop.shop.jobs.claim(job_id, now=now, lease=timedelta(minutes=2), token="t")
    assert job is not None
    told = loose_finding(f"{name}:{ref}", reason=FindingReason.DEAD_JOB)
    dead = Dead(error="no", finding=told)
    await shop.shop.jobs.end(JobOutcome(lease=job.lease, end=dead), now=now)
    return job_id


async def test_a_loose_finding_is_settled(shop: FakeShop) -> None:
    """With who and why, in the list and in the audit; and once."""
    await shop.shop.orders.commit(Change(at=PLACED_AT, findings=(loose_finding(),)))

    row = await settle_finding(shop.shop, FindingId("f1"), **BY)
    again = await settle_finding(shop.shop, FindingId("f1"), by="admin:bob", reason="me too")

    assert row == again
    assert (row.resolved_by, row.resolution) == ("admin:ann", "seen to")
    assert await acts(shop) == [(Action.RESOLVE, None, "f1")]


async def test_a_finding_of_an_order_is_settled_on_the_order(shop: FakeShop) -> None:
    """The order shows the status underneath again."""
    order = await shop.place()
    order = await park_order(shop.shop, order.id, **BY)

    row = await settle_finding(shop.shop, order.findings[0].id, **BY)

    assert row.resolved_at is not None
    assert (await shop.order(order.id)).findings == ()
    assert (Action.RESOLVE, order.id, row.finding.id) == (await acts(shop))[-1]


async def test_what_shows_owed_keys_is_not_settled_by_hand(shop: FakeShop) -> None:
    """The order's own rules hold here, too."""
    shop.supplier.in_stock(SupplierProductId("supplier-game"), 0)
    order = await shop.place()
    await shop.pay(order.id)

    with pytest.raises(TransitionRefused) as refusal:
        await settle_finding(shop.shop, (await shop.order(order.id)).findings[0].id, **BY)

    assert refusal.value.code == "still-owed"


async def test_nobody_settles_what_is_not_there(shop: FakeShop) -> None:
    """It is not found."""
    with pytest.raises(NotFound):
        await settle_finding(shop.shop, FindingId("f9"), **BY)


async def test_a_pause_stays_in_sight_while_it_lasts(shop: FakeShop) -> None:
    """Settling it would hide that nothing is bought; afterwards it may be settled."""
    told = loose_finding("operator", reason=FindingReason.BUYING_PAUSED)
    pause = Pause(holder=PauseHolder.OPERATOR, by="admin:ann", reason="prices", since=PLACED_AT)
    await shop.shop.switches.pause(pause, finding=told)

    with pytest.raises(Refused) as refusal:
        await settle_finding(shop.shop, told.id, **BY)
    await shop.shop.switches.lift([pause], by="system", at=PLACED_AT)
    late = attrs.evolve(told, id=FindingId("late"))
    await shop.shop.orders.commit(Change(at=PLACED_AT, findings=(late,)))

    assert refusal.value.code == "still-paused"
    assert (await settle_finding(shop.shop, late.id, **BY)).resolved_by == "admin:ann"


async def test_a_dead_job_of_an_order_is_done_again(shop: FakeShop) -> None:
    """As a new job; the timeline and the audit tell who asked."""
    order = await shop.buy()
    job_id = await given_dead(shop, JobName.FULFILL_ORDER, order.id, order.id)

    await retry_job(shop.shop, job_id, **BY)
    await retry_job(shop.shop, job_id, **BY)

    ready = (await shop.shop.backlog.jobs(JobFilter(status="ready", name="fulfillOrder"), Slice())).items
    assert [order.id] == [job.ref for job in ready]
    assert [(Action.RETRY_JOB, order.id, f"fulfillOrder:{order.id}")] * 2 == await acts(shop)
    timeline = (await shop.shop.queries.dossier(order.id)).timeline
    assert timeline[-1].event == "JobAskedAgain"


@pytest.mark.parametrize("order_id", [None, OrderId("gone")])
async def test_a_dead_job_about_no_order_of_ours_is_done_again(shop: FakeShop, order_id: OrderId | None) -> None:
    """What told of it is settled with it; whoever works hears the bell at once."""
    await shop.shop.orders.commit(
        Change(at=PLACED_AT, findings=(loose_finding("other", reason=FindingReason.DEAD_JOB),))
    )
    job_id = await given_dead(shop, JobName.NOWPAYMENTS_IPN, "77", order_id)

    await retry_job(shop.shop, job_id, **BY)

    ready = (await shop.shop.backlog.jobs(JobFilter(status="ready"), Slice())).items
    assert [job.ref for job in ready] == ["77"]
    assert ready[0].id == shop.notifier.rung[-1]
    open_ones = [row.finding.subject for row in shop.storage.database.findings.values() if row.resolved_at is None]
    assert open_ones == ["other"]
    assert [(Action.RETRY_JOB, order_id, "nowpayments.ipn:77")] == await acts(shop)


async def test_many_findings_are_gone_through(shop: FakeShop) -> None:
    """The one that tells of the job may stand on a later page."""
    job_id = await given_dead(shop, JobName.NOWPAYMENTS_IPN, "7")
    newer = tuple(loose_finding(f"n{number}", reason=FindingReason.DEAD_JOB) for number in range(120))
    await shop.shop.orders.commit(Change(at=PLACED_AT, findings=newer))

    await retry_job(shop.shop, job_id, **BY)

    row = await shop.shop.backlog.finding(FindingId("nowpayments.ipn:7"))
    assert row.resolved_at is not None


async def test_a_job_that_is_done_is_not_done_again(shop: FakeShop) -> None:
    """It did what it was for."""
    order = await shop.place()
    await shop.fulfil(order.id)
    done = (await shop.shop.backlog.jobs(JobFilter(status="done"), Slice(limit=1))).items[0]

    with pytest.raises(Refused) as refusal:
        await retry_job(shop.shop, done.id, **BY)

    assert refusal.value.code == "job-done"


async def test_a_job_of_an_unknown_name_is_not_asked_for(shop: FakeShop) -> None:
    """A newer version wrote it."""
    job_id = await given_dead(shop, "teleport", "o1")  # type: ignore[arg-type]  # a word of another version

    with pytest.raises(Refused) as refusal:
        await retry_job(shop.shop, job_id, **BY)

    assert refusal.value.code == "unknown-job"


async def test_a_job_that_is_not_there_is_not_found(shop: FakeShop) -> None:
    """It was pruned, perhaps."""
    with pytest.raises(NotFound):
        await retry_job(shop.shop, JobId(99), **BY)


async def test_all_that_told_of_a_job_is_settled_with_it(shop: FakeShop) -> None:
    """By whom and why; what tells of another job, or of an order's own, stays."""
    now = shop.clock.now()
    mine = [
        attrs.evolve(loose_finding(f"{reason}-{subject}", reason=reason), subject=f"nowpayments.ipn:{subject}")
        for reason in (FindingReason.DEAD_JOB, FindingReason.OUT_OF_REACH)
        for subject in ("77", "78")
    ]
    await shop.shop.orders.commit(Change(at=PLACED_AT, findings=tuple(mine)))
    job_id = await shop.shop.jobs.ask(a_job("77", name=JobName.NOWPAYMENTS_IPN, due_at=now), now=now)
    job = await shop.shop.jobs.claim(job_id, now=now, lease=timedelta(minutes=2), token="t")
    assert job is not None
    await shop.shop.jobs.end(JobOutcome(lease=job.lease, end=Dead(error="no", finding=None)), now=now)

    await retry_job(shop.shop, job_id, **BY)

    rows = shop.storage.database.findings.values()
    settled = {row.finding.id: (row.resolved_by, row.resolution) for row in rows if row.resolved_at is not None}
    assert settled == {"dead-job-77": (BY["by"], BY["reason"]), "out-of-reach-77": (BY["by"], BY["reason"])}
