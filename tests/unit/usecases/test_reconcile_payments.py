"""Our payments are set against the gateway and our own ledger: what is behind catches up, what is amiss is told."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from reconciling import delivered, open_ones, reasons, reconciled

from bitloot_core.order.commands import AcceptPayment
from bitloot_core.order.discrepancies import Behind, Side
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.ledger import LedgerKind
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.close_order import resolve_finding
from bitloot_core.usecases.reconcile_desk import IN_FLIGHT
from bitloot_core.values.errors import NotFound, Unavailable
from bitloot_core.values.ids import OrderId
from bitloot_core.values.reading import PaymentReading

HOUR = timedelta(hours=1)


async def test_a_payment_that_nobody_noticed_is_looked_at_at_once(shop: FakeShop) -> None:
    """The notice was lost: the job that reads it back anyway is asked for now; nothing settles here."""
    order = await shop.place()
    await shop.pass_time(timedelta(minutes=2))
    shop.gateway.pay(shop.gateway.payments_of(order.id)[-1])
    shop.clock.advance(IN_FLIGHT + timedelta(seconds=1))
    shop.notifier.take()

    report = await reconciled(shop)

    (behind,) = report.found
    assert isinstance(behind, Behind)
    assert isinstance(behind.remedy, JobRequest)
    assert (behind.side, behind.order_id, behind.remedy.name) == (Side.PAYMENTS, order.id, JobName.CHECK_PAYMENT)
    assert "'finished'" in behind.text
    assert shown_status(await shop.order(order.id)) is Status.WAITING
    assert len(shop.notifier.take()) == 1
    await shop.work()
    assert (await reconciled(shop)).is_clean


async def test_a_payment_of_just_now_is_under_way(shop: FakeShop) -> None:
    """Its notice may be on its way: nobody is alarmed. After a restore, everything counts."""
    order = await shop.place()
    shop.clock.advance(HOUR)
    shop.gateway.pay(shop.gateway.payments_of(order.id)[-1])

    assert (await reconciled(shop)).is_clean
    assert reasons(await reconciled(shop, after_restore=True)) == ["behind"]


async def test_money_that_went_back_since_is_recorded(shop: FakeShop) -> None:
    """No job looks at a payment that counted: what the gateway says is recorded, as its notice would have been."""
    order = await shop.buy()
    (payment,) = shop.gateway.payments_of(order.id)
    shop.gateway.set_status(payment, "refunded")
    shop.clock.advance(HOUR)

    report = await reconciled(shop)

    assert reasons(report) == ["behind"]
    assert not (await shop.order(order.id)).is_settled
    assert open_ones(shop) == [(FindingReason.PAYMENT_RETURNED, payment)]
    assert (await reconciled(shop)).is_clean


async def test_more_money_than_counted_is_told_until_somebody_answers(shop: FakeShop) -> None:
    """Each night it is found, and shown once; a person's answer ends it, and another figure asks anew."""
    order = await shop.buy()
    (payment,) = shop.gateway.payments_of(order.id)
    due = (await shop.shop.gateway.payment(payment)).actually_paid
    shop.gateway.set_status(payment, "finished", actually_paid=due * 2)
    shop.clock.advance(HOUR)

    nights = [await reconciled(shop) for _ in range(2)]
    shown = open_ones(shop)
    await answer(shop, order.id)
    answered = await reconciled(shop)
    shop.gateway.set_status(payment, "finished", actually_paid=due * 3)
    shop.clock.advance(HOUR)

    assert [reasons(night) for night in nights] == [[FindingReason.PAYMENT_SURPLUS]] * 2
    assert shown == [(FindingReason.PAYMENT_SURPLUS, payment)]
    assert (answered.is_clean, answered.answered) == (True, 1)
    assert reasons(await reconciled(shop)) == [FindingReason.PAYMENT_SURPLUS]


async def answer(shop: FakeShop, order_id: OrderId) -> None:
    """A person settles all findings of an order."""
    for one in (await shop.order(order_id)).findings:
        await resolve_finding(shop.shop, order_id, one.id, by="admin:ann", reason="talked to the buyer")


@pytest.mark.parametrize(
    ("word", "paid"), [("waiting", None), ("expired", None), ("failed", None), ("finished", Decimal("0.00000001"))]
)
async def test_a_payment_that_the_gateway_takes_back_is_told(shop: FakeShop, word: str, paid: Decimal | None) -> None:
    """It once said "finished", and that counted: old messages apart, something is wrong there."""
    order = await shop.buy()
    (payment,) = shop.gateway.payments_of(order.id)
    shop.gateway.set_status(payment, word, **({} if paid is None else {"actually_paid": paid}))
    shop.clock.advance(HOUR)

    report = await reconciled(shop)

    assert reasons(report) == [FindingReason.PAYMENT_MISMATCH]
    assert (await shop.order(order.id)).is_settled


async def test_a_payment_that_a_person_let_count_needs_no_gateway(shop: FakeShop) -> None:
    """Whatever it says of it."""
    order = await shop.place()
    (payment,) = shop.gateway.payments_of(order.id)
    shop.gateway.pay_short(payment)
    await shop.tell(payment)
    await shop.work()
    await change_order(shop.shop, order.id, AcceptPayment(gateway_id=payment, by="admin:ann", reason="enough"))
    await shop.pass_time(HOUR)

    assert (await reconciled(shop)).is_clean


async def test_a_payment_that_the_gateway_does_not_know_is_told(shop: FakeShop) -> None:
    """Another API key than the one that it was opened with, most likely."""
    order = await delivered(shop)

    async def nobody(gateway_id: str) -> PaymentReading:
        """Know none."""
        raise NotFound("payment", gateway_id)

    shop.shop = attrs.evolve(shop.shop, gateway=Overridden(shop.gateway, payment=nobody))

    assert reasons(await reconciled(shop)) == [FindingReason.PAYMENT_UNKNOWN]
    assert open_ones(shop) == [(FindingReason.PAYMENT_UNKNOWN, shop.gateway.payments_of(order.id)[0])]


async def test_a_gateway_that_wants_us_to_wait_is_waited_for(shop: FakeShop) -> None:
    """Our own limit of two questions a second, say; who says nothing is asked three times."""
    await delivered(shop)
    away = Unavailable("payment gateway", "our own rate limit is used up", retry_after=timedelta(seconds=3))
    shop.gateway.faults.before("payment", *[away] * 10)
    waited: list[timedelta] = []

    assert (await reconciled(shop, waited=waited)).is_clean
    assert waited == [timedelta(seconds=3)] * 10
    for failures in ([away] * 11, [Unavailable("payment gateway", "away")] * 3):
        shop.gateway.faults.before("payment", *failures)
        with pytest.raises(Unavailable):
            await reconciled(shop, waited=waited)

    assert waited[-2:] == [timedelta(seconds=2)] * 2
    assert len(waited) == 22


async def test_a_ledger_that_lacks_an_entry_is_told(shop: FakeShop) -> None:
    """Both are written in one commit: somebody's hand, or a fault."""
    await delivered(shop)
    shop.storage.database.ledger.clear()

    report = await reconciled(shop)

    assert reasons(report) == [FindingReason.RECONCILIATION] * 2
    assert [one.text.partition(" ")[0] for one in report.found] == ["Payment", "Purchase"]
    assert report.charged != report.booked == {}


async def test_a_top_up_has_an_entry_of_its_own(shop: FakeShop) -> None:
    """And counts with the first."""
    order = await shop.place()
    (payment,) = shop.gateway.payments_of(order.id)
    for part in (shop.gateway.pay_short, shop.gateway.pay):
        part(payment)
        await shop.tell(payment)
        await shop.work()
    await shop.pass_time(HOUR)

    entries = [one for one in shop.storage.database.ledger.values() if one.kind is LedgerKind.RECEIVED]
    assert len(entries) == 2
    assert (await reconciled(shop)).is_clean


async def test_a_purchase_whose_answer_was_lost_is_looked_up_at_once(shop: FakeShop) -> None:
    """It waits for the next rung of its ladder; the supplier has it."""
    shop.supplier.lose_next_answer()
    order = await shop.buy()
    shop.clock.advance(IN_FLIGHT + timedelta(seconds=1))

    report = await reconciled(shop)

    (behind,) = report.found
    assert isinstance(behind, Behind)
    assert isinstance(behind.remedy, JobRequest)
    assert (behind.side, behind.remedy.name, behind.remedy.ref) == (Side.PURCHASES, JobName.RESERVE, f"{order.id}-1")
    await shop.work()
    assert len(await shop.bought(order.id)) == 1
    assert (await reconciled(shop)).is_clean


async def test_charges_in_the_ledger_are_held_against_each_purchase(shop: FakeShop) -> None:
    """An entry that says another amount than the order."""
    order = await delivered(shop)
    (name,) = await shop.bought(order.id)
    database = shop.storage.database
    database.ledger[LedgerKind.CHARGED, name] = attrs.evolve(
        database.ledger[LedgerKind.CHARGED, name], amount=Decimal("7.00")
    )

    report = await reconciled(shop)

    assert reasons(report) == [FindingReason.RECONCILIATION]
    assert "the ledger has 7.00 EUR" in report.found[0].text


async def test_a_payment_without_a_name_is_passed_over(shop: FakeShop) -> None:
    """The gateway never answered: with an API key alone, nobody can be asked about it."""
    shop.gateway.loses_the_answer()
    await shop.place()
    shop.clock.advance(HOUR)

    report = await reconciled(shop)

    assert (report.orders, report.payments, report.is_clean) == (1, 0, True)
