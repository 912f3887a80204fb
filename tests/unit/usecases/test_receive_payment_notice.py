"""Notices of the gateway: hints, each stored once, none believed without a look."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.ports.inbox import Source, WebhookStatus
from bitloot_core.testing.samples import a_webhook
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.receive_webhook import receive_webhook
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.values.errors import NotFound, Refused, SignatureInvalid, Unavailable, Unknown
from bitloot_core.values.ids import GatewayPaymentId, OrderId, WebhookId


async def payment_of(shop: FakeShop, order_id: OrderId) -> GatewayPaymentId:
    """The gateway's name of an order's only payment."""
    (gateway_id,) = shop.gateway.payments_of(order_id)
    return gateway_id


async def test_a_finished_payment_pays_the_order_and_buys(shop: FakeShop) -> None:
    """Stored, read back, settled, and the purchase made."""
    order = await shop.place()

    await shop.pay(order.id)

    order = await shop.order(order.id)
    assert Status.FULFILLING is status_of(order)
    assert len(shop.supplier.purchases) == 1


async def test_a_stored_notice_rings_at_once(shop: FakeShop) -> None:
    """Nobody has to wait for a worker to look by itself."""
    order = await shop.place()
    shop.notifier.take()

    received = await shop.tell(await payment_of(shop, order.id))

    assert (received.job_id,) == shop.notifier.take()


async def test_the_same_notice_again_changes_nothing(shop: FakeShop) -> None:
    """I12: the gateway repeats itself; the second delivery is counted, and no job is made for it."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    await shop.pay(order.id)
    before = await shop.order(order.id)

    again = await shop.tell(gateway_id)
    await shop.work()

    assert again.duplicate
    assert again.job_id is None
    assert shop.storage.database.webhooks[again.id].deliveries == 2
    assert before == await shop.order(order.id)


@pytest.mark.parametrize("order_of_arrival", [*permutations(["waiting", "confirming", "sending", "finished"])])
async def test_notices_may_come_in_any_order(shop: FakeShop, order_of_arrival: tuple[str, ...]) -> None:
    """I8: an old message never takes anything back. **Source:** incidents.md, F14."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    notices = {}
    for word in ("waiting", "confirming", "sending"):
        shop.clock.advance(timedelta(seconds=1))
        shop.gateway.set_status(gateway_id, word)
        notices[word] = shop.gateway.notice_for(gateway_id)
    shop.gateway.pay(gateway_id)
    notices["finished"] = shop.gateway.notice_for(gateway_id)

    for word in order_of_arrival:
        notice = notices[word]
        await receive_webhook(shop.shop, shop.gateway.verify_notice(notice.headers, notice.body))
        await shop.work()

    assert Status.FULFILLING is status_of(await shop.order(order.id))
    assert len(shop.supplier.purchases) == 1


async def test_a_notice_moves_a_payment_along_without_a_question(shop: FakeShop) -> None:
    """Coins on their way are shown at once; nothing hangs on it."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.set_status(gateway_id, "confirming")
    await shop.tell(gateway_id)
    shop.gateway.goes_away("payment")

    await shop.work()

    assert Status.CONFIRMING is status_of(await shop.order(order.id))


async def test_a_notice_alone_settles_nothing(shop: FakeShop) -> None:
    """I3, I13: even a signed `finished` counts only if the gateway says the same when it is asked."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    shop.gateway.set_status(gateway_id, "waiting", actually_paid=Decimal(0))

    await shop.work()

    assert not (await shop.order(order.id)).is_settled
    assert shop.supplier.purchases == ()


@pytest.mark.parametrize(
    ("truth", "status", "reason"),
    [
        ({"price_amount": Decimal("0.01")}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"price_currency": "USD"}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"coin": "ltc"}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"order_ref": "another"}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"order_ref": None}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"parent_id": "77"}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"pay_amount": Decimal("0.00000001")}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"actually_paid": Decimal(0)}, Status.ATTENTION, FindingReason.PAYMENT_MISMATCH),
        ({"actually_paid": Decimal("0.0002")}, Status.UNDERPAID, FindingReason.PAYMENT_SHORT),
    ],
)
async def test_a_payment_that_is_not_as_asked_buys_nothing(
    shop: FakeShop, truth: dict[str, object], status: Status, reason: FindingReason
) -> None:
    """I3, I6: the money is shown with its reason, and a person decides. **Source:** incidents.md, F7."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.pay(gateway_id)
    shop.gateway.tamper(gateway_id, **truth)
    await shop.tell(gateway_id)

    await shop.work()

    order = await shop.order(order.id)
    assert status is shown_status(order)
    assert [reason] == [one.reason for one in order.findings]
    assert shop.supplier.purchases == ()


async def test_a_payment_that_the_gateway_does_not_know_is_not_believed(shop: FakeShop) -> None:
    """I13: announced, and unknown when asked: a person looks, and the notice can be run again."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.pay(gateway_id)
    received = await shop.tell(gateway_id)
    shop.gateway.faults.before("payment", NotFound("payment", gateway_id))

    await shop.work()

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_UNKNOWN]
    assert WebhookStatus.FAILED is shop.storage.database.webhooks[received.id].status
    assert not order.is_settled

    await replay_webhook(shop.shop, received.id, by="admin:ann", reason="a test")
    await shop.work()

    order = await shop.order(order.id)
    assert order.is_settled
    assert order.findings == ()


@pytest.mark.parametrize("body", [b"", b"not JSON", b"{}", json.dumps({"id": 1, "withdrawals": []}).encode()])
async def test_an_authentic_body_without_a_payment_is_ignored(shop: FakeShop, body: bytes) -> None:
    """A payout, a probe, garbage: stored, answered, and no work made."""
    notice = shop.gateway.signed(body)

    received = await receive_webhook(shop.shop, shop.gateway.verify_notice(notice.headers, notice.body))

    assert received.job_id is None
    assert WebhookStatus.IGNORED is shop.storage.database.webhooks[received.id].status
    assert shop.living() == []


async def test_a_body_that_is_read_too_late_to_be_a_payment_is_ignored(shop: FakeShop) -> None:
    """What looked like work at the door and is none is consumed as such."""
    received = await receive_webhook(shop.shop, a_webhook(b"{}"))

    await shop.work()

    assert WebhookStatus.IGNORED is shop.storage.database.webhooks[received.id].status


async def test_a_forged_notice_never_gets_in(shop: FakeShop) -> None:
    """I13: there is no way to store what nobody has signed."""
    order = await shop.place()
    notice = shop.gateway.notice_for(await payment_of(shop, order.id))

    with pytest.raises(SignatureInvalid):
        shop.gateway.verify_notice(notice.headers, notice.body + b" ")

    assert shop.storage.database.webhooks == {}


async def test_a_notice_that_cannot_be_stored_is_refused(shop: FakeShop) -> None:
    """I5: the sender tries again; nothing that was answered is lost. **Source:** incidents.md, F11."""
    order = await shop.place()
    shop.storage.database.fail_next_commit(before=True, of="inbox.receive")

    with pytest.raises(Unavailable):
        await shop.tell(await payment_of(shop, order.id))

    assert shop.storage.database.webhooks == {}


async def test_a_replay_of_everything_moves_nothing(shop: FakeShop) -> None:
    """I12: run every stored webhook again, twice."""
    order = await shop.place(2)
    await shop.fulfil(order.id)
    before = await shop.order(order.id), dict(shop.storage.database.ledger), list(shop.mailer.sent)

    for _ in range(2):
        for webhook_id in shop.storage.database.webhooks:
            await replay_webhook(shop.shop, webhook_id, by="admin:ann", reason="a test")
        await shop.work()

    assert before == (await shop.order(order.id), dict(shop.storage.database.ledger), list(shop.mailer.sent))
    assert len(shop.supplier.purchases) == 1


async def test_what_cannot_be_replayed_is_refused(shop: FakeShop) -> None:
    """An unknown webhook, and one whose body is gone."""
    received = await receive_webhook(shop.shop, a_webhook(source=Source.KINGUIN))
    shop.storage.inbox.prune(received.id)

    with pytest.raises(NotFound):
        await replay_webhook(shop.shop, WebhookId(99), by="admin:ann", reason="a test")
    with pytest.raises(Refused) as caught:
        await replay_webhook(shop.shop, received.id, by="admin:ann", reason="a test")

    assert caught.value.code == "body-pruned"


@pytest.mark.parametrize("side", ["before", "after"])
async def test_an_outcome_that_may_not_be_written_is_written_once(shop: FakeShop, side: str) -> None:
    """I1, I6: the commit gave no answer; the job runs again, and the money is seen once."""
    order = await shop.place()
    gateway_id = await payment_of(shop, order.id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    shop.storage.store.fail_next_commit(**{side: True})

    await shop.pass_time(timedelta(minutes=5))

    assert Status.FULFILLING is status_of(await shop.order(order.id))
    assert len(shop.supplier.purchases) == 1
    assert sum(entry.kind == "received" for entry in shop.storage.database.ledger.values()) == 1


async def test_a_read_that_fails_is_tried_again(shop: FakeShop) -> None:
    """I5: nobody is there, or nobody answers: the notice waits."""
    order = await shop.place()
    shop.gateway.pay(await payment_of(shop, order.id))
    await shop.tell(await payment_of(shop, order.id))
    shop.gateway.faults.before("payment", Unavailable("payment gateway", "away"), Unknown("payment gateway", "?"))

    await shop.pass_time(timedelta(minutes=1))

    assert (await shop.order(order.id)).is_settled


async def test_a_replay_rings_at_once(shop: FakeShop) -> None:
    """Whoever pressed it waits for it."""
    (gateway_id,) = shop.gateway.payments_of((await shop.place()).id)
    received = await shop.tell(gateway_id)
    await shop.work()
    shop.notifier.take()

    await replay_webhook(shop.shop, received.id, by="admin:ann", reason="a test")

    (_, again) = (one.id for one in shop.storage.database.jobs.values() if one.name == "nowpayments.ipn")
    assert shop.notifier.take() == (again,)


@pytest.mark.parametrize("names", ["its order", "its payment"])
async def test_a_payment_of_ours_is_its_own_orders_whatever_it_names(shop: FakeShop, names: str) -> None:
    """I3, I13: nobody pays for another order by naming it, or its payment as a parent."""
    mine, other = await shop.place(), await shop.place()
    (gateway_id,), (theirs,) = shop.gateway.payments_of(mine.id), shop.gateway.payments_of(other.id)
    shop.gateway.pay(gateway_id)
    lie = {"order_ref": other.id} if names == "its order" else {"parent_id": theirs}
    shop.gateway.tamper(gateway_id, **lie)

    await shop.tell(gateway_id)
    await shop.work()

    assert [one.reason for one in (await shop.order(mine.id)).findings] == [FindingReason.PAYMENT_MISMATCH]
    assert (await shop.order(other.id)).payments == other.payments
