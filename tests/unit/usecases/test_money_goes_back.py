"""Money that counted and was sent back: nothing is bought with it any more, and no key goes out for it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.order import LiveLink, Order, Refunded
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import accept_payment, record_refund
from bitloot_core.usecases.open_payment import open_payment
from bitloot_core.usecases.reveal_keys import Visitor, reveal_keys
from bitloot_core.usecases.run_job import run_job
from bitloot_core.values.errors import Refused
from bitloot_core.values.ids import GatewayPaymentId

ANN = {"by": "admin:ann", "reason": "the buyer asked for it"}


async def paid_by_a_stray(shop: FakeShop) -> tuple[Order, GatewayPaymentId]:
    """An order that a repeated deposit pays, because a person said so; nothing is bought yet."""
    order = await shop.place()
    (first,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay_short(first)
    await shop.tell(first)
    child = shop.gateway.deposit_again(first)
    await shop.tell(child)
    await shop.work()
    return await accept_payment(shop.shop, order.id, child, by="admin:ann", reason="it is the rest"), child


async def sent_back(shop: FakeShop, gateway_id: GatewayPaymentId) -> None:
    """The gateway refunds a payment, and its notice is followed before anything else is done."""
    shop.gateway.set_status(gateway_id, "refunded")
    received = await shop.tell(gateway_id)
    assert received.job_id is not None
    await run_job(shop.shop, received.job_id)


async def test_nothing_is_bought_with_an_accepted_stray_that_went_back(shop: FakeShop) -> None:
    """I3: a person had let it count, and the gateway took it away before the purchase was sent."""
    order, child = await paid_by_a_stray(shop)

    await sent_back(shop, child)
    await shop.work()

    order = await shop.order(order.id)
    assert not order.is_settled
    assert shop.supplier.purchases == ()
    assert Status.ATTENTION is shown_status(order)
    assert FindingReason.PAYMENT_RETURNED in {one.reason for one in order.findings}


async def test_no_key_goes_out_for_an_accepted_stray_that_went_back(shop: FakeShop) -> None:
    """I3: the link is good, and the money is gone."""
    order, child = await paid_by_a_stray(shop)
    await shop.work()
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))
    link = (await shop.order(order.id)).link
    assert isinstance(link, LiveLink)

    await sent_back(shop, child)

    with pytest.raises(Refused) as refusal:
        await reveal_keys(shop.shop, shop.links.issue(link.id).reveal(), Visitor(address="192.0.2.1", agent="test"))
    assert refusal.value.code == "not-revealable"


def refunds(shop: FakeShop) -> list[tuple[str, Decimal, str]]:
    """What the ledger says went back to buyers."""
    rows = shop.storage.database.ledger.values()
    return [(row.external_id, row.amount, row.currency) for row in rows if row.kind is LedgerKind.REFUNDED]


async def test_what_came_after_a_refund_goes_back_too(shop: FakeShop) -> None:
    """I6: on another payment; the finding asks for it, and pressing once more changes nothing."""
    order = await shop.place()
    await open_payment(shop.shop, order.id, "ltc")
    btc, ltc = shop.gateway.payments_of(order.id)
    shop.gateway.pay(btc)
    await shop.tell(btc)
    await shop.work()
    refunded = await record_refund(shop.shop, order.id, **ANN)
    shop.gateway.pay(ltc)
    await shop.tell(ltc)
    await shop.work()
    waiting = [one.reason for one in (await shop.order(order.id)).findings]

    for _ in range(2):
        await record_refund(shop.shop, order.id, **ANN)

    after = await shop.order(order.id)
    assert waiting == [FindingReason.PAYMENT_LATE]
    assert after.findings == ()
    assert [(btc, "btc"), (ltc, "ltc")] == [(name, coin) for name, _, coin in refunds(shop)]
    assert isinstance(refunded.closing, Refunded)
    assert isinstance(after.closing, Refunded)
    assert refunded.closing.at == after.closing.at


async def test_a_rest_that_came_after_a_refund_is_an_entry_of_its_own(shop: FakeShop) -> None:
    """I6: received and refunded are the same sum, though both came in two parts on one payment."""
    order = await shop.place()
    (name,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay_short(name)
    await shop.tell(name)
    await shop.work()
    await record_refund(shop.shop, order.id, **ANN)
    shop.gateway.pay(name)
    await shop.tell(name)
    await shop.work()

    await record_refund(shop.shop, order.id, **ANN)

    rows = shop.storage.database.ledger.values()
    received = [row.amount for row in rows if row.kind is LedgerKind.RECEIVED]
    assert len(received) == len(refunds(shop)) == 2
    assert sum(received) == sum(amount for _, amount, _ in refunds(shop))
