"""A purchase without an answer: looked up for as long as it may still come true, and never sent twice by mistake."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.order.reservations import (
    ClaimedReservation,
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
)
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_job, a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import resolve_finding, retry_order
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef

REF = ExternalRef("order1-1")
AWAY = Unavailable("supplier", "it is away", retry_after=timedelta(minutes=7))


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


async def test_a_lost_answer_is_looked_up_and_bought_once(shop: FakeShop) -> None:
    """I1: in doubt until the look-up finds it, ten seconds later."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.lose_next_answer()

    await shop.work()
    (doubtful,) = (await shop.order(order.id)).reservations
    await shop.pass_time(timedelta(seconds=10))

    (res,) = (await shop.order(order.id)).reservations
    assert isinstance(doubtful, DoubtfulReservation)
    assert isinstance(res, PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_a_claim_without_an_answer_is_a_doubt(shop: FakeShop) -> None:
    """I1: whoever claimed the purchase is gone; it is looked up before anything is sent."""
    order = await shop.settle((await shop.place()).id)

    async def reserve(*_: object, **__: object) -> object:
        """A supplier that takes the process with it."""
        await shop.supplier.reserve(order.reservations[0].plan.items, ref=REF)
        raise KeyboardInterrupt

    (job_id,) = await due_jobs(shop.shop, 10)
    with pytest.raises(KeyboardInterrupt):
        await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, reserve=reserve)), job_id)
    assert isinstance((await shop.order(order.id)).reservations[0], ClaimedReservation)

    await shop.pass_time(timedelta(minutes=3))

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_a_late_effect_within_the_quiet_window_is_found(shop: FakeShop) -> None:
    """I1: the supplier carries out after ten minutes what it never answered."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    await shop.pass_time(timedelta(minutes=10, seconds=1))

    shop.supplier.late_effects_happen()
    await shop.pass_time(timedelta(minutes=5))

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_a_doubt_is_looked_up_on_the_ladder(shop: FakeShop) -> None:
    """**Source:** design, section 3: 10 s, 30 s, 1, 2, 5, 10, 15 min after the claim."""
    await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    began = shop.clock.now()
    await shop.work()
    looks = []
    for _ in range(7):
        (job,) = (one for one in shop.storage.database.jobs.values() if one.ref == REF)
        looks.append((job.due_at - began).total_seconds())
        await shop.pass_time(job.due_at - shop.clock.now())

    assert looks == [10, 30, 60, 120, 300, 600, 900]


async def test_what_is_not_found_is_asked_for_again_under_the_same_reference(shop: FakeShop) -> None:
    """I1: only when the quiet window has passed, so that a late effect meets the supplier's own guard."""
    await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    await shop.pass_time(timedelta(minutes=14, seconds=59))
    assert shop.supplier.asked == {REF: 1}

    await shop.pass_time(timedelta(seconds=1))
    shop.supplier.late_effects_happen()
    await shop.pass_time(timedelta(hours=1))

    assert shop.supplier.asked == {REF: 2}
    assert [one.ref for one in shop.supplier.purchases] == [REF]


async def test_a_person_decides_about_the_second_request_if_the_shop_says_so() -> None:
    """SUPPLIER_REPOST=operator: nothing is sent after the window until somebody presses retry."""
    shop = FakeShop(policy=Policy(repost=Repost.OPERATOR))
    await shop.offer(a_product("game"))
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
    await shop.pass_time(timedelta(hours=1))
    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.SUPPLIER_DOUBT]
    assert Status.ATTENTION is shown_status(order)

    await retry_order(shop.shop, order.id, by="admin:ann", reason="the supplier says it has nothing")
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], PlacedReservation)
    assert reasons(order) == []
    assert shop.supplier.asked == {REF: 2}


async def test_a_doubt_that_only_its_finding_was_settled_of_is_found_again() -> None:
    """I10: settling the finding does not send anything; what is still in doubt comes back."""
    shop = FakeShop(policy=Policy(repost=Repost.OPERATOR))
    await shop.offer(a_product("game"))
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
    await shop.pass_time(timedelta(hours=1))
    (finding,) = (await shop.order(order.id)).findings

    await resolve_finding(shop.shop, order.id, finding.id, by="admin:ann", reason="seen")
    await shop.work()

    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_DOUBT]
    assert shop.supplier.asked == {REF: 1}


async def test_after_three_requests_without_an_answer_a_person_decides(shop: FakeShop) -> None:
    """I11: no purchase is sent for ever."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", *(Unknown("supplier", "no answer in time") for _ in range(9)))

    await shop.pass_time(timedelta(hours=3))

    assert shop.supplier.asked == {REF: 3}
    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_DOUBT]


async def test_a_worker_with_little_lease_left_sends_nothing(shop: FakeShop) -> None:
    """I1: it was stalled in the look-up; whoever comes next has a whole lease."""
    await shop.settle((await shop.place()).id)

    async def find(ref: ExternalRef) -> object:
        """A supplier whose look-up takes most of the lease."""
        shop.clock.advance(timedelta(seconds=100))
        return await shop.supplier.find(ref)

    (job_id,) = await due_jobs(shop.shop, 10)
    await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, find=find)), job_id)
    assert shop.supplier.asked == {}

    await shop.work()

    assert shop.supplier.asked == {REF: 1}


async def test_a_worker_that_was_stalled_by_its_own_claim_sends_nothing(shop: FakeShop) -> None:
    """I1: the write of the claim took most of the lease: the claim is given back, without a doubt."""
    order = await shop.settle((await shop.place()).id)

    class SlowOnce(MemoryOrderStore):
        """A store whose next commit takes most of a lease."""

        slow = True

        async def commit(self, change: Change) -> Committed:
            """Write, and answer late."""
            if self.slow:
                self.slow = False
                shop.clock.advance(timedelta(seconds=100))
            return await super().commit(change)

    (job_id,) = await due_jobs(shop.shop, 10)
    await run_job(attrs.evolve(shop.shop, orders=SlowOnce(shop.storage.database)), job_id)
    assert shop.supplier.asked == {}
    assert isinstance((await shop.order(order.id)).reservations[0], PlannedReservation)

    await shop.work()

    assert shop.supplier.asked == {REF: 1}


async def test_an_answer_that_came_after_the_lease_is_found_again(shop: FakeShop) -> None:
    """I1: the late worker writes nothing; the next one looks the purchase up."""
    order = await shop.settle((await shop.place()).id)

    async def reserve(items: object, *, ref: ExternalRef) -> object:
        """A supplier that answers when the lease is over."""
        bought = await shop.supplier.reserve(items, ref=ref)
        shop.clock.advance(timedelta(seconds=121))
        return bought

    (job_id,) = await due_jobs(shop.shop, 10)
    assert await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, reserve=reserve)), job_id)
    assert isinstance((await shop.order(order.id)).reservations[0], ClaimedReservation)

    await shop.work()

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_of_two_workers_on_one_purchase_one_buys(shop: FakeShop) -> None:
    """I1: another job claims it while we look it up: ours waits, and does not think that all is done."""
    order = await shop.settle((await shop.place()).id)
    await shop.storage.jobs.ask(a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id), now=shop.clock.now())

    async def find(ref: ExternalRef) -> object:
        """A supplier that answers the look-up after the other worker has done its part."""
        found = await shop.supplier.find(ref)
        (other,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "fulfillOrder")
        shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
        await run_job(shop.shop, other)
        return found

    (job_id,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "reserve")
    await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, find=find)), job_id)

    assert shop.supplier.asked == {REF: 1}
    assert f"reserve:{REF}" in shop.living()
    await shop.pass_time(timedelta(hours=1))
    assert shop.supplier.asked == {REF: 2}
    assert len(shop.supplier.purchases) == 1


async def test_a_clock_that_steps_back_shortens_no_quiet_window(shop: FakeShop) -> None:
    """I1: after the claim the clock is set back by an hour: the doubt waits longer, never shorter."""
    await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    await shop.work()
    shop.clock.advance(timedelta(hours=-1))

    await shop.pass_time(timedelta(hours=1, minutes=14))
    assert shop.supplier.asked == {REF: 1}
    await shop.pass_time(timedelta(minutes=2))

    assert shop.supplier.asked == {REF: 2}
