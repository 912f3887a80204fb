"""What passes the ports is counted where it passes, and goes through unchanged."""

import asyncio
import json
from typing import Any, cast

import attrs
import pytest

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Order
from bitloot_core.order.status import shown_status
from bitloot_core.ports.jobs import ClaimedJob, Done, JobOutcome
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.run_job import run_job
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, LeaseLost, NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import JobId
from bitloot_http.metrics.counts import Counts
from bitloot_http.metrics.watched import watched


class Watched:
    """A shop on fakes that is watched."""

    def __init__(self) -> None:
        """Watched from its beginning."""
        self.counts = Counts()
        self.fakes = FakeShop()
        self.fakes.shop = watched(self.fakes.shop, self.counts)

    @property
    def shop(self) -> Shop:
        """The shop, watched."""
        return self.fakes.shop

    async def a_job(self, name: str = JobName.EXPIRE) -> JobId:
        """A job that is due, about an order that is not there."""
        now = self.fakes.clock.now()
        request = JobRequest(name=cast("JobName", name), ref="no-such-order", order_id=None, due_at=now)
        return await self.shop.jobs.ask(request, now=now)

    async def claimed(self, job_id: JobId) -> ClaimedJob:
        """A job that this process has in hand."""
        now = self.fakes.clock.now()
        job = await self.shop.jobs.claim(job_id, now=now, lease=self.shop.policy.lease, token="mine")
        assert job is not None
        return job


@pytest.fixture
async def watch() -> Watched:
    """A shop that sells one product."""
    one = Watched()
    await one.fakes.offer(a_product())
    return one


async def test_an_order_is_counted_from_its_placing_to_its_last_key(watch: Watched) -> None:
    """The events, the jobs and the calls of it, and how long its buyer waited."""
    order = await watch.fakes.place()

    await watch.fakes.fulfil(order.id)

    counts = watch.counts
    assert shown_status(await watch.fakes.order(order.id)) == "fulfilled"
    assert counts.events["OrderPlaced"] == counts.events["OrderFulfilled"] == 1
    assert counts.jobs[JobName.RESERVE, "done"] == 1
    assert counts.jobs[JobName.NOWPAYMENTS_IPN, "done"] == counts.jobs[JobName.KINGUIN_WEBHOOK, "done"] == 1
    assert counts.calls["supplier", "reserve", "ok"] == counts.calls["mailer", "send", "ok"] == 1
    assert counts.calls["gateway", "create_payment", "ok"] == counts.calls["vault", "save_keys", "ok"] == 1
    assert counts.call_seconds["supplier", "reserve"].count == counts.job_seconds[JobName.RESERVE,].count == 1
    assert counts.paid_to_delivered.count == 1


async def test_how_long_a_buyer_waited_is_counted_from_the_payment(watch: Watched) -> None:
    """Ninety seconds between the money and the last key are ninety, whatever came before."""
    order = await watch.fakes.place()
    watch.fakes.clock.advance(watch.fakes.shop.policy.supplier_poll[0])
    await watch.fakes.pay(order.id)
    paid_at = watch.fakes.clock.now()
    await watch.fakes.pass_time(watch.fakes.shop.policy.supplier_poll[0])
    await watch.fakes.deliver(order.id)
    await watch.fakes.hear((await watch.fakes.bought(order.id))[0])
    await watch.fakes.work()

    waited = (watch.fakes.clock.now() - paid_at).total_seconds()
    assert waited == watch.counts.paid_to_delivered.total > 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("supplier", "away"), "unavailable"),
        (Unknown("supplier", "no answer"), "unknown"),
        (Rejected("supplier", "no"), "rejected"),
        (NotFound("supplier", "no"), "not-found"),
        (Corrupt("supplier", "nonsense"), "corrupt"),
        (RuntimeError("a bug"), "error"),
    ],
)
async def test_a_failed_call_is_counted_by_its_kind(watch: Watched, error: Exception, outcome: str) -> None:
    """And comes out as it is."""
    watch.fakes.supplier.faults.before("balance", error)

    with pytest.raises(type(error)):
        await watch.shop.supplier.balance()

    assert {("supplier", "balance", outcome): 1} == watch.counts.calls


async def test_a_call_that_is_given_up_is_counted_too(watch: Watched) -> None:
    """Its caller went away."""
    never = asyncio.Event()

    async def balance() -> object:
        """Never comes back."""
        return await never.wait()

    shop = watched(attrs.evolve(watch.shop, supplier=Overridden(watch.fakes.supplier, balance=balance)), watch.counts)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shop.supplier.balance(), timeout=0.01)

    assert watch.counts.calls["supplier", "balance", "error"] == 1


async def test_a_job_that_fails_is_counted_as_retried_and_then_dead(watch: Watched, log: Any) -> None:
    """The log has why: the name of the error, never its text."""
    shop = attrs.evolve(watch.shop, orders=Overridden(watch.shop.orders, get=_fails))
    job_id = await watch.a_job()

    for _ in range(shop.policy.most_attempts):
        await run_job(shop, job_id)
        watch.fakes.clock.advance(shop.policy.retry_most)

    counted = {outcome: count for (name, outcome), count in watch.counts.jobs.items() if name == JobName.EXPIRE}
    assert {"retried": shop.policy.most_attempts - 1, "dead": 1} == counted
    lines = [json.loads(line) for line in log.getvalue().splitlines() if "job ended" in line]
    assert {"retried", "dead"} == {line["outcome"] for line in lines}
    assert {job_id} == {line["job_id"] for line in lines}
    assert "hunter2" not in log.getvalue()


async def test_a_job_that_somebody_else_took_over_is_counted_as_lost(watch: Watched) -> None:
    """Its end is refused; theirs counts."""
    job_id = await watch.a_job()
    mine = await watch.claimed(job_id)
    watch.fakes.clock.advance(watch.shop.policy.lease * 2)
    await run_job(attrs.evolve(watch.shop, jobs=watch.fakes.storage.jobs), job_id)

    with pytest.raises(LeaseLost):
        await watch.shop.jobs.end(JobOutcome(lease=mine.lease, end=Done()), now=watch.fakes.clock.now())

    assert watch.counts.jobs == {(JobName.EXPIRE, "lost"): 1}


async def test_a_job_whose_end_was_never_written_is_counted_as_left(watch: Watched) -> None:
    """The store was away; this process claims it again when its lease has run out."""
    job_id = await watch.a_job()
    await watch.claimed(job_id)
    watch.fakes.clock.advance(watch.shop.policy.lease * 2)

    await run_job(watch.shop, job_id)

    assert watch.counts.jobs == {(JobName.EXPIRE, "left"): 1, (JobName.EXPIRE, "retried"): 1}


async def test_a_word_that_this_version_does_not_know_makes_no_label(watch: Watched) -> None:
    """A job of another version is counted as unknown: labels come from us alone."""
    job_id = await watch.a_job("word-of-tomorrow")

    await run_job(watch.shop, job_id)

    assert {"unknown"} == {name for name, _ in watch.counts.jobs}


async def test_what_is_watched_does_all_that_it_did(watch: Watched) -> None:
    """Operations that are not counted go straight through, and so does what it says of itself."""
    order = await watch.fakes.place()

    assert order == await watch.shop.orders.get(order.id)
    assert repr(watch.fakes.supplier) == repr(watch.shop.supplier)
    with pytest.raises(AttributeError):
        watch.shop.supplier.no_such_operation  # type: ignore[attr-defined]  # noqa: B018


async def _fails(*_: object) -> Order:
    raise RuntimeError("hunter2")
