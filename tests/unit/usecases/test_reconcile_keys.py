"""Every sealed object has its unit, and every key that is held its object."""

from datetime import timedelta

import pytest
from reconciling import reconciled

from bitloot_core.order.discrepancies import Amiss, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.testing.boundaries import Boundaries, Killed
from bitloot_core.testing.shop import FakeShop
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


async def orphans(shop: FakeShop, **terms: bool) -> list[StorageRef]:
    """The names of the objects that nobody holds."""
    return [one.ref for one in (await reconciled(shop, **terms)).orphans]


async def test_an_orphan_is_found_after_a_day(shop: FakeShop) -> None:
    """Not sooner: it could belong to a write that is under way."""
    await orphaned(shop)

    assert await orphans(shop) == []
    shop.clock.advance(timedelta(hours=24, seconds=1))

    assert await orphans(shop) == ["object-1"]


@pytest.mark.parametrize("terms", [{"dry_run": True}, {"after_restore": True}])
async def test_an_orphan_can_be_left_where_it_is(shop: FakeShop, terms: dict[str, bool]) -> None:
    """By who only looks, and by who has put older books back."""
    await orphaned(shop)
    shop.clock.advance(timedelta(days=2))
    before = await refs(shop)

    report = await reconciled(shop, **terms)

    assert (len(report.orphans), report.discarded) == (1, False)
    assert before == await refs(shop)


async def test_an_orphan_is_removed_and_what_is_held_stays(shop: FakeShop) -> None:
    """I2: the buyer's key opens afterwards; a second run finds nothing."""
    order = await orphaned(shop)
    shop.clock.advance(timedelta(days=2))

    first, second = await reconciled(shop), await reconciled(shop)

    assert ([one.ref for one in first.orphans], first.discarded) == (["object-1"], True)
    assert second.orphans == ()
    assert {unit.storage_ref for unit in order.held} == await refs(shop)
    assert len(await shop.reveal()) == 1


async def test_orphans_are_no_matter_for_a_person(shop: FakeShop) -> None:
    """They are rubbish, and cleared away."""
    await orphaned(shop)
    shop.clock.advance(timedelta(days=2))

    assert (await reconciled(shop)).is_clean


async def test_a_large_vault_is_gone_through_in_batches(shop: FakeShop) -> None:
    """250 orphans beside a key that is held."""
    await orphaned(shop)
    owner = KeyOwner(order_id=OrderId("gone"), unit_id=UnitId("1.1"), supplier_key_id=SupplierKeyId("k"))
    await shop.vault.save_keys([(owner, KeyMaterial.of_text("SERIAL"))] * 249)
    shop.clock.advance(timedelta(days=2))

    report = await reconciled(shop)

    assert (len(report.orphans), report.objects) == (250, 251)
    assert {"object-2"} == await refs(shop)


async def test_a_vault_that_cannot_be_asked_says_so(shop: FakeShop) -> None:
    """Nothing is removed by halves without a word."""
    await orphaned(shop)
    shop.clock.advance(timedelta(days=2))
    shop.vault.faults.before("discard", Unavailable("vault", "away"))

    with pytest.raises(Unavailable):
        await reconciled(shop)

    assert await orphans(shop, dry_run=True) == ["object-1"]


async def delivered(shop: FakeShop, quantity: int = 2) -> Order:
    """An order whose keys are all held."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    return await shop.order(order.id)


async def test_every_held_key_is_opened_in_a_small_shop(shop: FakeShop) -> None:
    """And none is shown: no audit row is written."""
    await delivered(shop, 5)

    report = await reconciled(shop)

    assert (report.held, report.opened, report.is_clean) == (5, 5, True)
    assert shop.storage.database.accesses == []


@pytest.mark.parametrize("harm", ["damage", "lose"])
async def test_a_key_that_does_not_open_is_told_once(shop: FakeShop, harm: str) -> None:
    """By the same words as when its buyer finds out."""
    order = await delivered(shop)
    getattr(shop.vault, harm)(order.held[1].storage_ref)

    first, second = await reconciled(shop), await reconciled(shop)

    (told,) = first.found
    assert isinstance(told, Amiss)
    assert (told.side, told.reason, told.subject) == (Side.KEYS, FindingReason.KEY_UNREADABLE, "1.2")
    assert second.found == first.found
    assert (first.opened, len((await shop.order(order.id)).findings)) == (1, 1)


async def many_keys(shop: FakeShop) -> list[StorageRef]:
    """270 keys that are held: more than are opened one by one."""
    await shop.offer(*await shop.storage.catalogue.products(), stock=1000)
    shop.supplier.has_left("10000.00")
    refs = [unit.storage_ref for _ in range(3) for unit in (await delivered(shop, 90)).held]
    shop.clock.advance(timedelta(hours=1))
    return refs


async def test_of_many_keys_a_sample_is_opened(shop: FakeShop) -> None:
    """By lot; each is looked for all the same."""
    refs = await many_keys(shop)
    shop.vault.lose(refs[100])

    report = await reconciled(shop)

    assert report.held == 270
    assert report.opened < 270
    assert [one.subject for one in report.found] == ["1.11"]


async def test_every_key_is_opened_if_that_is_asked_for(shop: FakeShop) -> None:
    """It takes its time."""
    refs = await many_keys(shop)
    shop.vault.damage(refs[100])

    report = await reconciled(shop, deep=True)

    assert report.opened == 269
    assert [one.subject for one in report.found] == ["1.11"]


async def test_a_vault_that_wants_us_to_wait_is_waited_for(shop: FakeShop) -> None:
    """A bucket that answers too many requests with a time to wait."""
    await delivered(shop)
    shop.vault.faults.before("open_keys", Unavailable("vault", "slow down", retry_after=timedelta(seconds=9)))
    waited: list[timedelta] = []

    report = await reconciled(shop, waited=waited)

    assert (report.is_clean, waited) == (True, [timedelta(seconds=9)])
