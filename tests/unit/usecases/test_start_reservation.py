"""Buying: looked up before it is bought, claimed before it is sent, and never sent twice blindly."""

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
    RefusedReservation,
)
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.samples import a_job, a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund, resolve_finding, retry_order
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, ProductId, SupplierProductId

REF = ExternalRef("order1-1")
AWAY = Unavailable("supplier", "it is away", retry_after=timedelta(minutes=7))


async def about_to_buy(shop: FakeShop, quantity: int = 1) -> Order:
    """An order that is paid, with its purchase planned and nothing sent."""
    order = await shop.place(quantity)
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    (job_id,) = await due_jobs(shop.shop, 10)
    await run_job(shop.shop, job_id)
    order = await shop.order(order.id)
    assert all(isinstance(res, PlannedReservation) for res in order.reservations)
    return order


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


async def test_a_purchase_is_placed_under_our_reference(shop: FakeShop) -> None:
    """The supplier's name of it and what it took are written down."""
    order = await about_to_buy(shop)

    await shop.work()

    (res,) = (await shop.order(order.id)).reservations
    (purchase,) = shop.supplier.purchases
    assert isinstance(res, PlacedReservation)
    assert (REF, res.supplier_order_id, res.charged) == (purchase.ref, purchase.supplier_order_id, purchase.charged)


@pytest.mark.parametrize(("quantity", "sizes"), [(9, [9]), (11, [9, 2]), (90, [9] * 10)])
async def test_many_of_one_product_are_several_purchases(shop: FakeShop, quantity: int, sizes: list[int]) -> None:
    """**Source:** kinguin.md, "Limits": 9 of an offer in one order."""
    await about_to_buy(shop, quantity)

    await shop.work()

    assert sizes == [sum(one.quantities.values()) for one in shop.supplier.purchases]
    assert [f"order1-{n}" for n in range(1, len(sizes) + 1)] == [one.ref for one in shop.supplier.purchases]


async def test_what_the_supplier_has_already_is_not_bought_again(shop: FakeShop) -> None:
    """I1: a worker died after the supplier's answer and before its own commit; so did the note that it had asked."""
    order = await about_to_buy(shop)
    bought = await shop.supplier.reserve(order.reservations[0].plan.items, ref=REF)

    await shop.work()

    (res,) = (await shop.order(order.id)).reservations
    assert isinstance(res, PlacedReservation)
    assert bought.supplier_order_id == res.supplier_order_id
    assert shop.supplier.asked == {REF: 1}


async def test_a_lost_answer_is_looked_up_and_bought_once(shop: FakeShop) -> None:
    """I1: in doubt until the look-up finds it, ten seconds later."""
    order = await about_to_buy(shop)
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
    order = await about_to_buy(shop)

    class DiesWhileBuying:
        """A supplier that takes the process with it."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def reserve(self, *_: object, **__: object) -> object:
            """Buy, and never come back."""
            await shop.supplier.reserve(order.reservations[0].plan.items, ref=REF)
            raise KeyboardInterrupt

    (job_id,) = await due_jobs(shop.shop, 10)
    with pytest.raises(KeyboardInterrupt):
        await run_job(attrs.evolve(shop.shop, supplier=DiesWhileBuying()), job_id)
    assert isinstance((await shop.order(order.id)).reservations[0], ClaimedReservation)

    await shop.pass_time(timedelta(minutes=3))

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_a_late_effect_within_the_quiet_window_is_found(shop: FakeShop) -> None:
    """I1: the supplier carries out after ten minutes what it never answered."""
    order = await about_to_buy(shop)
    shop.supplier.comes_late_next()
    await shop.pass_time(timedelta(minutes=10, seconds=1))

    shop.supplier.late_effects_happen()
    await shop.pass_time(timedelta(minutes=5))

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_a_doubt_is_looked_up_on_the_ladder(shop: FakeShop) -> None:
    """**Source:** design, section 3: 10 s, 30 s, 1, 2, 5, 10, 15 min after the claim."""
    await about_to_buy(shop)
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
    await about_to_buy(shop)
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
    order = await about_to_buy(shop)
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
    order = await about_to_buy(shop)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
    await shop.pass_time(timedelta(hours=1))
    (finding,) = (await shop.order(order.id)).findings

    await resolve_finding(shop.shop, order.id, finding.id, by="admin:ann", reason="seen")
    await shop.work()

    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_DOUBT]
    assert shop.supplier.asked == {REF: 1}


async def test_after_three_requests_without_an_answer_a_person_decides(shop: FakeShop) -> None:
    """I11: no purchase is sent for ever."""
    order = await about_to_buy(shop)
    shop.supplier.faults.before("reserve", *(Unknown("supplier", "no answer in time") for _ in range(9)))

    await shop.pass_time(timedelta(hours=3))

    assert shop.supplier.asked == {REF: 3}
    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_DOUBT]


async def test_a_supplier_that_is_away_leaves_no_doubt(shop: FakeShop) -> None:
    """Nothing was bought: it is tried again when the supplier said, and needs no quiet window."""
    order = await about_to_buy(shop)
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
    await about_to_buy(shop)
    shop.supplier.faults.before("find", AWAY)

    await shop.work()

    assert shop.supplier.asked == {}


async def test_a_refusal_goes_to_a_person_and_is_bought_anew_on_retry(shop: FakeShop) -> None:
    """A spent reference is never used again: the new attempt has a new one."""
    order = await about_to_buy(shop)
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


async def test_a_price_above_the_cap_is_refused(shop: FakeShop) -> None:
    """**Source:** incidents.md, F17: never below cost; the supplier is sent the cap and refuses."""
    shop.supplier.in_stock(SupplierProductId("supplier-game"), 5, cost="10.01")
    order = await about_to_buy(shop)

    await shop.work()

    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_REFUSED]
    assert shop.supplier.purchases == ()


async def test_an_empty_balance_is_told(shop: FakeShop) -> None:
    """A person tops it up and presses retry."""
    shop.supplier.has_left("0.10")
    order = await about_to_buy(shop)
    await shop.work()
    (finding,) = (await shop.order(order.id)).findings

    shop.supplier.has_left("100.00")
    await retry_order(shop.shop, order.id, by="admin:ann", reason="topped up")
    await shop.work()

    assert "insufficient-balance" in finding.text
    assert len(shop.supplier.purchases) == 1


async def test_a_surplus_purchase_is_shown_and_its_keys_are_left_alone(shop: FakeShop) -> None:
    """I1, I6: the supplier sold twice under one reference; the second goes back, so its keys are never downloaded."""
    order = await about_to_buy(shop)
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
    order = await about_to_buy(shop)
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
    order = await about_to_buy(shop)
    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")

    await shop.pass_time(timedelta(hours=1))

    assert shop.supplier.asked == {}
    assert Status.REFUNDED is shown_status(await shop.order(order.id))


async def test_money_that_went_back_buys_nothing_and_is_told(shop: FakeShop) -> None:
    """I3, I10: a purchase waits, no payment counts; another that does starts it again."""
    order = await about_to_buy(shop)
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
    first = await about_to_buy(shop)
    await shop.work()
    (theirs,) = shop.supplier.purchases
    second = await shop.place()

    class Confused:
        """A supplier that answers with the first order's purchase."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def reserve(self, *_: object, **__: object) -> object:
            """The wrong one."""
            return theirs

    shop.shop = attrs.evolve(shop.shop, supplier=Confused())
    await shop.pay(second.id)

    second = await shop.order(second.id)
    assert first.id != second.id
    assert reasons(second) == [FindingReason.SUPPLIER_MISMATCH]
    assert isinstance(second.reservations[0], DoubtfulReservation)
    assert await shop.bought(second.id) == ()


async def test_a_look_up_that_shows_another_orders_purchase_takes_nothing(shop: FakeShop) -> None:
    """The same before anything was sent."""
    await about_to_buy(shop)
    await shop.work()
    theirs = shop.supplier.purchases
    second = await shop.place()

    class Confused:
        """A supplier that finds the first order's purchase under every reference."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def find(self, _: ExternalRef) -> object:
            """The wrong one."""
            return theirs

    shop.shop = attrs.evolve(shop.shop, supplier=Confused())
    await shop.pay(second.id)

    second = await shop.order(second.id)
    assert reasons(second) == [FindingReason.SUPPLIER_MISMATCH]
    assert await shop.bought(second.id) == ()
    assert shop.supplier.asked == {REF: 1}


async def test_a_worker_with_little_lease_left_sends_nothing(shop: FakeShop) -> None:
    """I1: it was stalled in the look-up; whoever comes next has a whole lease."""
    await about_to_buy(shop)

    class Slow:
        """A supplier whose look-up takes most of the lease."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def find(self, ref: ExternalRef) -> object:
            """Answer after 100 of 120 seconds."""
            shop.clock.advance(timedelta(seconds=100))
            return await shop.supplier.find(ref)

    (job_id,) = await due_jobs(shop.shop, 10)
    await run_job(attrs.evolve(shop.shop, supplier=Slow()), job_id)
    assert shop.supplier.asked == {}

    await shop.work()

    assert shop.supplier.asked == {REF: 1}


async def test_a_worker_that_was_stalled_by_its_own_claim_sends_nothing(shop: FakeShop) -> None:
    """I1: the write of the claim took most of the lease: the claim is given back, without a doubt."""
    order = await about_to_buy(shop)

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
    order = await about_to_buy(shop)

    class Slow:
        """A supplier that answers when the lease is over."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def reserve(self, items: object, *, ref: ExternalRef) -> object:
            """Buy, and answer late."""
            bought = await shop.supplier.reserve(items, ref=ref)
            shop.clock.advance(timedelta(seconds=121))
            return bought

    (job_id,) = await due_jobs(shop.shop, 10)
    assert await run_job(attrs.evolve(shop.shop, supplier=Slow()), job_id)
    assert isinstance((await shop.order(order.id)).reservations[0], ClaimedReservation)

    await shop.work()

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert shop.supplier.asked == {REF: 1}


async def test_of_two_workers_on_one_purchase_one_buys(shop: FakeShop) -> None:
    """I1: another job claims it while we look it up: ours waits, and does not think that all is done."""
    order = await about_to_buy(shop)
    await shop.storage.jobs.ask(a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id), now=shop.clock.now())

    class Overtaken:
        """A supplier that answers the look-up after the other worker has done its part."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def find(self, ref: ExternalRef) -> object:
            """Answer from before."""
            found = await shop.supplier.find(ref)
            (other,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "fulfillOrder")
            shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
            await run_job(shop.shop, other)
            return found

    (job_id,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "reserve")
    await run_job(attrs.evolve(shop.shop, supplier=Overtaken()), job_id)

    assert shop.supplier.asked == {REF: 1}
    assert f"reserve:{REF}" in shop.living()
    await shop.pass_time(timedelta(hours=1))
    assert shop.supplier.asked == {REF: 2}
    assert len(shop.supplier.purchases) == 1


async def test_a_clock_that_steps_back_shortens_no_quiet_window(shop: FakeShop) -> None:
    """I1: after the claim the clock is set back by an hour: the doubt waits longer, never shorter."""
    await about_to_buy(shop)
    shop.supplier.comes_late_next()
    await shop.work()
    shop.clock.advance(timedelta(hours=-1))

    await shop.pass_time(timedelta(hours=1, minutes=14))
    assert shop.supplier.asked == {REF: 1}
    await shop.pass_time(timedelta(minutes=2))

    assert shop.supplier.asked == {REF: 2}


async def test_a_job_about_a_purchase_that_is_made_ends(shop: FakeShop) -> None:
    """Asked for again, it finds nothing to do."""
    order = await about_to_buy(shop)
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
