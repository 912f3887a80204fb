"""Reserve and collect in one go, for a supplier that delivers at once."""

from datetime import timedelta

import attrs

from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import DoubtfulReservation, PlannedReservation
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import retry_order
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import JobId


async def only_this_job(shop: FakeShop, quantity: int = 1) -> tuple[Order, JobId]:
    """A paid order whose purchases are left to `fulfillOrder` alone."""
    shop.supplier.delivers_at_once = True
    order = await shop.place(quantity)
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    await run_job(shop.shop, (await due_jobs(shop.shop, 1))[0])
    database = shop.storage.database
    for name, job_id in [*database.living.items()]:
        if name[0] == JobName.RESERVE:
            del database.living[name]
            database.jobs[job_id] = attrs.evolve(database.jobs[job_id], status="done")
    request = a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id)
    return order, await shop.storage.jobs.ask(request, now=shop.clock.now())


async def test_an_order_is_bought_and_held_in_one_job(shop: FakeShop) -> None:
    """Eleven of one product: both purchases, and the mail follows."""
    order, job_id = await only_this_job(shop, 11)

    await run_job(shop.shop, job_id)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert shop.storage.database.jobs[job_id].status == "done"
    await shop.work()
    assert len(shop.mailer.sent) == 1


async def test_doing_it_again_changes_nothing(shop: FakeShop) -> None:
    """I12: nothing is bought twice."""
    order, job_id = await only_this_job(shop)
    await run_job(shop.shop, job_id)
    before = await shop.order(order.id)

    await shop.storage.jobs.ask(a_job(order.id, name=JobName.FULFILL_ORDER), now=shop.clock.now())
    await shop.work()

    assert before == await shop.order(order.id)
    assert len(shop.supplier.purchases) == 1


async def test_what_is_in_doubt_goes_on_by_its_own_job(shop: FakeShop) -> None:
    """I10: the doubt outlives this job, so somebody must look it up."""
    order, job_id = await only_this_job(shop)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))

    await run_job(shop.shop, job_id)
    doubtful = await shop.order(order.id)
    await shop.pass_time(timedelta(minutes=16))

    assert isinstance(doubtful.reservations[0], DoubtfulReservation)
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert shop.supplier.asked == {"order1-1": 2}


async def test_a_supplier_that_is_away_puts_the_whole_job_off(shop: FakeShop) -> None:
    """Nothing was bought; it is tried again."""
    order, job_id = await only_this_job(shop)
    shop.supplier.faults.before("reserve", Unavailable("supplier", "away"))

    await run_job(shop.shop, job_id)
    waiting = await shop.order(order.id)
    await shop.pass_time(timedelta(minutes=1))

    assert isinstance(waiting.reservations[0], PlannedReservation)
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_dead_purchase_is_left_alone(shop: FakeShop) -> None:
    """What was refused is a person's decision; its successor is bought."""
    order, job_id = await only_this_job(shop)
    shop.supplier.faults.before("reserve", Rejected("supplier", "no offer matches", code="out-of-stock"))
    await run_job(shop.shop, job_id)
    await retry_order(shop.shop, order.id, by="admin:ann", reason="back in stock")
    again = a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id)
    job_id = await shop.storage.jobs.ask(again, now=shop.clock.now())

    await run_job(shop.shop, job_id)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert shop.supplier.asked == {"order1-1": 1, "order1-2": 1}


async def test_a_key_that_is_not_there_yet_is_polled_for(shop: FakeShop) -> None:
    """The purchase's own job was asked for when it was placed."""
    order, job_id = await only_this_job(shop)
    shop.supplier.delivers_at_once = False

    await run_job(shop.shop, job_id)
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(seconds=15))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_what_cannot_be_finished_is_left_to_its_own_job(shop: FakeShop) -> None:
    """I10: ten seconds later, when the first look at a purchase without an answer makes sense."""
    order, job_id = await only_this_job(shop)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))

    await run_job(shop.shop, job_id)

    (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "reserve" and one.status == "ready")
    assert (job.ref, job.order_id) == (f"{order.id}-1", order.id)
    assert job.due_at == shop.clock.now() + timedelta(seconds=10)
