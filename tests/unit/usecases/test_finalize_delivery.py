"""Collecting: each key that was bought is sealed and held once, whoever hears of it first."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import FallenReservation, KeyType, PlacedReservation, SupplierWord
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.units import OwedUnit, ReturnedUnit
from bitloot_core.ports.inbox import Received
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund, retry_order
from bitloot_core.usecases.run_job import run_job
from bitloot_core.usecases.sealing import match_keys
from bitloot_core.values.errors import Corrupt, Unavailable, Unknown
from bitloot_core.values.ids import OrderId, StorageRef, SupplierKeyId, SupplierOrderId, SupplierProductId, UnitId
from bitloot_core.values.keys import KeyMaterial

POLL = timedelta(seconds=15)


async def bought(shop: FakeShop, quantity: int = 1) -> Order:
    """An order whose purchase is placed, without a key so far."""
    order = await shop.place(quantity)
    await shop.pay(order.id)
    return await shop.order(order.id)


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


def held(order: Order) -> set[str]:
    """The keys that an order holds."""
    return {unit.supplier_key_id for unit in order.held}


class Says:
    """A supplier that answers some questions otherwise than it should; all others as it is."""

    def __init__(self, shop: FakeShop, **answers: object) -> None:
        self._supplier = shop.supplier
        self._answers = answers
        shop.shop = attrs.evolve(shop.shop, supplier=self)

    def __getattr__(self, name: str) -> object:
        if name not in self._answers:
            return getattr(self._supplier, name)

        async def answer(*_: object, **__: object) -> object:
            return self._answers[name]

        return answer


async def overtaken(shop: FakeShop, received: Received) -> None:
    """Poll, and let the job of a webhook do all of its part between the poll's question and its write."""

    class Overtaken:
        """A supplier whose answer is old when it arrives."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        async def keys_of(self, name: SupplierOrderId) -> object:
            """Answer from before."""
            keys = await shop.supplier.keys_of(name)
            assert received.job_id is not None
            await run_job(shop.shop, received.job_id)
            return keys

    shop.clock.advance(POLL)
    (poll,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
    await run_job(attrs.evolve(shop.shop, supplier=Overtaken()), poll)


async def test_polling_alone_delivers(shop: FakeShop) -> None:
    """No event ever comes: the first look is after 15 seconds."""
    order = await bought(shop)
    await shop.deliver(order.id)

    await shop.pass_time(POLL)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_the_looks_become_rarer(shop: FakeShop) -> None:
    """**Source:** design, section 4: 15 s, 30 s, 1, 2, 5, 10 min, then every 30 min."""
    await bought(shop)
    looks = []
    for _ in range(8):
        (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
        looks.append((job.due_at - shop.clock.now()).total_seconds())
        await shop.pass_time(job.due_at - shop.clock.now())

    assert looks == [15, 30, 60, 120, 300, 600, 1800, 1800]


async def test_keys_may_come_one_by_one(shop: FakeShop) -> None:
    """I2: each is held as soon as it is there; the last one fulfils. **Source:** kinguin.md, "Calls"."""
    order = await bought(shop, 3)

    for count in (1, 2, 3):
        await shop.deliver(order.id, 1)
        await shop.pass_time(timedelta(minutes=30))
        assert count == len((await shop.order(order.id)).held)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert len([one async for one in shop.vault.stored()]) == 3


async def test_keys_that_are_held_are_not_sealed_again(shop: FakeShop) -> None:
    """A look that shows nothing new leaves nothing in the vault."""
    order = await bought(shop, 2)
    await shop.deliver(order.id, 1)

    await shop.pass_time(timedelta(hours=1))

    assert len([one async for one in shop.vault.stored()]) == 1


async def test_pictures_are_keys_too(shop: FakeShop) -> None:
    """Bytes and media type come through. **Source:** incidents.md, F27."""
    await shop.offer(attrs.evolve(a_product("poster"), key_type=KeyType.ANY))
    shop.supplier.pictures_in_stock(SupplierProductId("supplier-poster"), 5)
    order = await shop.place(product="poster")

    await shop.fulfil(order.id)

    (material,) = await shop.reveal()
    assert material.media_type == "image/png"
    assert material.content.startswith(b"\x89PNG")


async def test_a_webhook_and_a_poll_at_once_hold_each_key_once(shop: FakeShop) -> None:
    """I2: the slower one finds the keys held when it writes; what it sealed for nothing is removed."""
    order = await bought(shop, 2)
    await shop.deliver(order.id)
    (supplier_order_id,) = await shop.bought(order.id)
    received = await shop.hear(supplier_order_id)

    await overtaken(shop, received)

    order = await shop.order(order.id)
    assert {"fake-key-1-1", "fake-key-1-2"} == held(order)
    assert {unit.storage_ref for unit in order.held} == {one.ref async for one in shop.vault.stored()}


async def test_what_cannot_be_removed_now_stops_nothing(shop: FakeShop) -> None:
    """A sealed orphan is left for `reconcile`."""
    order = await bought(shop)
    await shop.deliver(order.id)
    (supplier_order_id,) = await shop.bought(order.id)
    received = await shop.hear(supplier_order_id)
    shop.vault.faults.before("discard", Unavailable("vault", "away"))

    await overtaken(shop, received)

    assert len([one async for one in shop.vault.stored()]) == 2
    assert len((await shop.order(order.id)).held) == 1
    assert "check-reservation:order1-1" not in shop.living()


async def test_a_key_of_another_order_is_left_out_and_told(shop: FakeShop) -> None:
    """I2: one supplier key id, one unit in the whole shop. **Source:** incidents.md, F24."""
    first = await bought(shop)
    await shop.deliver(first.id)
    await shop.pass_time(POLL)
    second = await bought(shop, 2)
    await shop.deliver(second.id)
    theirs = await shop.supplier.keys_of((await shop.bought(first.id))[0])
    good, _ = await shop.supplier.keys_of((await shop.bought(second.id))[0])
    Says(shop, keys_of=(*theirs, good))

    await shop.pass_time(timedelta(hours=2))

    second = await shop.order(second.id)
    assert {good.id} == held(second)
    assert reasons(second) == [FindingReason.KEY_TAKEN]
    assert Status.ATTENTION is shown_status(second)
    assert len([one async for one in shop.vault.stored()]) == 2


async def test_a_good_key_that_comes_after_a_taken_one_is_held(shop: FakeShop) -> None:
    """I2: the taken key must not stand in its way for ever."""
    first = await bought(shop)
    await shop.deliver(first.id)
    await shop.pass_time(POLL)
    theirs = await shop.supplier.keys_of((await shop.bought(first.id))[0])
    second = await bought(shop)
    await shop.deliver(second.id)
    good = await shop.supplier.keys_of((await shop.bought(second.id))[0])
    Says(shop, keys_of=theirs)
    await shop.pass_time(POLL)
    assert set() == held(await shop.order(second.id))

    Says(shop, keys_of=(*theirs, *good))
    await shop.pass_time(timedelta(hours=1))

    second = await shop.order(second.id)
    assert {good[0].id} == held(second)
    assert isinstance(second.closing, Fulfilled)
    assert reasons(second) == [FindingReason.KEY_TAKEN]


async def test_more_keys_than_were_bought_are_told_and_left_alone(shop: FakeShop) -> None:
    """I2: what is not ours is not taken."""
    order = await bought(shop, 2)
    await shop.deliver(order.id, 1)
    (key,) = await shop.supplier.keys_of((await shop.bought(order.id))[0])
    strange = attrs.evolve(key, id=SupplierKeyId("z"), product_id=SupplierProductId("something else"))
    Says(shop, keys_of=(key, strange))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert {key.id} == held(order)
    assert reasons(order) == [FindingReason.KEYS_SURPLUS]


async def test_a_key_that_went_back_is_not_taken_for_a_new_one(shop: FakeShop) -> None:
    """The supplier still lists it; the unit waits for another."""
    order = await bought(shop, 2)
    await shop.deliver(order.id)
    keys = await shop.supplier.keys_of((await shop.bought(order.id))[0])
    gone, new = sorted(keys, key=lambda key: key.id)
    back = ReturnedUnit(
        id=UnitId("1.1"),
        line=1,
        storage_ref=StorageRef("object-1"),
        supplier_key_id=gone.id,
        returned_at=shop.clock.now(),
    )
    order = attrs.evolve(order, units=(back, OwedUnit(id=UnitId("1.2"), line=1)))

    found = match_keys(order, order.reservations[0].plan, keys)

    assert ((UnitId("1.2"), new),) == found.fitting


async def test_a_purchase_under_another_reference_gives_nothing(shop: FakeShop) -> None:
    """I3: the supplier shows somebody else's order under the name that it gave us. **Source:** incidents.md, F20."""
    order = await bought(shop)
    await shop.deliver(order.id)
    (purchase,) = shop.supplier.purchases
    Says(shop, status=attrs.evolve(purchase, ref="somebody-1"))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert set() == held(order)
    assert reasons(order) == [FindingReason.SUPPLIER_MISMATCH]
    assert Status.ATTENTION is shown_status(order)

    Says(shop)
    await shop.pass_time(timedelta(hours=1))
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_a_cancelled_purchase_goes_to_a_person_and_is_bought_anew(shop: FakeShop) -> None:
    """Status attention; retry buys under a new attempt, once, however often it is pressed."""
    order = await bought(shop)
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
    order = await bought(shop, 3)
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
    order = await bought(shop)
    await shop.deliver(order.id)
    (purchase,) = shop.supplier.purchases
    Says(shop, status=attrs.evolve(purchase, word=SupplierWord.CANCELLED))

    await shop.pass_time(POLL)

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert reasons(order) == [FindingReason.SUPPLIER_CANCELLED]
    assert Status.FULFILLED is shown_status(order)


async def test_keys_of_a_refunded_purchase_are_never_taken(shop: FakeShop) -> None:
    """They went back: handing them out would be theft. **Source:** incidents.md, F9."""
    order = await bought(shop)
    (purchase,) = shop.supplier.purchases
    await shop.deliver(order.id)
    Says(shop, status=attrs.evolve(purchase, word=SupplierWord.REFUNDED))

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert set() == held(order)
    assert reasons(order) == [FindingReason.SUPPLIER_CANCELLED]


async def test_an_unknown_status_is_told_and_stops_nothing(shop: FakeShop) -> None:
    """I11: a word of tomorrow is no default branch."""
    order = await bought(shop)
    (purchase,) = shop.supplier.purchases
    Says(shop, status=attrs.evolve(purchase, word=SupplierWord.UNRECOGNISED))
    await shop.pass_time(POLL)

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=5))

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.SUPPLIER_STATUS]
    assert isinstance(order.closing, Fulfilled)


async def test_keys_after_a_refund_are_held_and_never_revealed(shop: FakeShop) -> None:
    """I3: they go back to the supplier, not to the buyer."""
    order = await bought(shop)
    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")
    await shop.deliver(order.id)

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert {"fake-key-1-1"} == held(order)
    assert reasons(order) == [FindingReason.KEYS_AFTER_REFUND]
    assert shop.mailer.sent == []
    assert not order.may_reveal


async def test_a_slow_supplier_is_told_after_a_day(shop: FakeShop) -> None:
    """An alarm, not a stop; it goes by itself when the keys are here."""
    order = await bought(shop)
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
    order = await bought(shop, 2)
    (purchase,) = shop.supplier.purchases
    await shop.deliver(order.id, 1)
    Says(shop, status=attrs.evolve(purchase, word=SupplierWord.COMPLETED))
    await shop.pass_time(POLL)
    assert reasons(await shop.order(order.id)) == []

    await shop.pass_time(timedelta(minutes=5))

    order = await shop.order(order.id)
    assert reasons(order) == [FindingReason.KEYS_MISSING]
    assert isinstance(order.reservations[0], PlacedReservation)


async def test_a_preorder_waits_for_its_day(shop: FakeShop) -> None:
    """Nobody is asked, and nobody alarmed, before the release."""
    soon = (shop.clock.now() + timedelta(days=90)).date()
    await shop.offer(attrs.evolve(a_product("soon"), release_date=soon))
    shop.supplier.preorder_open(SupplierProductId("supplier-soon"), 5)
    order = await shop.place(product="soon")
    await shop.pay(order.id)
    before = await shop.order(order.id)

    await shop.pass_time(timedelta(days=89))
    assert before == await shop.order(order.id)
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(days=1))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


@pytest.mark.parametrize(
    "error",
    [Unavailable("vault", "away"), Corrupt("vault", "what was read back does not open"), Unknown("vault", "?")],
)
async def test_a_vault_that_fails_costs_time_only(shop: FakeShop, error: Exception) -> None:
    """I2: the key is still at the supplier; it is downloaded and sealed again."""
    order = await bought(shop)
    await shop.deliver(order.id)
    shop.vault.faults.before("save_keys", error)

    await shop.pass_time(timedelta(minutes=1))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_another_unique_name_is_not_mistaken_for_a_key(shop: FakeShop) -> None:
    """I11: an order that clashes for another reason cannot be written: its job ends, and a person is told."""
    order = await bought(shop)
    await shop.deliver(order.id)
    shop.storage.database.names["supplier order id", "FAKE1"] = OrderId("another")

    await shop.pass_time(timedelta(days=1))

    assert set() == held(await shop.order(order.id))
    assert [one async for one in shop.vault.stored()] == []
    findings = [row.finding for row in shop.storage.database.findings.values()]
    assert [(one.reason, one.subject) for one in findings] == [(FindingReason.DEAD_JOB, "check-reservation:order1-1")]
    assert "check-reservation:order1-1" not in shop.living()


async def test_no_plain_key_is_anywhere_but_in_the_vault(shop: FakeShop) -> None:
    """I7: neither in the order, nor in jobs, nor in the timeline, nor in a mail."""
    order = await bought(shop, 2)
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    database = shop.storage.database
    seen = repr([database.orders, database.jobs, database.findings, database.accesses, database.ledger])
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert "FAKE-SERIAL" not in seen + repr(shop.mailer.sent)
    assert KeyMaterial.of_text("FAKE-SERIAL-1-1") in await shop.reveal()
