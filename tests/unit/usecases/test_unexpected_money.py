"""Money that nobody waited for: late, too much, once more, or for nobody. It is always shown."""

from datetime import timedelta

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Expired
from bitloot_core.order.payments import StrayPayment
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import cancel_order
from bitloot_core.values.ids import GatewayPaymentId, OrderId


async def payment_of(shop: FakeShop, order_id: OrderId) -> GatewayPaymentId:
    """The gateway's name of an order's only payment."""
    (gateway_id,) = shop.gateway.payments_of(order_id)
    return gateway_id


async def test_a_repeated_deposit_is_a_payment_of_its_own(shop: FakeShop) -> None:
    """I1, I6: a child payment is attached to its parent's order; it never buys. **Source:** incidents.md, F29."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    await shop.fulfil(order.id)

    child = shop.gateway.deposit_again(gateway_id)
    shop.gateway.tamper(child, order_ref=None)
    await shop.tell(child)
    await shop.work()

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_STRAY]
    assert len(shop.supplier.purchases) == 1
    assert sum(entry.kind == "received" for entry in shop.storage.database.ledger.values()) == 2


async def test_a_child_stays_one_when_its_payment_is_read_back(shop: FakeShop) -> None:
    """I6: the notice names the parent, the payment itself need not. **Source:** NOWPayments, live answers."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    await shop.pay(order.id)
    child = shop.gateway.deposit_again(gateway_id)
    shop.gateway.tamper(child, parent_id=None, address=None)

    await shop.tell(child)
    await shop.work()

    stray = (await shop.order(order.id)).payments[-1]
    assert isinstance(stray, StrayPayment)
    assert stray.parent_id == gateway_id
    assert stray.reasons == (f"it is a repeated deposit of payment {gateway_id}",)


async def test_a_child_finds_its_order_by_its_parent(shop: FakeShop) -> None:
    """The gateway need not repeat our order's id on it."""
    order = await shop.place()
    child = shop.gateway.deposit_again(await payment_of(shop, order.id))
    shop.gateway.set_status(child, "finished", order_ref=None)

    received = await shop.tell(child)
    await shop.work()

    assert order.id == shop.storage.database.webhooks[received.id].order_id


@pytest.mark.parametrize("named", [None, "nobody's"])
async def test_money_for_no_order_of_ours_is_shown(shop: FakeShop, named: str | None) -> None:
    """I5, I6: a finding of its own, with the amount; told once, however often it comes."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    child = shop.gateway.deposit_again(gateway_id)
    for word in ("confirming", "finished"):
        shop.gateway.set_status(child, word, order_ref=named, parent_id=None)
        received = await shop.tell(child)
        await shop.work()

    findings = [row.finding for row in shop.storage.database.findings.values()]
    assert [(FindingReason.PAYMENT_UNKNOWN, child, None)] == [
        (one.reason, one.subject, one.order_id) for one in findings
    ]
    assert findings[0].amount == "0.00025980 btc"
    assert WebhookStatus.PROCESSED is shop.storage.database.webhooks[received.id].status


async def test_late_money_revives_an_expired_order(shop: FakeShop) -> None:
    """**Source:** incidents.md, F12; the cost cap still guards."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    await shop.pass_time(timedelta(hours=2))
    assert isinstance((await shop.order(order.id)).closing, Expired)
    shop.gateway.expire(gateway_id)
    await shop.tell(gateway_id)
    await shop.pass_time(timedelta(days=2))

    await shop.fulfil(order.id)

    assert Status.FULFILLED is shown_status(await shop.order(order.id))


async def test_late_money_on_a_cancelled_order_is_shown(shop: FakeShop) -> None:
    """I6: it buys nothing, and is to be refunded."""
    order = await shop.place()
    await cancel_order(shop.shop, order.id, by="admin:ann", reason="asked for")

    await shop.pay(order.id)

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_LATE]
    assert shop.supplier.purchases == ()


async def test_a_surplus_is_delivered_and_shown(shop: FakeShop) -> None:
    """I6: twice the price pays once; the rest is a finding."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.pay_surplus(gateway_id)
    await shop.tell(gateway_id)

    await shop.work()

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_SURPLUS]
    assert len(shop.supplier.purchases) == 1
