"""Collecting: each key that was bought is sealed and held once, whoever hears of it first."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import KeyType
from bitloot_core.order.units import OwedUnit, ReturnedUnit
from bitloot_core.ports.inbox import Received
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.run_job import run_job
from bitloot_core.usecases.sealing import match_keys
from bitloot_core.values.errors import Corrupt, Unavailable, Unknown
from bitloot_core.values.ids import StorageRef, SupplierOrderId, SupplierProductId, UnitId
from bitloot_core.values.keys import KeyMaterial

POLL = timedelta(seconds=15)


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


def held(order: Order) -> set[str]:
    """The keys that an order holds."""
    return {unit.supplier_key_id for unit in order.held}


async def overtaken(shop: FakeShop, received: Received) -> None:
    """Poll, and let the job of a webhook do all of its part between the poll's question and its write."""

    async def keys_of(name: SupplierOrderId) -> object:
        """A supplier whose answer is old when it arrives."""
        keys = await shop.supplier.keys_of(name)
        assert received.job_id is not None
        await run_job(shop.shop, received.job_id)
        return keys

    shop.clock.advance(POLL)
    (poll,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
    await run_job(attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, keys_of=keys_of)), poll)


async def test_polling_alone_delivers(shop: FakeShop) -> None:
    """No event ever comes: the first look is after 15 seconds."""
    order = await shop.buy()
    await shop.deliver(order.id)

    await shop.pass_time(POLL)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_the_looks_become_rarer(shop: FakeShop) -> None:
    """**Source:** design, section 4: 15 s, 30 s, 1, 2, 5, 10 min, then every 30 min."""
    await shop.buy()
    looks = []
    for _ in range(8):
        (job,) = (one for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
        looks.append((job.due_at - shop.clock.now()).total_seconds())
        await shop.pass_time(job.due_at - shop.clock.now())

    assert looks == [15, 30, 60, 120, 300, 600, 1800, 1800]


async def test_keys_may_come_one_by_one(shop: FakeShop) -> None:
    """I2: each is held as soon as it is there; the last one fulfils. **Source:** kinguin.md, "Calls"."""
    order = await shop.buy(3)

    for count in (1, 2, 3):
        await shop.deliver(order.id, 1)
        await shop.pass_time(timedelta(minutes=30))
        assert count == len((await shop.order(order.id)).held)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert len([one async for one in shop.vault.stored()]) == 3


async def test_keys_that_are_held_are_not_sealed_again(shop: FakeShop) -> None:
    """A look that shows nothing new leaves nothing in the vault."""
    order = await shop.buy(2)
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
    order = await shop.buy(2)
    await shop.deliver(order.id)
    (supplier_order_id,) = await shop.bought(order.id)
    received = await shop.hear(supplier_order_id)

    await overtaken(shop, received)

    order = await shop.order(order.id)
    assert {"fake-key-1-1", "fake-key-1-2"} == held(order)
    assert {unit.storage_ref for unit in order.held} == {one.ref async for one in shop.vault.stored()}


async def test_what_cannot_be_removed_now_stops_nothing(shop: FakeShop) -> None:
    """A sealed orphan is left for `reconcile`."""
    order = await shop.buy()
    await shop.deliver(order.id)
    (supplier_order_id,) = await shop.bought(order.id)
    received = await shop.hear(supplier_order_id)
    shop.vault.faults.before("discard", Unavailable("vault", "away"))

    await overtaken(shop, received)

    assert len([one async for one in shop.vault.stored()]) == 2
    assert len((await shop.order(order.id)).held) == 1
    assert "check-reservation:order1-1" not in shop.living()


async def test_a_key_that_went_back_is_not_taken_for_a_new_one(shop: FakeShop) -> None:
    """The supplier still lists it; the unit waits for another."""
    order = await shop.buy(2)
    await shop.deliver(order.id)
    keys = await shop.supplier.keys_of((await shop.bought(order.id))[0])
    gone, new = sorted(keys, key=lambda key: key.id)
    back = ReturnedUnit(
        id=UnitId("1.1"),
        line=1,
        storage_ref=StorageRef("object-1"),
        supplier_key_id=gone.id,
        reservation=1,
        returned_at=shop.clock.now(),
    )
    order = attrs.evolve(order, units=(back, OwedUnit(id=UnitId("1.2"), line=1)))

    found = match_keys(order, order.reservations[0].plan, keys)

    assert ((UnitId("1.2"), new),) == found.fitting


async def test_keys_after_a_refund_are_held_and_never_revealed(shop: FakeShop) -> None:
    """I3: they go back to the supplier, not to the buyer."""
    order = await shop.buy()
    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")
    await shop.deliver(order.id)

    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert {"fake-key-1-1"} == held(order)
    assert reasons(order) == [FindingReason.KEYS_AFTER_REFUND]
    assert shop.mailer.sent == []
    assert not order.may_reveal


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
    order = await shop.buy()
    await shop.deliver(order.id)
    shop.vault.faults.before("save_keys", error)

    await shop.pass_time(timedelta(minutes=1))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_no_plain_key_is_anywhere_but_in_the_vault(shop: FakeShop) -> None:
    """I7: neither in the order, nor in jobs, nor in the timeline, nor in a mail."""
    order = await shop.buy(2)
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    database = shop.storage.database
    seen = repr([database.orders, database.jobs, database.findings, database.accesses, database.ledger])
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert "FAKE-SERIAL" not in seen + repr(shop.mailer.sent)
    assert KeyMaterial.of_text("FAKE-SERIAL-1-1") in await shop.reveal()
