"""
A key that came in an event is held against the supplier's own list, as soon as that shows it.

**Source:** design, section 4: such a key counts only until the API lists the same serial; the event is a hint.
"""

import json
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.supplier import SupplierKey
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.supplier_events import SignedEvent, name_of, signed
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.run_job import run_job
from bitloot_core.usecases.sealing import match_keys
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.ids import SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.keys import KeyMaterial

JOB = "check-reservation:order1-1"
POLL = timedelta(seconds=15)
DAY = timedelta(days=1)
RIGHT = "FAKE-SERIAL-1-1"
WRONG = "A-WRONG-SERIAL"


def with_key(serial: str) -> SignedEvent:
    """An event about the first purchase that carries this key."""
    return signed(json.dumps({"order": "FAKE1", "ref": "order1-1", "word": "completed", "key": serial}).encode())


async def told(shop: FakeShop, serial: str) -> Order:
    """An order whose one key came in an event, while the supplier's list was empty."""
    order = await shop.buy()
    headers, body = with_key(serial)
    await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))
    await shop.work()
    return await shop.order(order.id)


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


def strange(name: str, serial: str = "ANOTHER") -> SupplierKey:
    """A key of the game that nobody bought."""
    material = KeyMaterial.of_text(serial)
    product = SupplierProductId("supplier-game")
    return SupplierKey(id=SupplierKeyId(name), product_id=product, material=material, event_ids=(name_of(material),))


async def test_it_fulfils_at_once_and_is_looked_for_soon(shop: FakeShop) -> None:
    """The buyer waits for nothing; the purchase's own job goes on, and there is one of it."""
    order = await told(shop, RIGHT)

    assert isinstance(order.closing, Fulfilled)
    assert [one for one in shop.living() if "reservation" in one or "kinguin" in one] == [JOB]


async def test_the_list_that_shows_it_ends_the_looking_quietly(shop: FakeShop) -> None:
    """Nothing is renamed (the id is bound into the sealed object), sealed again, or told."""
    order = await told(shop, RIGHT)
    await shop.deliver(order.id)

    await shop.pass_time(POLL)

    assert order == await shop.order(order.id)
    assert JOB not in shop.living()
    assert len([one async for one in shop.vault.stored()]) == 1
    assert (await shop.reveal())[0].content == RIGHT.encode()


async def test_a_list_with_another_key_is_told_at_once(shop: FakeShop) -> None:
    """I2: the order stays fulfilled, nothing is replaced or bought; a person compares. I7: the text shows no key."""
    order = await told(shop, WRONG)
    await shop.deliver(order.id)

    await shop.pass_time(POLL)

    after = await shop.order(order.id)
    (finding,) = after.findings
    assert (finding.reason, finding.subject) == (FindingReason.KEY_UNCONFIRMED, "order1-1")
    assert finding.text == (
        "The key of unit 1.1 came in an event; the supplier's own list shows 1 other key(s) in its place: compare them."
    )
    assert not finding.blocking
    assert Status.FULFILLED is shown_status(after)
    assert order.units == after.units
    assert len(shop.supplier.purchases) == 1
    assert JOB not in shop.living()


async def test_a_list_that_stays_empty_is_told_after_a_day(shop: FakeShop) -> None:
    """I11: the looking ends, with a finding."""
    order = await told(shop, RIGHT)

    await shop.pass_time(timedelta(hours=23, minutes=59))
    before = reasons(await shop.order(order.id))
    await shop.pass_time(timedelta(minutes=45))

    after = await shop.order(order.id)
    assert before == []
    assert [one.text for one in after.findings] == [
        "The key of unit 1.1 came in an event; the supplier's own list does not show it: ask there."
    ]
    assert reasons(after) == [FindingReason.KEY_UNCONFIRMED]
    assert Status.FULFILLED is shown_status(after)
    assert JOB not in shop.living()


async def test_a_preorder_is_given_its_day_first(shop: FakeShop) -> None:
    """Its list may well be empty until the release."""
    soon = (shop.clock.now() + timedelta(days=90)).date()
    await shop.offer(attrs.evolve(a_product("soon"), release_date=soon))
    shop.supplier.preorder_open(SupplierProductId("supplier-soon"), 5)
    order = await shop.place(product="soon")
    await shop.pay(order.id)
    headers, body = with_key(RIGHT)
    await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))
    await shop.pass_time(timedelta(days=90, hours=12))
    before = await shop.order(order.id)

    await shop.deliver(order.id)
    await shop.pass_time(timedelta(hours=1))

    assert isinstance(before.closing, Fulfilled)
    assert before.findings == ()
    assert before == await shop.order(order.id)
    assert JOB not in shop.living()


async def test_a_list_with_it_and_one_too_many_tells_the_surplus(shop: FakeShop) -> None:
    """The event's key is the one that was bought; the other is left alone."""
    order = await told(shop, RIGHT)
    await shop.deliver(order.id)
    keys = await shop.supplier.keys_of(SupplierOrderId("FAKE1"))
    shop.supplier_says(keys_of=(strange("a"), *keys))

    await shop.pass_time(POLL)

    assert reasons(await shop.order(order.id)) == [FindingReason.KEYS_SURPLUS]
    assert JOB not in shop.living()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (SupplierWord.CANCELLED, [FindingReason.SUPPLIER_CANCELLED, FindingReason.KEY_UNCONFIRMED]),
        (SupplierWord.REFUNDED, [FindingReason.SUPPLIER_CANCELLED]),
    ],
)
async def test_a_purchase_that_fell_meanwhile_is_told(
    shop: FakeShop, word: SupplierWord, expected: list[FindingReason]
) -> None:
    """No key is to come any more; those of a refunded purchase went back, and none is listed."""
    order = await told(shop, RIGHT)
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, word=word))

    await shop.pass_time(POLL)

    assert expected == reasons(await shop.order(order.id))
    assert JOB not in shop.living()


async def test_a_purchase_under_another_reference_confirms_nothing(shop: FakeShop) -> None:
    """It is told, and looked at until the alarm: the supplier may see it right."""
    order = await told(shop, WRONG)
    await shop.deliver(order.id)
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, ref="somebody-1"))

    await shop.pass_time(POLL)
    early = shop.living()
    await shop.pass_time(DAY + timedelta(minutes=30))

    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_MISMATCH]
    assert JOB in early
    assert JOB not in shop.living()


@pytest.mark.parametrize("error", [Unavailable("supplier", "away"), NotFound("purchase", "FAKE1")])
async def test_a_look_that_fails_costs_time_only(shop: FakeShop, error: Exception) -> None:
    """I5: the next one finds what there is."""
    order = await told(shop, WRONG)
    await shop.deliver(order.id)
    shop.supplier.faults.before("keys_of", error)

    await shop.pass_time(timedelta(minutes=5))

    assert reasons(await shop.order(order.id)) == [FindingReason.KEY_UNCONFIRMED]


async def test_a_purchase_whose_own_job_is_over_is_looked_at_again(shop: FakeShop) -> None:
    """I10: the write that holds the key asks for the look, whatever became of the job before."""
    order = await shop.buy()
    (job,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
    shop.supplier.faults.before("status", *(NotFound("purchase", "FAKE1") for _ in range(25)))
    await shop.pass_time(DAY)
    assert JOB not in shop.living()

    headers, body = with_key(WRONG)
    await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))
    await shop.work()
    await shop.deliver(order.id)
    assert not await run_job(shop.shop, job)
    await shop.pass_time(POLL)

    assert FindingReason.KEY_UNCONFIRMED in reasons(await shop.order(order.id))


async def test_a_poll_that_the_event_overtakes_goes_on_looking(shop: FakeShop) -> None:
    """The poll was shown the right key, the event's wrong one was held before it wrote: the next look tells."""
    order = await shop.buy()
    headers, body = with_key(WRONG)
    received = await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))
    truth, untold = shop.supplier, Overridden(shop.supplier, keys_of=_nothing)

    async def keys_of(name: SupplierOrderId) -> object:
        """A supplier whose list comes to life while the event's job is at it."""
        assert received.job_id is not None
        await run_job(attrs.evolve(shop.shop, supplier=untold), received.job_id)
        await shop.deliver(order.id)
        return await truth.keys_of(name)

    shop.clock.advance(POLL)
    (poll,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "check-reservation")
    await run_job(attrs.evolve(shop.shop, supplier=Overridden(truth, keys_of=keys_of)), poll)
    held = (await shop.order(order.id)).held
    await shop.pass_time(timedelta(minutes=1))

    assert [name_of(KeyMaterial.of_text(WRONG))] == [unit.supplier_key_id for unit in held]
    assert reasons(await shop.order(order.id)) == [FindingReason.KEY_UNCONFIRMED]
    assert len([one async for one in shop.vault.stored()]) == 1


async def _nothing(_: SupplierOrderId) -> tuple[SupplierKey, ...]:
    """An empty list."""
    return ()


async def test_asking_again_tells_nothing_twice(shop: FakeShop) -> None:
    """I12: the job may be asked for by hand at any time."""
    order = await told(shop, WRONG)
    await shop.deliver(order.id)
    await shop.pass_time(POLL)
    before = await shop.order(order.id)

    now = shop.clock.now()
    again = JobRequest(name=JobName.CHECK_RESERVATION, ref="order1-1", order_id=order.id, due_at=now)
    await shop.shop.jobs.ask(again, now=now)
    await shop.work()

    assert before == await shop.order(order.id)
    assert JOB not in shop.living()


async def test_a_listed_key_that_is_held_from_an_event_is_neither_new_nor_too_many(shop: FakeShop) -> None:
    """I2: one serial, one unit; one held name stands for one listed key, should a serial stand there twice."""
    order = await told(shop, "ANOTHER")
    plan = order.reservations[0].plan

    once, twice = match_keys(order, plan, [strange("a")]), match_keys(order, plan, [strange("a"), strange("b")])

    name = name_of(KeyMaterial.of_text("ANOTHER"))
    assert (once.fitting, once.surplus, once.confirmed) == ((), 0, {name})
    assert (twice.fitting, twice.surplus, twice.confirmed) == ((), 1, {name})
