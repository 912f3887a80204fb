"""Older books are put back: nothing is bought twice, every key is collected, and what cannot be known is told."""

from copy import deepcopy
from datetime import timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order.buying import PauseHolder
from bitloot_core.order.discrepancies import Amiss, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled
from bitloot_core.order.policy import Policy
from bitloot_core.order.reservations import PlannedReservation, is_dead
from bitloot_core.testing.memory import MemoryDatabase, MemoryStorage
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.buying import resume_buying
from bitloot_core.usecases.close_order import retry_order
from bitloot_core.usecases.reconcile import Report, reconcile, usual_since
from bitloot_core.usecases.reconcile_desk import Terms
from bitloot_core.usecases.sweep import sweep
from bitloot_core.values.errors import BitlootError
from bitloot_core.values.ids import OrderId, order_of

MINUTE = timedelta(minutes=1)


def backup(shop: FakeShop) -> MemoryDatabase:
    """A copy of the books as they are."""
    return deepcopy(shop.storage.database)


def put_back(shop: FakeShop, books: MemoryDatabase) -> FakeShop:
    """The same shop in the same world, a minute later, with older books."""
    shop.clock.advance(MINUTE)
    older = FakeShop(policy=shop.shop.policy, storage=MemoryStorage(deepcopy(books)))
    older.clock, older.ids = shop.clock, shop.ids
    older.supplier, older.gateway, older.vault = shop.supplier, shop.gateway, shop.vault
    older.mailer, older.notifier = shop.mailer, shop.notifier
    ours = ("orders", "inbox", "jobs", "requests", "catalogue", "queries", "switches", "loose_ends", "books")
    older.shop = attrs.evolve(shop.shop, **{name: getattr(older.shop, name) for name in ours})
    return older


async def no_rest(_: timedelta) -> None:
    """Nobody asks us to wait here."""


async def after_restore(shop: FakeShop) -> Report:
    """Reconcile as an operator does who has just put a backup back."""
    terms = Terms(since=usual_since(shop.clock.now(), after_restore=True), by="shell:ann", after_restore=True)
    return await reconcile(shop.shop, terms, rest=no_rest)


async def is_paused(shop: FakeShop) -> bool:
    """Whether buying waits for the books."""
    return (await shop.shop.switches.buying()).is_held_by(PauseHolder.RESTORE, shop.clock.now())


async def go_on(shop: FakeShop, by: timedelta = timedelta(hours=1)) -> None:
    """The service runs on, with its sweeps."""
    await shop.pass_time(MINUTE)
    async for _ in sweep(shop.shop, untouched_for=timedelta(seconds=1)):
        pass
    await shop.pass_time(by)


async def test_a_purchase_that_the_books_forgot_is_taken_over(shop: FakeShop) -> None:
    """I1, I2: put back to before the order was paid; the payment is read back, and the purchase found."""
    order = await shop.place(2)
    old = backup(shop)
    await shop.fulfil(order.id)
    shop = put_back(shop, old)

    first = await after_restore(shop)
    paused = await is_paused(shop)
    await go_on(shop)
    second = await after_restore(shop)

    assert (first.is_clean, paused) == (False, True)
    assert [one.side for one in first.found] == [Side.PURCHASES, Side.PAYMENTS]
    assert (second.is_clean, await is_paused(shop)) == (True, False)
    assert len(shop.supplier.purchases) == 1
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert len(await shop.reveal()) == 2
    assert (await shop.order(order.id)).findings == ()


async def test_a_planned_purchase_is_taken_over_while_buying_is_paused(shop: FakeShop) -> None:
    """I1: put back to between the payment and the purchase."""
    order = await shop.settle((await shop.place()).id)
    old = backup(shop)
    await shop.work()
    shop = put_back(shop, old)
    await after_restore(shop)

    await go_on(shop)

    assert await is_paused(shop)
    assert len(await shop.bought(order.id)) == 1
    assert len(shop.supplier.purchases) == 1


async def test_nothing_is_bought_before_the_books_are_in_line(shop: FakeShop) -> None:
    """An order that is paid meanwhile waits, and goes on by itself when they are."""
    forgotten = backup(shop)
    order = await shop.place()
    await shop.pay(order.id)
    shop = put_back(shop, forgotten)
    found = (await after_restore(shop)).found
    fresh = await shop.settle((await shop.place()).id)
    await go_on(shop)
    waits = await shop.order(fresh.id)

    await settle_by_hand(shop)
    clean = await after_restore(shop)
    await shop.work()

    assert [one.reason for one in found if isinstance(one, Amiss)] == [FindingReason.FORGOTTEN_PURCHASE]
    assert isinstance(waits.reservations[0], PlannedReservation)
    assert (clean.is_clean, clean.answered, await is_paused(shop)) == (True, 1, False)
    assert len(await shop.bought(fresh.id)) == 1


async def settle_by_hand(shop: FakeShop) -> None:
    """A person answers every finding about no order."""
    for row in list(shop.storage.database.findings.values()):
        if row.finding.order_id is None and row.resolved_at is None and row.finding.subject != PauseHolder.RESTORE:
            shop.storage.database.resolve_finding(
                row.finding.id, at=shop.clock.now(), by="admin:ann", how="gave the keys back"
            )


async def test_an_order_that_the_books_forgot_is_told_with_its_money(shop: FakeShop) -> None:
    """It was placed after the backup: nobody knows its buyer any more, but the supplier was paid."""
    old = backup(shop)
    order = await shop.buy(2)
    shop = put_back(shop, old)

    report = await after_restore(shop)
    again = await after_restore(shop)

    (told,) = report.found
    assert isinstance(told, Amiss)
    assert (told.reason, told.order_id, told.amount) == (FindingReason.FORGOTTEN_PURCHASE, None, "10.00 EUR")
    assert f"{order.id}-1" in told.text
    assert again.found == report.found
    rows = [row for row in shop.storage.database.findings.values() if row.finding.reason == told.reason]
    assert len(rows) == 1


async def test_no_sealed_key_is_taken_for_rubbish(shop: FakeShop) -> None:
    """Older books do not name the newer objects: they stay until the keys were collected again."""
    order = await shop.place()
    old = backup(shop)
    await shop.fulfil(order.id)
    shop = put_back(shop, old)
    shop.clock.advance(timedelta(days=2))

    report = await after_restore(shop)

    assert (len(report.orphans), report.discarded) == (1, False)
    assert len([one async for one in shop.vault.stored()]) == 1


async def test_a_person_can_let_buying_go_on_before(shop: FakeShop) -> None:
    """The pause is a switch like any other: whoever lifts it knows why."""
    old = backup(shop)
    await shop.buy()
    shop = put_back(shop, old)
    await after_restore(shop)

    await resume_buying(shop.shop, by="shell:bob", reason="I have seen it")

    assert not await is_paused(shop)


POLICY = Policy(
    payment_poll=(timedelta(seconds=30), timedelta(hours=12)),
    supplier_poll=(timedelta(seconds=15), timedelta(hours=6)),
)
EVENTS = (
    "place",
    "pay",
    "pay",
    "tell",
    "deliver",
    "deliver",
    "hear",
    "lose answer",
    "cancel",
    "retry",
    "work",
    "minute",
    "hour",
)


@given(st.data())
async def test_whatever_was_forgotten_nothing_is_bought_twice(data: st.DataObject) -> None:
    """I1, I2, I10: orders in any state, a backup at any moment, and another life after it was put back."""
    shop = FakeShop(policy=POLICY)
    await shop.offer(a_product("game"))
    events = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=15)
    for event in data.draw(events, label="before the backup"):
        await happen(shop, event, data)
    old = backup(shop)
    known = set(old.orders)
    for event in data.draw(events, label="after the backup"):
        await happen(shop, event, data)
    shop = put_back(shop, old)
    if data.draw(st.booleans(), label="the service begins before anybody reconciles"):
        await go_on(shop, by=MINUTE)

    await after_restore(shop)
    for _ in range(3):
        await go_on(shop, by=timedelta(days=1))
        for purchase in shop.supplier.purchases:
            shop.supplier.deliver(purchase.supplier_order_id)
    await after_restore(shop)

    refs = [purchase.ref for purchase in shop.supplier.purchases]
    assert len(refs) == len(set(refs)), "I1: one purchase under a reference"
    for order_id in known:
        await all_is_well(shop, order_id)
    lost = {purchase.supplier_order_id for purchase in shop.supplier.purchases if order_of(purchase.ref) not in known}
    told = {row.finding.subject for row in shop.storage.database.findings.values() if row.finding.order_id is None}
    assert lost <= told, "I6: what cannot be known is told"


async def all_is_well(shop: FakeShop, order_id: OrderId) -> None:
    """An order that the books knew has every key that was bought for it, once, or somebody was told."""
    order = await shop.order(order_id)
    theirs = [one for one in shop.supplier.purchases if order_of(one.ref) == order_id]
    living = [one for one in order.reservations if not is_dead(one)]
    assert len({one.supplier_key_id for one in order.held}) == len(order.held), "I2: one key, one unit"
    assert sum(len(one.plan.units) for one in living) <= len(order.units), "I1: no unit is bought twice"
    ours = set(await shop.bought(order_id))
    told = {finding.subject for finding in order.findings}
    assert {one.supplier_order_id for one in theirs} <= ours | told, "I6: each purchase is in the books, or told"
    needs = order.owed and order.is_settled
    assert not needs or order.findings or [job for job in shop.living() if order_id in job], "I10"


async def happen(shop: FakeShop, event: str, data: st.DataObject) -> None:
    """Let one thing happen to one of the orders."""
    orders = list(shop.storage.database.orders)
    if event == "place" or not orders:
        await shop.place(data.draw(st.integers(1, 3), label="quantity"))
        return
    order_id = data.draw(st.sampled_from(orders), label="order")
    payment = shop.gateway.payments_of(order_id)[-1]
    purchases = [one.supplier_order_id for one in shop.supplier.purchases if order_of(one.ref) == order_id]
    match event:
        case "pay":
            shop.gateway.pay(payment)
        case "tell":
            await shop.tell(payment)
        case "deliver" if purchases:
            shop.supplier.deliver(purchases[-1], 1)
        case "hear" if purchases:
            await shop.hear(purchases[-1])
        case "lose answer":
            shop.supplier.lose_next_answer()
        case "cancel" if purchases:
            shop.supplier.cancel(purchases[-1])
        case "retry":
            try:
                await retry_order(shop.shop, order_id, by="admin:ann", reason="stuck")
            except BitlootError:
                return
        case "work":
            await shop.work()
        case "minute":
            await shop.pass_time(MINUTE)
        case "hour":
            await shop.pass_time(timedelta(hours=1))
        case _:
            pass
