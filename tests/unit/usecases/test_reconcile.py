"""Sealed keys that nobody holds are found, and removed when they are old enough."""

from datetime import timedelta

import pytest

from bitloot_core.order.order import Order
from bitloot_core.testing.boundaries import Boundaries, Killed
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.reconcile import Reconciliation, reconcile, survey
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import OrderId, StorageRef, SupplierKeyId, UnitId
from bitloot_core.values.keys import KeyMaterial, KeyOwner


async def orphaned(shop: FakeShop) -> Order:
    """An order whose first worker died between sealing the key and writing that it is held."""
    order = await shop.place()
    await shop.pay(order.id)
    await shop.deliver(order.id)
    shop.clock.advance(timedelta(seconds=15))
    (job_id,) = await due_jobs(shop.shop, 1)
    steps = ["before jobs.claim", "after jobs.claim", "before orders.get", "after orders.get"]
    steps += [f"{side} {call}" for call in ("supplier.status", "supplier.keys_of") for side in ("before", "after")]
    dies = Boundaries(at=len(steps) + 1)
    with pytest.raises(Killed):
        await run_job(dies.around(shop.shop), job_id)
    assert [*steps, "before vault.save_keys", "after vault.save_keys"] == dies.passed
    await shop.pass_time(timedelta(minutes=3))
    return await shop.order(order.id)


async def refs(shop: FakeShop) -> set[StorageRef]:
    """What lies in the vault."""
    return {one.ref async for one in shop.vault.stored()}


def found(result: Reconciliation) -> list[StorageRef]:
    """The names of what was found."""
    return [one.ref for one in result.orphans]


async def test_an_orphan_is_found_after_a_day(shop: FakeShop) -> None:
    """Not sooner: it could belong to a write that is under way."""
    await orphaned(shop)

    assert found(await survey(shop.shop)) == []
    shop.clock.advance(timedelta(hours=24, seconds=1))

    assert found(await survey(shop.shop)) == ["object-1"]


async def test_a_survey_changes_nothing(shop: FakeShop) -> None:
    """A dry run."""
    await orphaned(shop)
    shop.clock.advance(timedelta(days=2))
    before = await refs(shop)

    result = await survey(shop.shop)

    assert not result.discarded
    assert before == await refs(shop)


async def test_an_orphan_is_removed_and_what_is_held_stays(shop: FakeShop) -> None:
    """I2: the buyer's key opens afterwards; a second run finds nothing."""
    order = await orphaned(shop)
    shop.clock.advance(timedelta(days=2))

    first, second = await reconcile(shop.shop), await reconcile(shop.shop)

    assert (found(first), first.discarded) == (["object-1"], True)
    assert found(second) == []
    assert {unit.storage_ref for unit in order.held} == await refs(shop)
    assert len(await shop.reveal()) == 1


async def test_a_large_vault_is_gone_through_in_batches(shop: FakeShop) -> None:
    """250 orphans beside a key that is held."""
    await orphaned(shop)
    owner = KeyOwner(order_id=OrderId("gone"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("k"))
    await shop.vault.save_keys([(owner, KeyMaterial.of_text("SERIAL"))] * 249)
    shop.clock.advance(timedelta(days=2))

    result = await reconcile(shop.shop)

    assert len(result.orphans) == 250
    assert {"object-2"} == await refs(shop)


async def test_a_vault_without_orphans_is_left_alone(shop: FakeShop) -> None:
    """The usual night."""
    order = await shop.place()
    await shop.fulfil(order.id)
    shop.clock.advance(timedelta(days=2))

    assert (await reconcile(shop.shop)).orphans == ()


async def test_a_vault_that_cannot_be_asked_says_so(shop: FakeShop) -> None:
    """Nothing is removed by halves without a word."""
    await orphaned(shop)
    shop.clock.advance(timedelta(days=2))
    shop.vault.faults.before("discard", Unavailable("vault", "away"))

    with pytest.raises(Unavailable):
        await reconcile(shop.shop)

    assert found(await survey(shop.shop)) == ["object-1"]
