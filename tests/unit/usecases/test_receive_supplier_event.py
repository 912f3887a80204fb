"""Events of the supplier: they say where to look, never what is there."""

import json
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.order import Fulfilled
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.ports.inbox import Received, Source, WebhookStatus
from bitloot_core.testing.samples import a_webhook
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.supplier_events import SignedEvent, signed
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.run_job import run_job
from bitloot_core.values.errors import NotFound, SignatureInvalid, Unavailable
from bitloot_core.values.ids import ExternalRef, SupplierOrderId

DAY = timedelta(days=1)


async def send(shop: FakeShop, event: SignedEvent) -> Received:
    """Deliver an event over the wire."""
    headers, body = event
    return await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))


def event(order: str | None, ref: str | None, word: str = "completed", **more: str) -> SignedEvent:
    """An event with any words in it."""
    return signed(json.dumps({"order": order, "ref": ref, "word": word, **more}).encode())


def status_of_webhook(shop: FakeShop, received: Received) -> WebhookStatus:
    """How far we are with it."""
    return shop.storage.database.webhooks[received.id].status


async def test_an_event_delivers_at_once(shop: FakeShop) -> None:
    """I5: without waiting for the next poll; the webhook knows its order."""
    order = await shop.buy()
    await shop.deliver(order.id)

    received = await shop.hear((await shop.bought(order.id))[0])
    await shop.work()

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)
    assert order.id == shop.storage.database.webhooks[received.id].order_id


async def test_an_event_that_promises_too_much_delivers_nothing(shop: FakeShop) -> None:
    """I13: the supplier's API shows no key, so there is none."""
    order = await shop.buy()

    await send(shop, event("FAKE1", "order1-1"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


async def test_a_followed_event_leaves_no_poll_of_its_own(shop: FakeShop) -> None:
    """The purchase is polled by its own job; ten events about it must not make ten more."""
    order = await shop.buy(2)
    await shop.deliver(order.id, 1)
    for word in ("processing", "ready", "delivered"):
        await send(shop, event("FAKE1", "order1-1", word))

    await shop.work()

    assert len((await shop.order(order.id)).held) == 1
    assert [one for one in shop.living() if "kinguin" in one or "reservation" in one] == ["check-reservation:order1-1"]


@pytest.mark.parametrize(("name", "ref"), [("FAKE1", None), (None, "order1-1")])
async def test_an_event_is_matched_by_its_name_or_by_our_reference(
    shop: FakeShop, name: str | None, ref: str | None
) -> None:
    """**Source:** incidents.md, F35: match by orderExternalId, too."""
    order = await shop.buy()
    await shop.deliver(order.id)

    await send(shop, event(name, ref))
    await shop.work()

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_the_same_event_again_changes_nothing(shop: FakeShop) -> None:
    """I12: counted, and no work made."""
    order = await shop.buy()
    await shop.deliver(order.id)
    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()
    before = await shop.order(order.id)

    again = await shop.hear(SupplierOrderId("FAKE1"))

    assert again.duplicate
    assert again.job_id is None
    assert await shop.work() == 0
    assert before == await shop.order(order.id)


async def test_the_key_inside_a_signed_event_counts_where_the_supplier_shows_none(shop: FakeShop) -> None:
    """**Source:** design, section 4: the seed's form; one unit owed, and nothing in the API."""
    order = await shop.buy()
    await shop.deliver(order.id)
    with_key = shop.supplier.event_with_key(SupplierOrderId("FAKE1"))
    shop.supplier_says(keys_of=())

    await send(shop, with_key)
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert order.held[0].supplier_key_id.startswith("event:")
    assert (await shop.reveal())[0].content == b"FAKE-SERIAL-1-1"


async def test_the_suppliers_own_list_goes_before_the_key_in_an_event(shop: FakeShop) -> None:
    """The API is the truth, with the key's own id."""
    order = await shop.buy()
    await shop.deliver(order.id)

    await send(shop, shop.supplier.event_with_key(SupplierOrderId("FAKE1")))
    await shop.work()

    assert [unit.supplier_key_id for unit in (await shop.order(order.id)).held] == ["fake-key-1-1"]


async def test_the_key_in_an_event_is_for_one_owed_unit_only(shop: FakeShop) -> None:
    """I2: with two owed nobody can say whose it is."""
    order = await shop.buy(2)

    await send(shop, event("FAKE1", "order1-1", key="SERIAL"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


async def test_an_event_without_a_key_where_none_is_shown_waits(shop: FakeShop) -> None:
    """A plain event (a static secret) never carries a key."""
    order = await shop.buy()

    await send(shop, event("FAKE1", "order1-1"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()
    assert "check-reservation:order1-1" in shop.living()


@pytest.mark.parametrize("word", [SupplierWord.CANCELLED, SupplierWord.REFUNDED])
async def test_the_key_in_an_event_of_a_dead_purchase_is_left_alone(shop: FakeShop, word: SupplierWord) -> None:
    """Whatever the event says: the money went back."""
    order = await shop.buy()
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(status=attrs.evolve(purchase, word=word))

    await send(shop, event("FAKE1", "order1-1", key="SERIAL"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b'{"kinguinId": 1, "qty": 2}'])
async def test_an_authentic_body_about_no_purchase_is_ignored(shop: FakeShop, body: bytes) -> None:
    """A probe, garbage, a catalogue change: answered, and no work made."""
    received = await send(shop, signed(body))

    assert received.job_id is None
    assert WebhookStatus.IGNORED is status_of_webhook(shop, received)


async def test_a_body_that_turns_out_to_be_about_nothing_is_ignored(shop: FakeShop) -> None:
    """What looked like work at the door and is none is consumed as such."""
    received = await receive_webhook(shop.shop, a_webhook(b"[]", source=Source.KINGUIN))

    await shop.work()

    assert WebhookStatus.IGNORED is status_of_webhook(shop, received)


async def test_a_forged_event_never_gets_in(shop: FakeShop) -> None:
    """I13: nothing is stored that nobody has signed."""
    await shop.buy()
    headers, body = shop.supplier.event_of(SupplierOrderId("FAKE1"))

    with pytest.raises(SignatureInvalid):
        shop.supplier.verify_event(headers, body + b" ")

    assert len(shop.storage.database.webhooks) == 1


async def test_a_supplier_that_cannot_be_asked_costs_time_only(shop: FakeShop) -> None:
    """I5: the event waits, and the poll finds the keys as well."""
    order = await shop.buy()
    await shop.deliver(order.id)
    received = await shop.hear(SupplierOrderId("FAKE1"))
    shop.supplier.faults.before("status", Unavailable("supplier", "away"))

    await shop.pass_time(timedelta(minutes=1))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)


async def test_a_webhook_whose_job_is_given_up_shows_it(shop: FakeShop) -> None:
    """I5, I11: failed, with a finding; a replay takes it up again."""
    order = await shop.buy()
    await shop.deliver(order.id)
    received = await shop.hear(SupplierOrderId("FAKE1"))
    shop.supplier.faults.before("status", *(NotFound("purchase", "FAKE1") for _ in range(200)))
    await shop.pass_time(DAY)
    assert WebhookStatus.FAILED is status_of_webhook(shop, received)

    shop.supplier.faults = type(shop.supplier.faults)()

    await replay_webhook(shop.shop, received.id, by="admin:ann", reason="a test")
    await shop.work()

    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


@pytest.mark.parametrize("ref", ["garbage", "order9-1", "order1-9"])
async def test_an_event_with_a_reference_that_leads_nowhere_waits(shop: FakeShop, ref: str) -> None:
    """It may be about something that we have not written yet; it is no fault, and no other purchase."""
    await shop.buy()
    received = await send(shop, event(None, ref))

    await shop.work()

    job = next(one for one in shop.storage.database.jobs.values() if one.name == "kinguin.webhook")
    assert (status_of_webhook(shop, received), job.status, job.last_error) == (WebhookStatus.PENDING, "ready", None)


@pytest.mark.parametrize(("order", "ref", "name"), [(None, "theirs-1", "theirs-1"), (None, None, "without a name")])
async def test_a_purchase_that_is_none_of_ours_is_called_by_the_name_it_has(
    shop: FakeShop, order: str | None, ref: str | None, name: str
) -> None:
    """A person looks for it at the supplier."""
    await send(shop, event(order, ref))

    await shop.pass_time(DAY + timedelta(hours=1), step=timedelta(hours=1))

    assert [row.finding.subject for row in shop.storage.database.findings.values()] == [name]


async def test_an_event_that_overtakes_our_answer_wakes_whoever_waits_for_it(shop: FakeShop) -> None:
    """The purchase's own job is due at once, and a worker is told."""
    order = await shop.settle((await shop.place()).id)
    bought = await shop.supplier.reserve(order.reservations[0].plan.items, ref=ExternalRef(f"{order.id}-1"))
    (reserve,) = (one.id for one in shop.storage.database.jobs.values() if one.name == "reserve")
    received = await shop.hear(bought.supplier_order_id)
    shop.notifier.take()

    assert received.job_id is not None
    await run_job(shop.shop, received.job_id)

    assert shop.notifier.take() == (reserve,)


async def test_the_key_in_an_event_is_for_the_purchase_that_it_names(shop: FakeShop) -> None:
    """One is owed of this purchase, and nine of the other: it can only be for the one."""
    order = await shop.buy(10)
    _, last = await shop.bought(order.id)
    await shop.deliver(order.id)
    with_key = shop.supplier.event_with_key(last)
    shop.supplier_says(keys_of=())

    await send(shop, with_key)
    await shop.work()

    assert [unit.id for unit in (await shop.order(order.id)).held] == ["1.10"]
