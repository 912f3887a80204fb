"""Looking at payments by ourselves: a lost notice costs time, never money."""

from datetime import timedelta

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Expired
from bitloot_core.order.payments import OpenPayment, VoidPayment
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import accept_payment, cancel_order, resolve_finding
from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.run_job import run_job
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.ids import GatewayPaymentId, OrderId

DAY = timedelta(days=1)


def payment_of(shop: FakeShop, order_id: OrderId) -> GatewayPaymentId:
    """The gateway's name of an order's only payment."""
    (gateway_id,) = shop.gateway.payments_of(order_id)
    return gateway_id


def looks_at(shop: FakeShop, order_id: OrderId) -> bool:
    """Whether somebody is going to look at the order's first payment."""
    return f"check-payment:{order_id}/1" in shop.living()


async def test_polling_alone_is_enough(shop: FakeShop) -> None:
    """No notice ever comes, and the order is paid within half a minute of the first look."""
    order = await shop.place()
    shop.gateway.pay(payment_of(shop, order.id))

    await shop.pass_time(timedelta(seconds=30))

    assert Status.FULFILLING is status_of(await shop.order(order.id))


async def test_the_looks_become_rarer(shop: FakeShop) -> None:
    """**Source:** design, "Settings": PAYMENT_POLL_SECONDS 30,60,120,300,600, the last repeats."""
    await shop.place()
    looks = []
    for _ in range(6):
        (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "check-payment")
        looks.append((job.due_at - shop.clock.now()).total_seconds())
        await shop.pass_time(job.due_at - shop.clock.now())

    assert looks == [30, 60, 120, 300, 600, 600]


async def test_an_order_expires_after_its_hour(shop: FakeShop) -> None:
    """Not a minute earlier."""
    order = await shop.place()

    await shop.pass_time(timedelta(minutes=59))
    assert Status.WAITING is status_of(await shop.order(order.id))
    await shop.pass_time(timedelta(minutes=1))

    assert isinstance((await shop.order(order.id)).closing, Expired)


async def test_expiry_asks_the_gateway_first(shop: FakeShop) -> None:
    """Coins of the last minute count. **Source:** incidents.md, F12: re-query the provider before expiring."""
    order = await shop.place()
    await shop.pass_time(timedelta(minutes=59, seconds=59))
    shop.gateway.pay(payment_of(shop, order.id))

    await shop.pass_time(timedelta(seconds=1))

    assert Status.FULFILLING is status_of(await shop.order(order.id))


async def test_an_order_does_not_expire_unasked(shop: FakeShop) -> None:
    """While the gateway cannot be asked, the order waits."""
    order = await shop.place()
    away = [Unavailable("payment gateway", "away") for _ in range(30)]
    shop.gateway.faults.before("payment", *away)

    await shop.pass_time(timedelta(hours=1, minutes=1))

    assert Status.WAITING is status_of(await shop.order(order.id))


async def test_a_payment_that_the_gateway_forgot_does_not_hold_up_expiry(shop: FakeShop) -> None:
    """`check-payment` tells a person; the order expires all the same."""
    order = await shop.place()
    forgotten = [NotFound("payment", "x") for _ in range(30)]
    shop.gateway.faults.before("payment", *forgotten)

    await shop.pass_time(timedelta(hours=2))

    order = await shop.order(order.id)
    assert isinstance(order.closing, Expired)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_UNKNOWN]


async def test_an_expiry_that_comes_early_waits(shop: FakeShop) -> None:
    """A job that was brought forward, or a clock that stepped back, expires nobody."""
    order = await shop.place()
    await shop.storage.jobs.ask(a_job(order.id, name=JobName.EXPIRE), now=shop.clock.now())

    await shop.work()
    assert Status.WAITING is status_of(await shop.order(order.id))
    await shop.pass_time(timedelta(minutes=60))

    assert isinstance((await shop.order(order.id)).closing, Expired)


async def test_a_payment_is_looked_at_until_a_day_after_it_is_void(shop: FakeShop) -> None:
    """
    Money may still come, and no notice tells of it.

    **Source:** nowpayments.md, "Lifecycle": the deposit address is watched for 7 days.
    """
    order = await shop.place()
    gateway_id = payment_of(shop, order.id)

    await shop.pass_time(timedelta(days=7, hours=23))
    assert looks_at(shop, order.id)
    shop.gateway.pay(gateway_id)
    await shop.pass_time(timedelta(minutes=11))

    assert Status.FULFILLING is status_of(await shop.order(order.id))


async def test_looking_ends(shop: FakeShop) -> None:
    """I10: an expired order is at rest when its payment has been void for a day."""
    order = await shop.place()

    await shop.pass_time(8 * DAY + timedelta(minutes=11))

    assert shop.living() == []
    assert (await shop.order(order.id)).findings == ()


async def test_a_settled_payment_is_not_looked_at(shop: FakeShop) -> None:
    """What is settled needs no poll."""
    order = await shop.place()
    await shop.pay(order.id)

    await shop.pass_time(timedelta(seconds=30))

    assert not looks_at(shop, order.id)


async def test_a_cancelled_order_is_still_looked_at(shop: FakeShop) -> None:
    """I6: its address is known to the buyer; money that comes is seen."""
    order = await shop.place()
    await cancel_order(shop.shop, order.id, by="admin:ann", reason="asked for")
    shop.gateway.pay(payment_of(shop, order.id))

    await shop.pass_time(timedelta(minutes=1))

    assert [one.reason for one in (await shop.order(order.id)).findings] == [FindingReason.PAYMENT_LATE]


async def test_a_payment_that_never_ends_goes_to_a_person(shop: FakeShop) -> None:
    """I10: "confirming" for eight days: nobody looks any more, so somebody must know."""
    order = await shop.place()
    shop.gateway.set_status(payment_of(shop, order.id), "confirming")

    await shop.pass_time(9 * DAY)

    order = await shop.order(order.id)
    assert shop.living() == []
    assert Status.ATTENTION is shown_status(order)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_STATUS]


async def test_an_attempt_without_an_answer_keeps_no_hope_alive(shop: FakeShop) -> None:
    """I10: nobody can look at a payment that has no name; the others are over."""
    shop.gateway.loses_the_answer()
    order = await shop.place()
    await open_payment(shop.shop, order.id, "ltc")
    shop.gateway.set_status(shop.gateway.payments_of(order.id)[1], "confirming")

    await shop.pass_time(9 * DAY)

    assert Status.ATTENTION is shown_status(await shop.order(order.id))


async def test_while_another_payment_is_looked_at_nobody_is_told(shop: FakeShop) -> None:
    """The second coin was chosen half an hour later, and its last look is later, too."""
    order = await shop.place()
    await shop.pass_time(timedelta(minutes=30))
    order = await open_payment(shop.shop, order.id, "ltc")
    for gateway_id in shop.gateway.payments_of(order.id):
        shop.gateway.set_status(gateway_id, "confirming")

    await shop.pass_time(8 * DAY - timedelta(minutes=19))
    assert not looks_at(shop, order.id)
    assert (await shop.order(order.id)).findings == ()
    await shop.pass_time(timedelta(hours=1))

    assert Status.ATTENTION is shown_status(await shop.order(order.id))
    assert shop.living() == []


async def test_a_failed_order_that_could_be_paid_anew_expires(shop: FakeShop) -> None:
    """I10: an attempt whose answer was lost must not keep a dead order "created" for ever."""
    shop.gateway.loses_the_answer()
    order = await shop.place()
    order = await open_payment(shop.shop, order.id, "ltc")
    paid = shop.gateway.payments_of(order.id)[1]
    await shop.pass_time(timedelta(minutes=61))
    shop.gateway.set_status(paid, "confirming")
    await shop.tell(paid)
    await shop.work()
    assert Status.CONFIRMING is status_of(await shop.order(order.id))

    shop.gateway.expire(paid)
    await shop.pass_time(10 * DAY)

    order = await shop.order(order.id)
    assert isinstance(order.payments[1], VoidPayment)
    assert isinstance(order.closing, Expired)


async def test_a_short_payment_can_be_topped_up(shop: FakeShop) -> None:
    """The finding goes by itself when the rest is here."""
    order = await shop.place()
    shop.gateway.pay_short(payment_of(shop, order.id))
    await shop.pass_time(timedelta(minutes=1))
    assert Status.UNDERPAID is status_of(await shop.order(order.id))

    shop.gateway.pay(payment_of(shop, order.id))
    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert Status.FULFILLING is status_of(order)
    assert order.findings == ()


async def test_a_short_payment_can_be_accepted(shop: FakeShop) -> None:
    """A person lets it count; the purchase follows. Accepting again changes nothing."""
    order = await shop.place()
    gateway_id = payment_of(shop, order.id)
    shop.gateway.pay_short(gateway_id)
    await shop.pass_time(timedelta(minutes=1))

    for _ in range(2):
        await accept_payment(shop.shop, order.id, gateway_id, by="admin:ann", reason="a regular")
        await shop.work()

    assert Status.FULFILLING is status_of(await shop.order(order.id))
    assert len(shop.supplier.purchases) == 1


async def test_a_finding_that_was_settled_too_soon_is_made_again(shop: FakeShop) -> None:
    """What is still wrong is found again by the next look."""
    order = await shop.place()
    shop.gateway.set_status(payment_of(shop, order.id), "a word of tomorrow")
    await shop.pass_time(timedelta(minutes=1))
    (finding,) = (await shop.order(order.id)).findings

    await resolve_finding(shop.shop, order.id, finding.id, by="admin:ann", reason="it is nothing")
    await shop.pass_time(timedelta(minutes=10))

    assert [one.reason for one in (await shop.order(order.id)).findings] == [FindingReason.PAYMENT_STATUS]
    assert isinstance((await shop.order(order.id)).payments[0], OpenPayment)


@pytest.mark.parametrize("ref", ["order1", "order1/x", "order1/9", "nobody's/1"])
async def test_a_job_about_no_payment_ends(shop: FakeShop, ref: str) -> None:
    """I11: whatever is asked for, it does not run for ever."""
    await shop.place()
    await shop.storage.jobs.ask(a_job(ref, name=JobName.CHECK_PAYMENT), now=shop.clock.now())

    await shop.pass_time(timedelta(days=1))

    assert f"check-payment:{ref}" not in shop.living()


async def test_an_order_that_was_given_up_is_looked_at_seldom(shop: FakeShop) -> None:
    """Many abandoned orders must not use up the calls that live payments need: an hour instead of ten minutes."""
    order = await shop.place()
    await shop.pass_time(timedelta(hours=3))

    (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "check-payment")
    await shop.pass_time(job.due_at - shop.clock.now())
    (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "check-payment")

    assert status_of(await shop.order(order.id)) is Status.EXPIRED
    assert job.due_at - shop.clock.now() == timedelta(hours=1)


async def test_a_payment_that_the_gateway_forgot_is_looked_at_again(shop: FakeShop) -> None:
    """It may be a fault of theirs; money that comes all the same is seen."""
    order = await shop.place()
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.faults.before("payment", NotFound("payment", gateway_id))
    await shop.pass_time(timedelta(seconds=30))

    shop.gateway.pay(gateway_id)
    await shop.pass_time(timedelta(minutes=1))

    assert (await shop.order(order.id)).is_settled


async def test_a_forgotten_payment_hides_no_other_at_the_end_of_the_order(shop: FakeShop) -> None:
    """I6: the buyer has switched the coin, and paid with the last minute."""
    order = await shop.place()
    await open_payment(shop.shop, order.id, "ltc")
    first, second = shop.gateway.payments_of(order.id)
    shop.lose_jobs()
    shop.clock.advance(order.expires_at - shop.clock.now())
    shop.gateway.pay(second)
    shop.gateway.faults.before("payment", NotFound("payment", first))
    job_id = await shop.storage.jobs.ask(a_job(order.id, name=JobName.EXPIRE, order_id=order.id), now=shop.clock.now())

    await run_job(shop.shop, job_id)

    assert (await shop.order(order.id)).is_settled
