"""Jobs that were lost are asked for again, from what the orders say; each order comes through, and is bought once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.status import Status, status_of
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.usecases.sweep import sweep
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.ids import OrderId

MINUTE = timedelta(minutes=1)


async def swept(shop: FakeShop, *, untouched_for: timedelta = MINUTE) -> int:
    """Look for what is lost, a minute later; how many jobs were asked for."""
    shop.clock.advance(MINUTE + timedelta(seconds=1))
    return sum([asked async for asked in sweep(shop.shop, untouched_for=untouched_for)])


async def placed(shop: FakeShop) -> Order:
    """An order that waits for its payment; the coins are on their way, and no notice ever comes."""
    order = await shop.place(3)
    shop.gateway.pay(shop.gateway.payments_of(order.id)[-1])
    return order


async def paid(shop: FakeShop) -> Order:
    """An order that is paid; nothing is bought yet."""
    return await shop.settle((await shop.place(3)).id)


async def noticed(shop: FakeShop) -> Order:
    """An order whose notice lies in the inbox."""
    order = await placed(shop)
    await shop.tell(shop.gateway.payments_of(order.id)[-1])
    return order


async def in_doubt(shop: FakeShop) -> Order:
    """An order that was bought, and nobody heard the answer."""
    shop.supplier.lose_next_answer()
    return await shop.buy(3)


async def claimed(shop: FakeShop) -> Order:
    """An order whose worker died while it was buying: its job is gone, and so is its lease."""
    order = await paid(shop)
    (job_id,) = await due_jobs(shop.shop, 1)
    shop.supplier.faults.after("reserve", KeyboardInterrupt())  # type: ignore[arg-type]  # a death, not an error
    with pytest.raises(KeyboardInterrupt):
        await run_job(shop.shop, job_id)
    return order


async def bought(shop: FakeShop) -> Order:
    """An order that waits for its keys."""
    return await shop.buy(3)


async def partly_held(shop: FakeShop) -> Order:
    """An order with one key of three."""
    order = await shop.buy(3)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(seconds=15))
    return order


async def unmailed(shop: FakeShop) -> Order:
    """An order with all its keys, whose mail is still to be sent."""
    order = await shop.buy(3)
    await shop.deliver(order.id)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 1)
    await run_job(shop.shop, job_id)
    return order


STAGES: tuple[Callable[[FakeShop], Awaitable[Order]], ...] = (
    placed,
    noticed,
    paid,
    claimed,
    in_doubt,
    bought,
    partly_held,
    unmailed,
)


@pytest.mark.parametrize("stage", STAGES)
async def test_an_order_comes_through_though_every_job_was_lost(
    shop: FakeShop, stage: Callable[[FakeShop], Awaitable[Order]]
) -> None:
    """I1, I2, I10: in the middle of it, wherever that is."""
    order = await stage(shop)
    shop.lose_jobs()

    asked = await swept(shop)
    await shop.pass_time(timedelta(hours=1))
    for purchase in shop.supplier.purchases:
        shop.supplier.deliver(purchase.supplier_order_id)
    await shop.pass_time(timedelta(hours=1))

    assert asked > 0
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert len(shop.supplier.purchases) == 1
    assert len(await shop.reveal()) == 3
    assert [sent.mail.owed for sent in shop.mailer.sent][-1] == 0


@pytest.mark.parametrize("stage", STAGES)
async def test_a_sound_shop_is_left_alone(shop: FakeShop, stage: Callable[[FakeShop], Awaitable[Order]]) -> None:
    """Where every job lives, nothing is asked for and nobody is woken."""
    await stage(shop)
    before = dict(shop.storage.database.jobs)

    assert await swept(shop) == 0
    assert before == shop.storage.database.jobs


@pytest.mark.parametrize("stage", STAGES)
async def test_a_second_sweep_finds_nothing(shop: FakeShop, stage: Callable[[FakeShop], Awaitable[Order]]) -> None:
    """What was asked for lives, also before anybody has begun with it."""
    await stage(shop)
    shop.lose_jobs()

    assert await swept(shop) > 0
    assert await swept(shop) == 0


async def test_what_is_under_way_is_left_alone(shop: FakeShop) -> None:
    """A write and its jobs are one commit, but two reads."""
    await paid(shop)
    shop.lose_jobs()
    shop.clock.advance(MINUTE)

    assert [asked async for asked in sweep(shop.shop, untouched_for=MINUTE)] == [0]


async def test_workers_are_told_of_what_is_due(shop: FakeShop) -> None:
    """At once, not when they look next."""
    await paid(shop)
    shop.lose_jobs()
    shop.notifier.take()

    await swept(shop)

    (job_id,) = shop.storage.database.living.values()
    assert (job_id,) == shop.notifier.take()


async def test_a_job_that_waits_is_not_rung_for(shop: FakeShop) -> None:
    """The expiry of an order that has just been placed."""
    await shop.place(coin=None)
    shop.lose_jobs()
    shop.notifier.take()

    assert await swept(shop) == 1
    assert shop.notifier.take() == ()


async def test_an_order_that_is_gone_meanwhile_is_passed_over(shop: FakeShop) -> None:
    """Somebody put an older database back while we looked."""
    await paid(shop)
    shop.lose_jobs()

    async def nobody(order_id: OrderId) -> Order:
        """Find none."""
        raise NotFound("order", order_id)

    shop.shop = attrs.evolve(shop.shop, orders=Overridden(shop.shop.orders, get=nobody))

    assert await swept(shop) == 0


async def test_many_orders_are_looked_at_page_by_page(shop: FakeShop) -> None:
    """250 orders that lost their jobs."""
    for _ in range(250):
        await shop.place(coin=None)
    shop.lose_jobs()
    shop.clock.advance(MINUTE + timedelta(seconds=1))

    assert [asked async for asked in sweep(shop.shop, untouched_for=MINUTE)] == [100, 100, 50]


async def test_many_webhooks_are_taken_up_page_by_page(shop: FakeShop) -> None:
    """250 acknowledged notices without a job (I5)."""
    order = await placed(shop)
    notice = shop.gateway.notice_for(shop.gateway.payments_of(order.id)[-1])
    for number in range(250):
        body = notice.body + b" " * number
        signed = shop.gateway.signed(body)
        await receive_webhook(shop.shop, shop.gateway.verify_notice(signed.headers, signed.body))
    shop.lose_jobs()
    shop.clock.advance(MINUTE + timedelta(seconds=1))

    asked = [asked async for asked in sweep(shop.shop, untouched_for=MINUTE)]
    await shop.pass_time(MINUTE)

    assert asked[:3] == [100, 100, 50]
    assert {hook.status for hook in shop.storage.database.webhooks.values()} == {WebhookStatus.PROCESSED}


async def test_a_mail_is_not_sent_twice(shop: FakeShop) -> None:
    """The one that was sent leaves no trace but its job, which is done."""
    order = await shop.place()
    await shop.fulfil(order.id)

    assert await swept(shop) == 0
    assert len(shop.mailer.sent) == 1


POLICY = Policy(
    payment_poll=(timedelta(seconds=30), timedelta(hours=12)),
    supplier_poll=(timedelta(seconds=15), timedelta(hours=6)),
    retry_most=timedelta(hours=4),
)
"""Patient, so that ten days are quick."""
EVENTS = ("pay", "pay short", "expire", "tell", "deliver", "event", "cancel", "lose", "lose", "sweep", "hour", "day")


@given(st.data())
async def test_no_order_is_forgotten_with_its_jobs(data: st.DataObject) -> None:
    """I1, I2, I5, I10: whatever happens, and however often the jobs are lost in between."""
    shop = FakeShop(policy=POLICY)
    await shop.offer(a_product("game"))
    if data.draw(st.booleans(), label="the supplier is away at first"):
        shop.supplier.faults.before("reserve", Unavailable("supplier", "away"))
    if data.draw(st.booleans(), label="the first answer is lost"):
        shop.supplier.lose_next_answer()
    order = await shop.place(data.draw(st.integers(1, 11), label="quantity"))

    for event in data.draw(st.lists(st.sampled_from(EVENTS), max_size=20), label="events"):
        await happen(shop, order.id, event)
    for days in (0, 1, 9):
        await shop.pass_time(timedelta(days=days))
        await swept(shop)
        await shop.work()

    order = await shop.order(order.id)
    refs = [purchase.ref for purchase in shop.supplier.purchases]
    keys = [unit.supplier_key_id for unit in order.held]
    assert len(refs) == len(set(refs)), "I1"
    assert len(keys) == len(set(keys)), "I2"
    hooks = {hook.status for hook in shop.storage.database.webhooks.values()}
    assert WebhookStatus.PENDING not in hooks, "I5"
    resting = status_of(order) in {Status.FULFILLED, Status.REFUNDED, Status.CANCELLED, Status.EXPIRED, Status.FAILED}
    assert resting or order.findings or shop.living(), "I10"
    if isinstance(order.closing, Fulfilled):
        assert shop.mailer.sent[-1].mail.owed == 0


async def happen(shop: FakeShop, order_id: OrderId, event: str) -> None:
    """Let one thing happen outside, and sometimes do what follows."""
    payments, purchases = shop.gateway.payments_of(order_id), shop.supplier.purchases
    match event:
        case "pay":
            shop.gateway.pay(payments[-1])
        case "pay short":
            shop.gateway.pay_short(payments[-1])
        case "expire":
            shop.gateway.expire(payments[-1])
        case "tell":
            await shop.tell(payments[-1])
        case "deliver" if purchases:
            shop.supplier.deliver(purchases[-1].supplier_order_id, 1)
        case "event" if purchases:
            await shop.hear(purchases[-1].supplier_order_id)
        case "cancel" if purchases:
            shop.supplier.cancel(purchases[-1].supplier_order_id)
        case "lose":
            shop.lose_jobs()
        case "sweep":
            await swept(shop)
        case "hour":
            await shop.pass_time(timedelta(hours=1))
        case "day":
            await shop.pass_time(timedelta(days=1))
        case _:
            pass
