"""Events of the supplier: they say where to look, never what is there."""

import json
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled, Order
from bitloot_core.order.reservations import DoubtfulReservation, SupplierWord
from bitloot_core.ports.inbox import Received, Source, WebhookStatus
from bitloot_core.testing.samples import a_webhook
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.supplier_events import SignedEvent, signed
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import NotFound, Rejected, SignatureInvalid, Unavailable
from bitloot_core.values.ids import ExternalRef, SupplierOrderId

DAY = timedelta(days=1)


async def bought(shop: FakeShop, quantity: int = 1) -> Order:
    """An order whose purchase is placed, without a key so far."""
    order = await shop.place(quantity)
    await shop.pay(order.id)
    return await shop.order(order.id)


async def send(shop: FakeShop, event: SignedEvent) -> Received:
    """Deliver an event over the wire."""
    headers, body = event
    return await receive_webhook(shop.shop, shop.supplier.verify_event(headers, body))


def event(order: str, ref: str = "", word: str = "completed", **more: str) -> SignedEvent:
    """An event with any words in it."""
    return signed(json.dumps({"order": order, "ref": ref, "word": word, **more}).encode())


def status_of_webhook(shop: FakeShop, received: Received) -> WebhookStatus:
    """How far we are with it."""
    return shop.storage.database.webhooks[received.id].status


class Shows:
    """A supplier that shows other keys, or another status, than it has."""

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


async def test_an_event_delivers_at_once(shop: FakeShop) -> None:
    """I5: without waiting for the next poll; the webhook knows its order."""
    order = await bought(shop)
    await shop.deliver(order.id)

    received = await shop.hear((await shop.bought(order.id))[0])
    await shop.work()

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)
    assert order.id == shop.storage.database.webhooks[received.id].order_id


async def test_an_event_that_promises_too_much_delivers_nothing(shop: FakeShop) -> None:
    """I13: the supplier's API shows no key, so there is none."""
    order = await bought(shop)

    await send(shop, event("FAKE1", "order1-1"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


async def test_a_followed_event_leaves_no_poll_of_its_own(shop: FakeShop) -> None:
    """The purchase is polled by its own job; ten events about it must not make ten more."""
    order = await bought(shop, 2)
    await shop.deliver(order.id, 1)
    for word in ("processing", "ready", "delivered"):
        await send(shop, event("FAKE1", "order1-1", word))

    await shop.work()

    assert len((await shop.order(order.id)).held) == 1
    assert [one for one in shop.living() if "kinguin" in one or "reservation" in one] == ["check-reservation:order1-1"]


@pytest.mark.parametrize("by", ["its name", "our reference"])
async def test_an_event_is_matched_by_its_name_or_by_our_reference(shop: FakeShop, by: str) -> None:
    """**Source:** incidents.md, F35: match by orderExternalId, too."""
    order = await bought(shop)
    await shop.deliver(order.id)
    named = {"order": "FAKE1", "ref": ""} if by == "its name" else {"order": "", "ref": "order1-1"}
    body = json.dumps(named | {"word": "completed"}).encode()

    class OnlyNamed:
        """A supplier whose event names the purchase in one way only."""

        def __getattr__(self, name: str) -> object:
            return getattr(shop.supplier, name)

        def read_event(self, webhook: object) -> object:
            """The event, with what it does not say left out."""
            read = shop.supplier.read_event(webhook)
            return attrs.evolve(
                read, supplier_order_id=read.supplier_order_id or None, ref=ExternalRef(read.ref) if read.ref else None
            )

    await send(shop, signed(body))
    shop.shop = attrs.evolve(shop.shop, supplier=OnlyNamed())
    await shop.work()

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_the_same_event_again_changes_nothing(shop: FakeShop) -> None:
    """I12: counted, and no work made."""
    order = await bought(shop)
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
    order = await bought(shop)
    await shop.deliver(order.id)
    with_key = shop.supplier.event_with_key(SupplierOrderId("FAKE1"))
    Shows(shop, keys_of=())

    await send(shop, with_key)
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert order.held[0].supplier_key_id.startswith("event:")
    assert (await shop.reveal())[0].content == b"FAKE-SERIAL-1-1"


async def test_the_suppliers_own_list_goes_before_the_key_in_an_event(shop: FakeShop) -> None:
    """The API is the truth, with the key's own id."""
    order = await bought(shop)
    await shop.deliver(order.id)

    await send(shop, shop.supplier.event_with_key(SupplierOrderId("FAKE1")))
    await shop.work()

    assert [unit.supplier_key_id for unit in (await shop.order(order.id)).held] == ["fake-key-1-1"]


async def test_the_key_in_an_event_is_for_one_owed_unit_only(shop: FakeShop) -> None:
    """I2: with two owed nobody can say whose it is."""
    order = await bought(shop, 2)

    await send(shop, event("FAKE1", "order1-1", key="SERIAL"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


async def test_an_event_without_a_key_where_none_is_shown_waits(shop: FakeShop) -> None:
    """A plain event (a static secret) never carries a key."""
    order = await bought(shop)

    await send(shop, event("FAKE1", "order1-1"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()
    assert "check-reservation:order1-1" in shop.living()


@pytest.mark.parametrize("word", [SupplierWord.CANCELLED, SupplierWord.REFUNDED])
async def test_the_key_in_an_event_of_a_dead_purchase_is_left_alone(shop: FakeShop, word: SupplierWord) -> None:
    """Whatever the event says: the money went back."""
    order = await bought(shop)
    (purchase,) = shop.supplier.purchases
    Shows(shop, status=attrs.evolve(purchase, word=word))

    await send(shop, event("FAKE1", "order1-1", key="SERIAL"))
    await shop.work()

    assert (await shop.order(order.id)).held == ()


async def test_an_event_that_overtakes_our_own_commit_waits(shop: FakeShop) -> None:
    """I5: **Source:** incidents.md, F35. The purchase is in doubt; the event makes us look it up at once."""
    order = await shop.place()
    shop.supplier.lose_next_answer()
    await shop.pay(order.id)
    assert isinstance((await shop.order(order.id)).reservations[0], DoubtfulReservation)
    shop.supplier.deliver(SupplierOrderId("FAKE1"))

    received = await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()
    assert WebhookStatus.PENDING is status_of_webhook(shop, received)
    await shop.pass_time(timedelta(seconds=2))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)


async def test_an_event_about_a_purchase_that_never_shows_up_does_not_wait_for_ever(shop: FakeShop) -> None:
    """I5, I11: a bounded number of looks, then it is shown as failed."""
    order = await shop.place()
    shop.supplier.is_down = True
    await shop.pay(order.id)
    received = await send(shop, event("FAKE9", "order1-1"))
    looks_before = len(shop.notifier.rung)

    await shop.pass_time(2 * DAY)

    assert WebhookStatus.FAILED is status_of_webhook(shop, received)
    assert len(shop.notifier.rung) - looks_before < 600
    assert f"kinguin.webhook:{received.id}" not in shop.living()


async def test_an_event_for_an_order_that_was_refunded_before_it_bought_ends(shop: FakeShop) -> None:
    """I11: nothing will ever be bought; the event must not ask for it once a second."""
    order = await shop.place()
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    await run_job(shop.shop, (await due_jobs(shop.shop, 10))[0])
    await record_refund(shop.shop, order.id, by="admin:ann", reason="asked for")
    received = await send(shop, event("FAKE9", "order1-1"))

    await shop.pass_time(2 * DAY)

    assert WebhookStatus.FAILED is status_of_webhook(shop, received)
    assert shop.supplier.asked == {}


async def test_an_unknown_purchase_waits_a_day_and_goes_to_a_person(shop: FakeShop) -> None:
    """I5, I6: it could be ours, not committed yet; then it is a finding, told once."""
    received = await send(shop, event("FAKE77", "somebody-1"))
    await shop.pass_time(DAY - timedelta(minutes=20))
    assert WebhookStatus.PENDING is status_of_webhook(shop, received)

    await shop.pass_time(timedelta(minutes=40))

    (row,) = shop.storage.database.findings.values()
    assert (row.finding.reason, row.finding.subject) == (FindingReason.RECONCILIATION, "FAKE77")
    assert WebhookStatus.FAILED is status_of_webhook(shop, received)
    assert shop.living() == []


@pytest.mark.parametrize("ref", ["", "no reference", "order1-9", "nobody-1"])
async def test_a_reference_that_is_none_of_ours_is_unknown(shop: FakeShop, ref: str) -> None:
    """Whatever stands there."""
    await bought(shop)

    received = await send(shop, event("FAKE77", ref))
    await shop.work()

    assert WebhookStatus.PENDING is status_of_webhook(shop, received)


async def test_a_purchase_under_a_dead_reference_is_shown(shop: FakeShop) -> None:
    """I6: refused, and then carried out all the same: our balance was charged, so a person must know."""
    order = await shop.place()
    shop.supplier.faults.after("reserve", Rejected("supplier", "no offer matches", code="out-of-stock"))
    await shop.pay(order.id)

    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()

    order = await shop.order(order.id)
    told = {(one.reason, one.subject) for one in order.findings}
    assert {(FindingReason.SUPPLIER_REFUSED, "order1-1"), (FindingReason.SURPLUS_PURCHASE, "FAKE1")} == told
    assert order.held == ()


async def test_a_dead_purchase_under_a_dead_reference_is_nothing(shop: FakeShop) -> None:
    """It has cost nothing."""
    order = await shop.place()
    shop.supplier.faults.after("reserve", Rejected("supplier", "no offer matches", code="out-of-stock"))
    await shop.pay(order.id)
    shop.supplier.cancel(SupplierOrderId("FAKE1"))

    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()

    assert [one.reason for one in (await shop.order(order.id)).findings] == [FindingReason.SUPPLIER_REFUSED]


async def test_a_second_purchase_under_a_living_reference_is_shown(shop: FakeShop) -> None:
    """I1, I6: the event names a purchase that is not the one that we hold: no key of it is downloaded."""
    order = await shop.place()
    shop.supplier.sell_twice_next()
    await shop.pay(order.id)
    shop.supplier.deliver(SupplierOrderId("FAKE2"))

    await shop.hear(SupplierOrderId("FAKE2"))
    await shop.work()

    order = await shop.order(order.id)
    assert [(one.reason, one.subject) for one in order.findings] == [(FindingReason.SURPLUS_PURCHASE, "FAKE2")]
    assert order.held == ()


async def test_a_completed_purchase_that_is_refunded_later_is_told(shop: FakeShop) -> None:
    """The keys are with the buyer, and the money is back with us: a person must know."""
    order = await bought(shop)
    await shop.deliver(order.id)
    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()

    shop.supplier.refund(SupplierOrderId("FAKE1"))
    received = await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.SUPPLIER_CANCELLED]
    assert isinstance(order.closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)


async def test_an_event_about_a_purchase_that_fell_changes_nothing(shop: FakeShop) -> None:
    """It was told when it fell."""
    order = await bought(shop)
    shop.supplier.cancel(SupplierOrderId("FAKE1"))
    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()
    before = await shop.order(order.id)

    await send(shop, event("FAKE1", "order1-1", "canceled", again="yes"))
    await shop.work()

    assert before == await shop.order(order.id)


async def test_an_event_about_another_name_of_ours_is_found_by_its_purchase(shop: FakeShop) -> None:
    """I3: the name that the supplier gave goes before the reference, and the reference in the API before both."""
    first, second = await bought(shop), await bought(shop)
    await shop.deliver(second.id)

    await send(shop, event("FAKE2", "order1-1"))
    await shop.work()

    assert (await shop.order(first.id)).held == ()
    assert isinstance((await shop.order(second.id)).closing, Fulfilled)


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
    await bought(shop)
    headers, body = shop.supplier.event_of(SupplierOrderId("FAKE1"))

    with pytest.raises(SignatureInvalid):
        shop.supplier.verify_event(headers, body + b" ")

    assert len(shop.storage.database.webhooks) == 1


async def test_a_supplier_that_cannot_be_asked_costs_time_only(shop: FakeShop) -> None:
    """I5: the event waits, and the poll finds the keys as well."""
    order = await bought(shop)
    await shop.deliver(order.id)
    received = await shop.hear(SupplierOrderId("FAKE1"))
    shop.supplier.faults.before("status", Unavailable("supplier", "away"))

    await shop.pass_time(timedelta(minutes=1))

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)


async def test_a_webhook_whose_job_is_given_up_shows_it(shop: FakeShop) -> None:
    """I5, I11: failed, with a finding; a replay takes it up again."""
    order = await bought(shop)
    await shop.deliver(order.id)
    received = await shop.hear(SupplierOrderId("FAKE1"))
    shop.supplier.faults.before("status", *(NotFound("purchase", "FAKE1") for _ in range(200)))
    await shop.pass_time(DAY)
    assert WebhookStatus.FAILED is status_of_webhook(shop, received)

    shop.supplier.faults = type(shop.supplier.faults)()

    await replay_webhook(shop.shop, received.id)
    await shop.work()

    assert WebhookStatus.PROCESSED is status_of_webhook(shop, received)
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
