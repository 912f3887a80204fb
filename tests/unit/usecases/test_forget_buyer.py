"""Erasing who bought, on request: refused while somebody has to write to them, and complete afterwards."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.actions import Action
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.ports.queries import OrderFilter, Slice
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import BUYER, FakeShop
from bitloot_core.usecases.forget_buyer import Forgotten, forget_buyer, forget_everywhere
from bitloot_core.usecases.resend_link import resend_link
from bitloot_core.usecases.reveal_keys import Visitor, reveal_keys
from bitloot_core.usecases.sweep import sweep
from bitloot_core.values.errors import NotFound, StaleOrder, Unavailable
from bitloot_core.values.ids import OrderId

MINUTE = timedelta(minutes=1)
WHO = {"by": "admin:ann", "reason": "asked for by mail"}


async def everywhere(shop: FakeShop, email: str = BUYER) -> list[Forgotten]:
    """Forget a buyer."""
    return [one async for one in forget_everywhere(shop.shop, email, **WHO)]


async def test_a_delivered_order_forgets_its_buyer(shop: FakeShop) -> None:
    """The address is in no list and no timeline; the books are as they were."""
    order = await shop.place()
    await shop.fulfil(order.id)
    await shop.reveal()
    before = await shop.shop.queries.dossier(order.id)

    after = await forget_buyer(shop.shop, order.id, **WHO)

    dossier = await shop.shop.queries.dossier(order.id)
    assert after.email is None
    assert BUYER not in repr(dossier)
    assert dossier.ledger == before.ledger
    assert dossier.timeline[-1].text == "Who bought was erased by admin:ann: asked for by mail"
    assert dossier.timeline[-1].public_text is None
    ((_, access),) = await shop.shop.queries.accesses(order.id)
    assert (access.address, access.agent, access.at) == ("", "", shop.clock.now())


async def test_forgetting_twice_is_forgetting_once(shop: FakeShop) -> None:
    """The second call finds nothing to erase."""
    order = await shop.place()
    await shop.fulfil(order.id)
    first = await forget_buyer(shop.shop, order.id, **WHO)

    assert await forget_buyer(shop.shop, order.id, **WHO) == first


async def test_an_order_that_does_not_exist_is_said_so(shop: FakeShop) -> None:
    """A slip of the keyboard must not look like an erasure."""
    with pytest.raises(NotFound):
        await forget_buyer(shop.shop, OrderId("nobody"), **WHO)


async def test_a_buyer_who_waits_for_keys_is_not_forgotten(shop: FakeShop) -> None:
    """A delivery is outstanding."""
    order = await shop.buy()

    with pytest.raises(TransitionRefused) as refused:
        await forget_buyer(shop.shop, order.id, **WHO)

    assert refused.value.code == "buyer-needed"
    assert (await shop.order(order.id)).email == BUYER


async def test_a_buyer_whose_mail_was_not_sent_is_not_forgotten(shop: FakeShop) -> None:
    """The order is fulfilled, but its link is still on its way; once it is sent, nothing is in the way."""
    order = await shop.place()
    shop.mailer.faults.before("send", Unavailable("mailer", "is away"))
    await shop.fulfil(order.id)

    with pytest.raises(TransitionRefused) as refused:
        await forget_buyer(shop.shop, order.id, **WHO)

    assert refused.value.code == "buyer-needed"
    await shop.pass_time(timedelta(minutes=5))
    assert len(shop.mailer.sent) == 1
    assert (await forget_buyer(shop.shop, order.id, **WHO)).email is None


async def test_a_buyer_whose_mail_was_lost_is_not_forgotten(shop: FakeShop) -> None:
    """A bad restore took the mail's job: the next sweep asks for it again, and then nothing is in the way."""
    order = await shop.place()
    shop.mailer.faults.before("send", Unavailable("mailer", "is away"))
    await shop.fulfil(order.id)
    shop.lose_jobs()

    with pytest.raises(TransitionRefused) as refused:
        await forget_buyer(shop.shop, order.id, **WHO)

    assert refused.value.code == "buyer-needed"
    shop.clock.advance(MINUTE)
    assert [asked async for asked in sweep(shop.shop, untouched_for=timedelta())] == [1]
    await shop.work()
    assert len(shop.mailer.sent) == 1
    assert (await forget_buyer(shop.shop, order.id, **WHO)).email is None


async def test_a_buyer_who_asks_for_a_link_meanwhile_is_not_forgotten(shop: FakeShop) -> None:
    """Between our look at the jobs and our write: we look again."""
    order = await shop.place()
    await shop.fulfil(order.id)
    jobs_of = shop.storage.loose_ends.jobs_of
    asked = []

    async def and_then_a_link(order_id: OrderId) -> object:
        """As if it came just then."""
        found = await jobs_of(order_id)
        if not asked:
            asked.append(await resend_link(shop.shop, order_id, by="buyer"))
        return found

    busy = attrs.evolve(shop.shop, loose_ends=Overridden(shop.storage.loose_ends, jobs_of=and_then_a_link))

    with pytest.raises(TransitionRefused):
        await forget_buyer(busy, order.id, **WHO)

    await shop.work()
    assert len(shop.mailer.sent) == 2


async def test_somebody_who_is_always_quicker_is_told_of(shop: FakeShop) -> None:
    """It ends, and nothing is erased."""
    order = await shop.place()
    await shop.fulfil(order.id)

    async def always_late(_: object) -> object:
        """Somebody else has written."""
        raise StaleOrder(order.id)

    busy = attrs.evolve(shop.shop, orders=Overridden(shop.storage.store, commit=always_late))

    with pytest.raises(StaleOrder):
        await forget_buyer(busy, order.id, **WHO)

    assert (await shop.order(order.id)).email == BUYER


async def test_nobody_is_mailed_after_that(shop: FakeShop) -> None:
    """A fresh link is refused, and the old one stays good: it is the way to the keys, and names nobody."""
    order = await shop.place()
    await shop.fulfil(order.id)
    token = shop.token()
    await forget_buyer(shop.shop, order.id, **WHO)

    with pytest.raises(TransitionRefused) as refused:
        await resend_link(shop.shop, order.id, by="buyer")

    assert refused.value.code == "buyer-forgotten"
    revealed = await reveal_keys(shop.shop, token, Visitor(address="192.0.2.7", agent="a browser"))
    assert len(revealed.keys) == 1
    ((_, access),) = await shop.shop.queries.accesses(order.id)
    assert (access.address, access.agent) == ("", "")


async def test_late_money_for_a_forgotten_buyer_buys_nothing(shop: FakeShop) -> None:
    """The gateway tells of it, and a person decides."""
    order = await shop.place()
    await shop.pass_time(timedelta(hours=2))
    await forget_buyer(shop.shop, order.id, **WHO)

    await shop.pay(order.id)

    late = await shop.order(order.id)
    assert not late.is_settled
    assert [finding.reason for finding in late.findings] == ["payment-mismatch"]
    assert shop.supplier.purchases == ()


async def test_a_buyer_is_forgotten_everywhere(shop: FakeShop) -> None:
    """In every order under the address, whatever its case; those that are in hand are named, and done later."""
    done, in_hand = await shop.place(), await shop.place()
    await shop.fulfil(done.id)
    await shop.pay(in_hand.id)

    first = await everywhere(shop, "BUYER@Example.com")
    await shop.deliver(in_hand.id)
    await shop.pass_time(timedelta(hours=1))
    second = await everywhere(shop)

    assert {one.order_id: one.refusal is None for one in first} == {done.id: True, in_hand.id: False}
    assert second == [Forgotten(order_id=in_hand.id, refusal=None)]
    assert await everywhere(shop) == []
    assert (await shop.shop.queries.orders(OrderFilter(email=BUYER), Slice())).items == ()


async def test_a_buyer_of_many_orders_is_forgotten_in_all(shop: FakeShop) -> None:
    """More than one page of them."""
    for _ in range(103):
        await shop.place(coin=None)
    await shop.pass_time(timedelta(hours=2))

    assert len(await everywhere(shop)) == 103
    assert await everywhere(shop) == []


async def test_who_forgot_a_buyer_and_why_is_in_the_audit(shop: FakeShop) -> None:
    """Once, of that order; a second request changes nothing and is not written."""
    order = await shop.place()
    await shop.fulfil(order.id)

    for _ in range(2):
        await forget_buyer(shop.shop, order.id, **WHO)

    acts = [(act.action, act.order_id, act.actor, act.reason) for act in shop.storage.database.acts]
    assert acts == [(Action.FORGET, order.id, WHO["by"], WHO["reason"])]
