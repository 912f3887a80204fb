"""What a person decides about an order that is stuck, or about its keys, from the press to the mail."""

from datetime import timedelta

import pytest

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.order.status import Status, shown_status
from bitloot_core.order.units import ReplacedUnit
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import accept_payment, cancel_order, record_refund, retry_order
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.staff_actions import park_order, rebuy, replace_key, unpark_order
from bitloot_core.values.ids import SupplierProductId, UnitId

BY = {"by": "admin:ann", "reason": "asked for"}
GAME = SupplierProductId("supplier-game")


async def fulfilled(shop: FakeShop, quantity: int = 1) -> Order:
    """An order with all its keys."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    return await shop.order(order.id)


async def acts(shop: FakeShop) -> list[StaffAct]:
    """What the staff did, newest first."""
    return [row.act for row in (await shop.shop.audit.acts(ActFilter(), Slice())).items]


async def test_a_bad_key_is_replaced_by_another_that_is_bought(shop: FakeShop) -> None:
    """The buyer gets a mail, and sees the good keys only; the order was never anything but fulfilled."""
    order = await fulfilled(shop, 2)
    before = await shop.reveal()

    await replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=False, **BY)
    await shop.work()
    seen = shown_status(await shop.order(order.id))
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    after = await shop.order(order.id)
    keys = await shop.reveal()
    assert {Status.FULFILLED} == {seen, shown_status(after)}
    assert (len(after.reservations), len(shop.mailer.sent)) == (2, 2)
    assert (len(keys), len(set(keys) & set(before))) == (2, 1)
    assert isinstance(after.unit(UnitId("1.1")), ReplacedUnit)


async def test_the_old_link_is_gone_with_the_bad_key(shop: FakeShop) -> None:
    """The mail about the new key carries a link of its own."""
    order = await fulfilled(shop)
    old = shop.token()

    await replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=False, **BY)
    await shop.work()
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=1))

    assert old != shop.token()


async def test_a_key_that_the_supplier_replaces_is_waited_for(shop: FakeShop) -> None:
    """Nothing is bought; if it does not come, a person is told."""
    order = await fulfilled(shop)

    await replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=True, **BY)
    await shop.pass_time(timedelta(minutes=10))

    after = await shop.order(order.id)
    assert len(shop.supplier.purchases) == 1
    assert [str(one.reason) for one in after.findings] == ["keys-missing"]
    assert Status.FULFILLED is shown_status(after)


async def test_a_replacement_that_was_not_for_the_supplier_alarms_nobody(shop: FakeShop) -> None:
    """A purchase of which one key was bad still brought what it should."""
    order = await shop.buy(2)
    await shop.deliver(order.id, 1)
    await shop.pass_time(timedelta(minutes=1))

    held = (await shop.order(order.id)).held[0]
    await replace_key(shop.shop, order.id, held.id, from_supplier=False, **BY)
    await shop.work()
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(minutes=30))

    after = await shop.order(order.id)
    assert (shown_status(after), after.findings, len(after.held)) == (Status.FULFILLED, (), 2)


async def test_what_the_supplier_refused_is_bought_when_a_person_says_so(shop: FakeShop) -> None:
    """And not before."""
    shop.supplier.in_stock(GAME, 0)
    order = await shop.place()
    await shop.pay(order.id)
    await shop.pass_time(timedelta(hours=1))
    shop.supplier.in_stock(GAME, 5)

    await rebuy(shop.shop, order.id, **BY)
    await shop.work()

    assert Status.FULFILLING is shown_status(await shop.order(order.id))
    assert len(shop.supplier.purchases) == 1


async def test_nothing_is_bought_for_an_order_that_was_put_aside(shop: FakeShop) -> None:
    """However long it is; it is bought when it is taken up again, at once."""
    order = await shop.place()
    await shop.settle(order.id)
    await park_order(shop.shop, order.id, **BY)
    await shop.pass_time(timedelta(hours=5))
    while_aside = (shown_status(await shop.order(order.id)), shop.supplier.purchases)

    await unpark_order(shop.shop, order.id, **BY)
    await shop.work()

    assert while_aside == (Status.ATTENTION, ())
    assert len(shop.supplier.purchases) == 1


async def test_nothing_is_mailed_for_an_order_that_was_put_aside(shop: FakeShop) -> None:
    """Its keys are kept; the mail goes out afterwards, once."""
    order = await shop.buy()
    await park_order(shop.shop, order.id, **BY)
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(hours=2))
    mailed = len(shop.mailer.sent)

    await unpark_order(shop.shop, order.id, **BY)
    await shop.pass_time(timedelta(hours=2))

    after = await shop.order(order.id)
    assert (mailed, len(shop.mailer.sent)) == (0, 1)
    assert (shown_status(after), after.findings) == (Status.FULFILLED, ())


async def test_whatever_the_staff_does_is_written_down(shop: FakeShop) -> None:
    """Who, what, to which order and why; and once, if it was pressed twice."""
    order = await fulfilled(shop)
    unpaid = await shop.place()

    await resend_link(shop.shop, order.id, **BY)
    await replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=False, **BY)
    for _ in range(2):
        await park_order(shop.shop, order.id, **BY)
        await unpark_order(shop.shop, order.id, **BY)
        await cancel_order(shop.shop, unpaid.id, **BY)
    await retry_order(shop.shop, order.id, **BY)
    await record_refund(shop.shop, order.id, **BY)

    written = [(act.action, act.order_id, act.subject) for act in reversed(await acts(shop))]
    assert [
        (Action.RESEND, order.id, ""),
        (Action.REPLACE_KEY, order.id, "1.1"),
        (Action.PARK, order.id, ""),
        (Action.UNPARK, order.id, ""),
        (Action.CANCEL, unpaid.id, ""),
        (Action.PARK, order.id, ""),
        (Action.UNPARK, order.id, ""),
        (Action.RETRY, order.id, ""),
        (Action.REFUND, order.id, ""),
    ] == written
    assert {("admin:ann", "asked for")} == {(act.actor, act.reason) for act in await acts(shop)}


async def test_what_the_buyer_does_is_no_act_of_the_staff(shop: FakeShop) -> None:
    """A fresh link that the buyer asked for."""
    order = await fulfilled(shop)

    await resend_link(shop.shop, order.id, by="buyer")

    assert await acts(shop) == []


async def test_an_accepted_payment_is_named_in_the_audit(shop: FakeShop) -> None:
    """An order can have several."""
    order = await shop.place()
    name = shop.gateway.payments_of(order.id)[0]
    shop.gateway.pay_short(name)
    await shop.tell(name)
    await shop.work()

    await accept_payment(shop.shop, order.id, name, **BY)

    assert [(Action.ACCEPT_PAYMENT, name)] == [(act.action, act.subject) for act in await acts(shop)]


async def test_a_refused_press_leaves_no_act(shop: FakeShop) -> None:
    """Nothing was done."""
    order = await shop.place()

    with pytest.raises(Exception, match="no money was ever seen"):
        await record_refund(shop.shop, order.id, **BY)

    assert await acts(shop) == []
