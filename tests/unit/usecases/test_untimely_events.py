"""Events that come too early, too late, or about a purchase that we do not have."""

import json
from datetime import timedelta

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled
from bitloot_core.order.reservations import DoubtfulReservation
from bitloot_core.ports.inbox import Received, WebhookStatus
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.supplier_events import SignedEvent, signed
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import Rejected
from bitloot_core.values.ids import SupplierOrderId

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


@pytest.mark.parametrize("ref", [None, "", "no reference", "order1-9", "nobody-1"])
async def test_a_reference_that_is_none_of_ours_is_unknown(shop: FakeShop, ref: str | None) -> None:
    """Whatever stands there."""
    await shop.buy()

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
    order = await shop.buy()
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
    order = await shop.buy()
    shop.supplier.cancel(SupplierOrderId("FAKE1"))
    await shop.hear(SupplierOrderId("FAKE1"))
    await shop.work()
    before = await shop.order(order.id)

    await send(shop, event("FAKE1", "order1-1", "canceled", again="yes"))
    await shop.work()

    assert before == await shop.order(order.id)


async def test_an_event_about_another_name_of_ours_is_found_by_its_purchase(shop: FakeShop) -> None:
    """I3: the name that the supplier gave goes before the reference, and the reference in the API before both."""
    first, second = await shop.buy(), await shop.buy()
    await shop.deliver(second.id)

    await send(shop, event("FAKE2", "order1-1"))
    await shop.work()

    assert (await shop.order(first.id)).held == ()
    assert isinstance((await shop.order(second.id)).closing, Fulfilled)
