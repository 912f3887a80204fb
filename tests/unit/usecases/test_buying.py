"""Buying stops for all when it is paused, and goes on by itself when it is not; all else goes on meanwhile."""

from collections.abc import Sequence
from datetime import timedelta

import attrs

from bitloot_core.order.buying import Buying
from bitloot_core.order.findings import Finding
from bitloot_core.order.jobs import JobName
from bitloot_core.order.reservations import DoubtfulReservation, PlacedReservation, PlannedReservation
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.buying import pause_buying, resume_buying
from bitloot_core.values.errors import Unknown
from bitloot_core.values.ids import ExternalRef

REF = ExternalRef("order1-1")


async def pause(shop: FakeShop) -> None:
    """Ann stops all buying."""
    await pause_buying(shop.shop, by="shell:ann", reason="prices look wrong")


async def resume(shop: FakeShop) -> None:
    """Bob lets it go on."""
    await resume_buying(shop.shop, by="shell:bob", reason="they are right")


async def paid(shop: FakeShop, count: int = 1) -> None:
    """So many orders are paid, and nothing is bought yet."""
    for _ in range(count):
        await shop.settle((await shop.place()).id)


def findings(shop: FakeShop) -> Sequence[Finding]:
    """Those about no order that are open."""
    rows = shop.storage.database.findings.values()
    return [row.finding for row in rows if row.resolved_at is None and row.finding.order_id is None]


def bought(shop: FakeShop) -> int:
    """How many purchases the supplier has taken."""
    return len(shop.supplier.purchases)


async def test_a_paid_order_waits_while_buying_is_paused(shop: FakeShop) -> None:
    """The supplier is not even asked, and the order has no finding: it waits."""
    await pause(shop)
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("find", AssertionError("nobody is to be asked"))

    await shop.pass_time(timedelta(hours=3))

    waiting = await shop.order(order.id)
    assert isinstance(waiting.reservations[0], PlannedReservation)
    assert Status.PAID is shown_status(waiting)
    assert f"{JobName.RESERVE}:{REF}" in shop.living()


async def test_it_goes_on_by_itself_as_soon_as_a_person_resumes(shop: FakeShop) -> None:
    """Nobody has to touch the orders, and no time has to pass."""
    await pause(shop)
    await paid(shop, 3)
    await shop.work()

    await resume(shop)
    await shop.work()

    assert bought(shop) == 3


async def test_waiting_costs_no_attempt(shop: FakeShop) -> None:
    """A pause may last longer than a job may fail."""
    await pause(shop)
    await paid(shop)

    await shop.pass_time(timedelta(days=3))
    await resume(shop)
    await shop.work()

    assert bought(shop) == 1
    assert findings(shop) == []


async def test_who_paused_first_is_told(shop: FakeShop) -> None:
    """Pausing again is harmless, and does not take the credit."""
    first = await pause_buying(shop.shop, by="shell:ann", reason="prices look wrong")
    shop.clock.advance(timedelta(hours=1))

    assert first == await pause_buying(shop.shop, by="shell:bob", reason="me too")
    assert (first,) == await resume_buying(shop.shop, by="shell:bob", reason="go on")
    assert await resume_buying(shop.shop, by="shell:bob", reason="go on") == ()


async def test_who_switched_is_in_the_audit(shop: FakeShop) -> None:
    """With the reason; nobody is told of what changed nothing."""
    for _ in range(2):
        await pause(shop)
    for _ in range(2):
        await resume(shop)

    acts = [(act.actor, act.action, act.reason) for act in shop.storage.database.acts]
    assert acts == [
        ("shell:ann", "pause-buying", "prices look wrong"),
        ("shell:bob", "resume-buying", "they are right"),
    ]


async def test_a_pause_between_the_look_and_the_claim_holds(shop: FakeShop) -> None:
    """The claim asks in the same write: once the pause is there, nothing is sent any more."""
    await paid(shop)
    await pause(shop)
    asks_too_early = Overridden(shop.storage.switches, buying=may_buy)
    shop.shop = attrs.evolve(shop.shop, switches=asks_too_early)

    await shop.work()

    assert bought(shop) == 0
    assert shop.supplier.asked == {}
    assert findings(shop) == []


async def may_buy() -> Buying:
    """What a worker saw that looked too early."""
    return Buying()


async def test_a_purchase_in_doubt_is_looked_up_while_buying_is_paused(shop: FakeShop) -> None:
    """It went through: it is found, its keys are collected, and the buyer has them."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.lose_next_answer()
    await shop.work()
    await pause(shop)

    await shop.pass_time(timedelta(seconds=10))
    found = (await shop.order(order.id)).reservations[0]
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    assert isinstance(found, PlacedReservation)
    assert Status.FULFILLED is shown_status(await shop.order(order.id))


async def test_a_purchase_in_doubt_is_not_sent_again_while_buying_is_paused(shop: FakeShop) -> None:
    """It is looked up on and on; sent again it is only after the pause."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unknown("supplier", "lost on the way"))
    await shop.work()
    await pause(shop)

    await shop.pass_time(timedelta(hours=2))
    doubtful = (await shop.order(order.id)).reservations[0]
    await resume(shop)
    await shop.work()

    assert isinstance(doubtful, DoubtfulReservation)
    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert bought(shop) == 1


async def test_buying_and_collecting_in_one_go_waits_too(shop: FakeShop) -> None:
    """The job `fulfillOrder` asks as `reserve` does, and leaves the purchase to it."""
    await pause(shop)
    order = await shop.settle((await shop.place()).id)
    await shop.work()
    request = a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id, due_at=shop.clock.now())
    await shop.storage.jobs.ask(request, now=shop.clock.now())

    await shop.pass_time(timedelta(minutes=1))
    before = bought(shop)
    await resume(shop)
    await shop.work()

    assert (before, bought(shop)) == (0, 1)
