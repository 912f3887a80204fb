"""Buying: looked up before it is bought, claimed before it is sent, and never sent twice blindly."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import (
    DoubtfulReservation,
    PlacedReservation,
    PlannedReservation,
    RefusedReservation,
)
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory.database import StoredJob
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_job, a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund, resolve_finding, retry_order
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Rejected, Unavailable
from bitloot_core.values.ids import ExternalRef, ProductId, SupplierProductId, order_of

REF = ExternalRef("order1-1")
AWAY = Unavailable("supplier", "it is away", retry_after=timedelta(minutes=7))


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


async def test_a_purchase_is_placed_under_our_reference(shop: FakeShop) -> None:
    """The supplier's name of it and what it took are written down."""
    order = await shop.settle((await shop.place()).id)

    await shop.work()

    (res,) = (await shop.order(order.id)).reservations
    (purchase,) = shop.supplier.purchases
    assert isinstance(res, PlacedReservation)
    assert (REF, res.supplier_order_id, res.charged) == (purchase.ref, purchase.supplier_order_id, purchase.charged)


@pytest.mark.parametrize(("quantity", "sizes"), [(9, [9]), (11, [9, 2]), (90, [9] * 10)])
async def test_many_of_one_product_are_several_purchases(shop: FakeShop, quantity: int, sizes: list[int]) -> None:
    """**Source:** kinguin.md, "Limits": 9 of an offer in one order."""
    await shop.settle((await shop.place(quantity)).id)

    await shop.work()

    assert sizes == [sum(one.quantities.values()) for one in shop.supplier.purchases]
    assert [f"order1-{n}" for n in range(1, len(sizes) + 1)] == [one.ref for one in shop.supplier.purchases]


async def test_what_the_supplier_has_already_is_not_bought_again(shop: FakeShop) -> None:
    """I1: a worker died after the supplier's answer and before its own commit; so did the note that it had asked."""
    order = await shop.settle((await shop.place()).id)
    bought = await shop.supplier.reserve(order.reservations[0].plan.items, ref=REF)

    await shop.work()

    (res,) = (await shop.order(order.id)).reservations
    assert isinstance(res, PlacedReservation)
    assert bought.supplier_order_id == res.supplier_order_id
    assert shop.supplier.asked == {REF: 1}


async def test_a_supplier_that_is_away_leaves_no_doubt(shop: FakeShop) -> None:
    """Nothing was bought: it is tried again when the supplier said, and needs no quiet window."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", AWAY)

    await shop.work()
    (waiting,) = (await shop.order(order.id)).reservations
    await shop.pass_time(timedelta(minutes=6, seconds=59))
    assert shop.supplier.asked == {REF: 1}
    await shop.pass_time(timedelta(seconds=1))

    assert isinstance(waiting, PlannedReservation)
    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)


async def test_a_look_up_that_fails_buys_nothing(shop: FakeShop) -> None:
    """I1: "I cannot tell" is not "there is none"."""
    await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("find", AWAY)

    await shop.work()

    assert shop.supplier.asked == {}


async def test_a_refusal_goes_to_a_person_and_is_bought_anew_on_retry(shop: FakeShop) -> None:
    """A spent reference is never used again: the new attempt has a new one."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Rejected("supplier", "no offer matches", code="out-of-stock"))
    await shop.work()
    refused = await shop.order(order.id)

    for _ in range(10):
        await retry_order(shop.shop, order.id, by="admin:ann", reason="back in stock")
    await shop.work()

    order = await shop.order(order.id)
    assert Status.ATTENTION is shown_status(refused)
    assert reasons(refused) == [FindingReason.SUPPLIER_REFUSED]
    assert [RefusedReservation, PlacedReservation] == [type(res) for res in order.reservations]
    assert [res.plan.attempt for res in order.reservations] == [1, 2]
    assert shop.supplier.asked == {"order1-1": 1, "order1-2": 1}
    assert reasons(order) == []


async def test_an_empty_balance_is_told(shop: FakeShop) -> None:
    """A person tops it up and presses retry."""
    shop.supplier.has_left("0.10")
    order = await shop.settle((await shop.place()).id)
    await shop.work()
    (finding,) = (await shop.order(order.id)).findings

    shop.supplier.has_left("100.00")
    await retry_order(shop.shop, order.id, by="admin:ann", reason="topped up")
    await shop.work()

    assert "insufficient-balance" in finding.text
    assert len(shop.supplier.purchases) == 1


async def test_a_surplus_purchase_is_shown_and_its_keys_are_left_alone(shop: FakeShop) -> None:
    """I1, I6: the supplier sold twice under one reference; the second goes back, so its keys are never downloaded."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.sell_twice_next()
    shop.supplier.lose_next_answer()

    await shop.pass_time(timedelta(seconds=10))
    for purchase in shop.supplier.purchases:
        shop.supplier.deliver(purchase.supplier_order_id)
        await shop.hear(purchase.supplier_order_id)
    await shop.work()

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.SURPLUS_PURCHASE]
    assert [one.subject for one in order.findings] == ["FAKE2"]
    assert [unit.supplier_key_id for unit in order.held] == ["fake-key-1-1"]


async def test_of_a_dead_and_a_living_purchase_the_living_one_is_taken(shop: FakeShop) -> None:
    """The dead one has cost nothing."""
    order = await shop.settle((await shop.place()).id)
    items = order.reservations[0].plan.items
    shop.supplier.accepts_repeats = True
    dead, living = [await shop.supplier.reserve(items, ref=REF) for _ in range(2)]
    shop.supplier.cancel(dead.supplier_order_id)

    await shop.work()

    order = await shop.order(order.id)
    assert (living.supplier_order_id,) == await shop.bought(order.id)
    assert reasons(order) == []


async def test_an_order_that_was_refunded_meanwhile_buys_nothing(shop: FakeShop) -> None:
    """Between the payment and the purchase a person gave the money back."""
    order = await shop.settle((await shop.place()).id)
    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")

    await shop.pass_time(timedelta(hours=1))

    assert shop.supplier.asked == {}
    assert Status.REFUNDED is shown_status(await shop.order(order.id))


async def test_money_that_went_back_buys_nothing_and_is_told(shop: FakeShop) -> None:
    """I3, I10: a purchase waits, no payment counts; another that does starts it again."""
    order = await shop.settle((await shop.place()).id)
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.set_status(gateway_id, "refunded")
    await shop.tell(gateway_id)
    _, second = await due_jobs(shop.shop, 10)
    await run_job(shop.shop, second)
    await shop.work()
    order = await shop.order(order.id)
    assert shop.supplier.asked == {}
    assert reasons(order) == [FindingReason.PAYMENT_RETURNED]

    await resolve_finding(shop.shop, order.id, order.findings[0].id, by="admin:ann", reason="I know")
    await shop.work()

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.PAYMENT_RETURNED]
    assert Status.ATTENTION is shown_status(order)
    assert shop.supplier.asked == {}


async def test_a_purchase_of_another_order_is_never_taken_over(shop: FakeShop) -> None:
    """**Source:** incidents.md, F2: nobody binds somebody else's purchase to an order."""
    first = await shop.settle((await shop.place()).id)
    await shop.work()
    (theirs,) = shop.supplier.purchases
    second = await shop.place()

    async def reserve(*_: object, **__: object) -> object:
        """A supplier that answers with the first order's purchase."""
        return theirs

    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, reserve=reserve))
    await shop.pay(second.id)

    second = await shop.order(second.id)
    assert first.id != second.id
    assert reasons(second) == [FindingReason.SUPPLIER_MISMATCH]
    assert isinstance(second.reservations[0], DoubtfulReservation)
    assert await shop.bought(second.id) == ()


async def test_a_look_up_that_shows_another_orders_purchase_takes_nothing(shop: FakeShop) -> None:
    """The same before anything was sent."""
    await shop.settle((await shop.place()).id)
    await shop.work()
    theirs = shop.supplier.purchases
    second = await shop.place()

    async def find(_: ExternalRef) -> object:
        """A supplier that finds the first order's purchase under every reference."""
        return theirs

    shop.shop = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, find=find))
    await shop.pay(second.id)

    second = await shop.order(second.id)
    assert reasons(second) == [FindingReason.SUPPLIER_MISMATCH]
    assert await shop.bought(second.id) == ()
    assert shop.supplier.asked == {REF: 1}


async def test_a_job_about_a_purchase_that_is_made_ends(shop: FakeShop) -> None:
    """Asked for again, it finds nothing to do."""
    order = await shop.settle((await shop.place()).id)
    await shop.work()
    await shop.storage.jobs.ask(a_job(REF, order_id=order.id), now=shop.clock.now())

    await shop.work()

    assert f"reserve:{REF}" not in shop.living()
    assert shop.supplier.asked == {REF: 1}


async def test_a_preorder_is_a_purchase_of_its_own(shop: FakeShop) -> None:
    """**Source:** kinguin.md, "Calls": a preorder stands alone in its order."""
    soon = shop.clock.now().date() + timedelta(days=30)
    await shop.offer(attrs.evolve(a_product("soon"), release_date=soon))
    shop.supplier.preorder_open(SupplierProductId("supplier-soon"), 5)
    items = tuple(Item(product_id=ProductId(name), quantity=1) for name in ("game", "soon", "other"))
    order = await place_order(shop.shop, PlaceOrder(email="a@example.com", items=items, pay_currency="btc"))
    await shop.pay(order.id)

    bought = [sorted(one.quantities) for one in shop.supplier.purchases]
    assert bought == [["supplier-game", "supplier-other"], ["supplier-soon"]]


async def test_a_purchase_that_was_turned_away_is_not_sent_again_at_once(shop: FakeShop) -> None:
    """Whoever turned it away may have answered for a supplier that took it: it gets the time to be found."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unavailable("supplier", "too many requests (429)"))

    await shop.work()
    living = await shop.order(order.id)

    assert isinstance(living.reservations[0], PlannedReservation)
    first = shop.shop.policy.lookups()[0]
    (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "reserve")
    assert job.due_at >= shop.clock.now() + first


def reserve_job(shop: FakeShop) -> StoredJob:
    """The job that buys."""
    return next(one for one in shop.storage.database.jobs.values() if one.name == "reserve")


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(None, timedelta(seconds=10)), (timedelta(seconds=1), timedelta(seconds=10)), (timedelta(hours=1),) * 2],
)
async def test_whoever_is_turned_away_waits_for_the_purchase_that_may_have_gone_through(
    shop: FakeShop, asked: timedelta | None, waits: timedelta
) -> None:
    """I1: a proxy may have answered for the supplier; at least as long as the first look-up takes."""
    await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unavailable("supplier", "it is away", retry_after=asked))

    await shop.work()

    job = reserve_job(shop)
    assert (job.due_at - shop.clock.now(), job.last_error) == (waits, "supplier: it is away")


async def test_a_purchase_that_is_found_dead_goes_to_a_person(shop: FakeShop) -> None:
    """I10: nothing is bought in its place under the same reference, and nobody is left to wait for it."""
    order = await shop.settle((await shop.place()).id)
    dead = await shop.supplier.reserve(order.reservations[0].plan.items, ref=REF)
    shop.supplier.cancel(dead.supplier_order_id)

    await shop.pass_time(timedelta(minutes=1))

    after = await shop.order(order.id)
    assert reasons(after) == [FindingReason.SUPPLIER_CANCELLED]
    assert shop.supplier.asked == {REF: 1}


async def test_a_worker_that_was_stalled_sends_nothing_on_a_price_of_just_now(shop: FakeShop) -> None:
    """I1: however fresh its price is, its lease may run out before the answer."""
    shop.shop = attrs.evolve(shop.shop, policy=attrs.evolve(shop.shop.policy, price_age=timedelta(hours=1)))
    await shop.settle((await shop.place()).id)
    commit = shop.storage.store.commit

    async def slow(change: Change) -> Committed:
        """A store that takes longer than a worker has."""
        if change.budget is not None:
            shop.clock.advance(shop.shop.policy.lease * 0.7)
        return await commit(change)

    stalled = attrs.evolve(shop.shop, orders=Overridden(shop.storage.store, commit=slow))
    (job_id,) = await due_jobs(shop.shop, 1)
    await run_job(stalled, job_id)

    (res,) = (await shop.order(order_of(REF))).reservations
    assert isinstance(res, PlannedReservation)
    assert shop.supplier.asked == {}
    assert reserve_job(shop).due_at == shop.clock.now()
