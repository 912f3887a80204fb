"""What a supplier may show that it should not: told to a person, and never in the way of a good key."""

from datetime import timedelta

import attrs

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import FallenReservation, PlacedReservation, SupplierWord
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import retry_order
from bitloot_core.values.ids import OrderId, SupplierKeyId, SupplierProductId

POLL = timedelta(seconds=15)


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


def held(order: Order) -> set[str]:
    """The keys that an order holds."""
    return {unit.supplier_key_id for unit in order.held}


async def test_a_key_of_another_order_is_left_out_and_told(shop: FakeShop) -> None:
    """I2: one supplier key id, one unit in the whole shop. **Source:** incidents.md, F24."""
    first = await shop.buy()
    await shop.deliver(first.id)
    await shop.pass_time(POLL)
    second = await shop.buy(2)
    await shop.deliver(second.id)
    theirs = await shop.supplier.keys_of((await shop.bought(first.id))[0])
    good, _ = await shop.supplier.keys_of((await shop.bought(second.id))[0])
    shop.supplier_says(keys_of=(*theirs, good))

    await shop.pass_time(timedelta(hours=2))

    second = await shop.order(second.id)
    assert {good.id} == held(second)
    assert reasons(second) == [FindingReason.KEY_TAKEN]
    assert Status.ATTENTION is shown_status(second)
    assert len([one async for one in shop.vault.stored()]) == 2


async def test_a_good_key_that_comes_after_a_taken_one_is_held(shop: FakeShop) -> None:
    """I2: the taken key must not stand in its way for ever."""
    first = await shop.buy()
    await shop.deliver(first.id)
    await shop.pass_time(POLL)
    theirs = await shop.supplier.keys_of((await shop.bought(first.id))[0])
    second = await shop.buy()
    await shop.deliver(second.id)
    good = await shop.supplier.keys_of((await shop.bought(second.id))[0])
    shop.supplier_says(keys_of=theirs)
    await shop.pass_time(POLL)
    assert set() == held(await shop.order(second.id))

    shop.supplier_says(keys_of=(*theirs, *good))
    await shop.pass_time(timedelta(hours=1))

    second = await shop.order(second.id)
    assert {good[0].id} == held(second)
    assert isinstance(second.closing, Fulfilled)
    assert reasons(second) == [FindingReason.KEY_TAKEN]


async def test_more_keys_than_were_bought_are_told_and_left_alone(shop: FakeShop) -> None:
    """I2: what is not ours is not taken."""
    order = await shop.buy(2)
    await shop.deliver(order.id, 1)
    (key,) = await shop.supplier.keys_of((await shop.bought(order.id))[0])
    strange = attrs.evolve(key, id=SupplierKeyId("z"), product_id=SupplierProductId("something else"))
    shop.supplier_says(keys_of=(key, strange))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert {key.id} == held(order)
    assert reasons(order) == [FindingReason.KEYS_SURPLUS]


async def test_a_purchase_under_another_reference_gives_nothing(shop: FakeShop) -> None:
    """I3: the supplier shows somebody else's order under the name that it gave us. **Source:** incidents.md, F20."""
    order = await shop.buy()
    await shop.deliver(order.id)
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, ref="somebody-1"))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert set() == held(order)
    assert reasons(order) == [FindingReason.SUPPLIER_MISMATCH]
    assert Status.ATTENTION is shown_status(order)

    shop.supplier_says()
    await shop.pass_time(timedelta(hours=1))
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_cancelled_purchase_goes_to_a_person_and_is_bought_anew(shop: FakeShop) -> None:
    """Status attention; retry buys under a new attempt, once, however often it is pressed."""
    order = await shop.buy()
    (dead,) = await shop.bought(order.id)
    shop.supplier.cancel(dead)
    await shop.pass_time(POLL)
    fallen = await shop.order(order.id)

    for _ in range(10):
        await retry_order(shop.shop, order.id, by="admin:ann", reason="buy again")
    await shop.work()
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    order = await shop.order(order.id)
    assert isinstance(fallen.reservations[0], FallenReservation)
    assert reasons(fallen) == [FindingReason.SUPPLIER_CANCELLED]
    assert Status.ATTENTION is shown_status(fallen)
    assert [one.ref for one in shop.supplier.purchases] == ["order1-1", "order1-2"]
    assert isinstance(order.closing, Fulfilled)


async def test_keys_that_came_before_a_cancellation_are_held(shop: FakeShop) -> None:
    """I2: they were paid for, and the supplier lets us keep them; only the rest is bought anew."""
    order = await shop.buy(3)
    (dead,) = await shop.bought(order.id)
    await shop.deliver(order.id, 2)
    shop.supplier.cancel(dead)

    await shop.pass_time(POLL)
    half = await shop.order(order.id)
    await retry_order(shop.shop, order.id, by="admin:ann", reason="buy the rest")
    await shop.work()

    assert len(half.held) == 2
    assert reasons(half) == [FindingReason.SUPPLIER_CANCELLED]
    assert [sum(one.quantities.values()) for one in shop.supplier.purchases] == [3, 1]


async def test_a_purchase_that_is_cancelled_after_its_last_key_is_told(shop: FakeShop) -> None:
    """The order is complete all the same; the money is the operator's business."""
    order = await shop.buy()
    await shop.deliver(order.id)
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, word=SupplierWord.CANCELLED))

    await shop.pass_time(POLL)

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert reasons(order) == [FindingReason.SUPPLIER_CANCELLED]
    assert Status.FULFILLED is shown_status(order)


async def test_keys_of_a_refunded_purchase_are_never_taken(shop: FakeShop) -> None:
    """They went back: handing them out would be theft. **Source:** incidents.md, F9."""
    order = await shop.buy()
    (purchase,) = shop.supplier.purchases
    await shop.deliver(order.id)
    shop.supplier_says(status=attrs.evolve(purchase, word=SupplierWord.REFUNDED))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert set() == held(order)
    assert reasons(order) == [FindingReason.SUPPLIER_CANCELLED]


async def test_an_unknown_status_is_told_and_stops_nothing(shop: FakeShop) -> None:
    """I11: a word of tomorrow is no default branch."""
    order = await shop.buy()
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, word=SupplierWord.UNRECOGNISED))
    await shop.pass_time(POLL)

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=5))

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.SUPPLIER_STATUS]
    assert isinstance(order.closing, Fulfilled)


async def test_a_slow_supplier_is_told_after_a_day(shop: FakeShop) -> None:
    """An alarm, not a stop; it goes by itself when the keys are here."""
    order = await shop.buy()
    await shop.pass_time(timedelta(hours=23, minutes=59))
    assert reasons(await shop.order(order.id)) == []
    await shop.pass_time(timedelta(minutes=31))
    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_SLOW]

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=30))

    order = await shop.order(order.id)
    assert reasons(order) == []
    assert isinstance(order.closing, Fulfilled)


async def test_a_complete_purchase_with_too_few_keys_is_told(shop: FakeShop) -> None:
    """Not at the first look: the list may lag behind the word."""
    order = await shop.buy(2)
    (purchase,) = shop.supplier.purchases
    await shop.deliver(order.id, 1)
    shop.supplier_says(status=attrs.evolve(purchase, word=SupplierWord.COMPLETED))
    await shop.pass_time(POLL)
    assert reasons(await shop.order(order.id)) == []

    await shop.pass_time(timedelta(minutes=5))

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.KEYS_MISSING]
    assert isinstance(order.reservations[0], PlacedReservation)


async def test_a_purchase_that_is_found_and_is_not_what_was_asked_for_is_told(shop: FakeShop) -> None:
    """An answer that contradicts is none, and the look-up finds the same again. **Source:** reliability.md, 2."""
    shop.supplier.lose_next_answer()
    order = await shop.buy(2)
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(find=(attrs.evolve(purchase, quantities={SupplierProductId("something else"): 5}),))

    await shop.pass_time(timedelta(minutes=1))

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], PlacedReservation)
    assert reasons(order) == [FindingReason.SUPPLIER_MISMATCH]
    assert Status.ATTENTION is shown_status(order)
    assert len(shop.supplier.purchases) == 1


async def test_keys_of_another_product_do_not_count_as_those_that_were_bought(shop: FakeShop) -> None:
    """As many keys as were bought, and one of them is of no use to the buyer, who still waits for one."""
    order = await shop.buy(2)
    (purchase,) = shop.supplier.purchases
    await shop.deliver(order.id, 1)
    (key,) = await shop.supplier.keys_of(purchase.supplier_order_id)
    strange = attrs.evolve(key, id=SupplierKeyId("z"), product_id=SupplierProductId("something else"))
    shop.supplier_says(keys_of=(key, strange), status=attrs.evolve(purchase, word=SupplierWord.COMPLETED))

    await shop.pass_time(timedelta(minutes=5))
    assert set(reasons(await shop.order(order.id))) == {FindingReason.KEYS_SURPLUS, FindingReason.KEYS_MISSING}

    await shop.pass_time(timedelta(hours=25))
    assert FindingReason.SUPPLIER_SLOW in reasons(await shop.order(order.id))


async def test_another_unique_name_is_not_mistaken_for_a_key(shop: FakeShop) -> None:
    """I11: an order that clashes for another reason cannot be written: its job ends, and a person is told."""
    order = await shop.buy()
    await shop.deliver(order.id)
    shop.storage.database.names["supplier order id", "FAKE1"] = OrderId("another")

    await shop.pass_time(timedelta(days=1))

    assert set() == held(await shop.order(order.id))
    assert [one async for one in shop.vault.stored()] == []
    findings = [row.finding for row in shop.storage.database.findings.values()]
    assert [(one.reason, one.subject) for one in findings] == [(FindingReason.DEAD_JOB, "check-reservation:order1-1")]
    assert "check-reservation:order1-1" not in shop.living()
