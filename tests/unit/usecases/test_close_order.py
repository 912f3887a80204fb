"""What a person decides, and what the supplier says when a person asks."""

from datetime import timedelta

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Cancelled, Fulfilled, Refunded
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.samples import a_job
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import (
    accept_payment,
    cancel_order,
    record_refund,
    resolve_finding,
    retry_order,
)
from bitloot_core.usecases.supplier_status import supplier_status
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.ids import ExternalRef, FindingId, GatewayPaymentId, OrderId

BY = {"by": "admin:ann", "reason": "asked for"}


async def test_an_unpaid_order_can_be_cancelled(shop: FakeShop) -> None:
    """Twice is once; who and why is kept."""
    order = await shop.place()

    order = await cancel_order(shop.shop, order.id, **BY)

    assert Cancelled(at=shop.clock.now(), **BY) == order.closing
    assert order == await cancel_order(shop.shop, order.id, **BY)


async def test_a_paid_order_is_refunded_and_not_cancelled(shop: FakeShop) -> None:
    """There is money on it."""
    order = await shop.place()
    await shop.pay(order.id)

    with pytest.raises(TransitionRefused) as caught:
        await cancel_order(shop.shop, order.id, **BY)
    order = await record_refund(shop.shop, order.id, **BY)

    assert caught.value.code == "not-cancellable"
    assert isinstance(order.closing, Refunded)
    assert order == await record_refund(shop.shop, order.id, **BY)


async def test_a_refund_is_in_the_ledger(shop: FakeShop) -> None:
    """I6: what came in went out."""
    order = await shop.place()
    await shop.pay(order.id)

    await record_refund(shop.shop, order.id, **BY)

    rows = shop.storage.database.ledger.values()
    sums = {kind: sum(row.amount for row in rows if row.kind == kind) for kind in ("received", "refunded")}
    assert sums["received"] == sums["refunded"] > 0


async def test_an_order_without_money_has_nothing_to_refund(shop: FakeShop) -> None:
    """Nothing was ever seen on it."""
    order = await shop.place()

    with pytest.raises(TransitionRefused) as caught:
        await record_refund(shop.shop, order.id, **BY)

    assert caught.value.code == "nothing-to-refund"


async def test_retry_pressed_ten_times_buys_once(shop: FakeShop) -> None:
    """I1: safe at any moment of the purchase."""
    order = await shop.place()
    await shop.pay(order.id)

    for _ in range(10):
        await retry_order(shop.shop, order.id, **BY)
        await shop.work()

    assert len(shop.supplier.purchases) == 1
    assert shop.supplier.asked == {"order1-1": 1}


async def test_retry_looks_at_everything_at_once(shop: FakeShop) -> None:
    """Nobody waits for the next rung of a ladder."""
    order = await shop.place()
    await shop.pay(order.id)
    await shop.pass_time(timedelta(hours=2))
    await shop.deliver(order.id)

    await retry_order(shop.shop, order.id, **BY)
    await shop.work()

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)


async def test_an_order_at_rest_has_nothing_to_retry(shop: FakeShop) -> None:
    """It is delivered."""
    order = await shop.place()
    await shop.fulfil(order.id)

    with pytest.raises(TransitionRefused) as caught:
        await retry_order(shop.shop, order.id, **BY)

    assert caught.value.code == "nothing-to-retry"


async def test_a_repeated_deposit_can_be_accepted(shop: FakeShop) -> None:
    """A person lets the child of a short payment count."""
    order = await shop.place()
    (gateway_id,) = shop.gateway.payments_of(order.id)
    child = shop.gateway.deposit_again(gateway_id)
    await shop.tell(child)
    await shop.work()

    await accept_payment(shop.shop, order.id, child, **BY)
    await shop.work()

    order = await shop.order(order.id)
    assert Status.FULFILLING is shown_status(order)
    assert order.findings == ()


async def test_what_nobody_waits_for_cannot_be_accepted(shop: FakeShop) -> None:
    """Neither an unknown payment, nor one without money."""
    order = await shop.place()

    for gateway_id in (GatewayPaymentId("99"), shop.gateway.payments_of(order.id)[0]):
        with pytest.raises(TransitionRefused) as caught:
            await accept_payment(shop.shop, order.id, gateway_id, **BY)
        assert caught.value.code == "nothing-to-accept"


async def test_a_finding_is_settled_by_whoever_settles_it(shop: FakeShop) -> None:
    """Twice is once; one that never was is not found."""
    order = await shop.place()
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay_surplus(gateway_id)
    await shop.tell(gateway_id)
    await shop.work()
    (finding,) = (await shop.order(order.id)).findings

    for _ in range(2):
        order = await resolve_finding(shop.shop, order.id, finding.id, **BY)
    with pytest.raises(NotFound):
        await resolve_finding(shop.shop, order.id, FindingId("order1.f9"), **BY)

    assert FindingReason.PAYMENT_SURPLUS is finding.reason
    assert order.findings == ()
    assert shop.storage.database.findings[finding.id].resolved_by == "admin:ann"


async def test_nobody_decides_about_an_order_that_is_not_there(shop: FakeShop) -> None:
    """Each decision says so."""
    for decide in (cancel_order, record_refund, retry_order):
        with pytest.raises(NotFound):
            await decide(shop.shop, OrderId("nobody's"), **BY)


async def test_the_supplier_is_asked_about_our_purchases_only(shop: FakeShop) -> None:
    """What it says now; nothing about somebody else's. **Source:** incidents.md, F1."""
    order = await shop.buy()
    (ours,) = shop.supplier.purchases
    theirs = await shop.supplier.reserve(order.reservations[0].plan.items, ref=ExternalRef("theirs-1"))

    assert ours == await supplier_status(shop.shop, ours.supplier_order_id)
    with pytest.raises(NotFound, match=rf"^no purchase {theirs.supplier_order_id}$"):
        await supplier_status(shop.shop, theirs.supplier_order_id)
    shop.supplier.is_down = True
    with pytest.raises(Unavailable):
        await supplier_status(shop.shop, ours.supplier_order_id)


async def test_a_ring_that_gets_lost_costs_time_only(shop: FakeShop) -> None:
    """The doorbell is no truth: a worker that looks by itself finds the same jobs."""
    shop.notifier.broken = True
    order = await shop.place()

    await shop.fulfil(order.id)

    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert shop.notifier.rung == []


async def test_a_job_that_is_asked_for_by_hand_is_harmless(shop: FakeShop) -> None:
    """I12: each of an order's jobs, once more after the end."""
    order = await shop.place(2)
    await shop.fulfil(order.id)
    before = await shop.order(order.id), list(shop.mailer.sent), shop.supplier.purchases
    again = [(JobName(one.name), one.ref) for one in shop.storage.database.jobs.values() if one.name != "send-mail"]

    for name, ref in again:
        await shop.storage.jobs.ask(a_job(ref, name=name, order_id=order.id), now=shop.clock.now())
    await shop.work()

    assert before == (await shop.order(order.id), list(shop.mailer.sent), shop.supplier.purchases)
