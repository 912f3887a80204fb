"""Whole lives, told from the outside, as the buyer and the operator see them."""

from datetime import timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from bitloot_core.order.order import Fulfilled
from bitloot_core.order.policy import Policy
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.ports.inbox import WebhookStatus
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import BUYER, FakeShop
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.reveal_keys import Visitor, look_at_link, reveal_keys
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId, ProductId, SupplierProductId


async def test_an_order_goes_from_the_basket_to_the_keys(shop: FakeShop) -> None:
    """Each step that a buyer sees, with the status word that goes with it."""
    items = tuple(Item(product_id=ProductId(name), quantity=n) for name, n in (("game", 11), ("other", 2)))
    seen = []
    order = await place_order(shop.shop, PlaceOrder(email=BUYER, items=items, pay_currency="btc"))
    seen.append(shown_status(order))
    (gateway_id,) = shop.gateway.payments_of(order.id)
    for word in ("confirming", "sending"):
        shop.gateway.set_status(gateway_id, word)
        await shop.tell(gateway_id)
        await shop.work()
    seen.append(shown_status(await shop.order(order.id)))
    await shop.pay(order.id)
    seen.append(shown_status(await shop.order(order.id)))
    await shop.deliver(order.id)
    await shop.pass_time(timedelta(seconds=15))
    seen.append(shown_status(await shop.order(order.id)))

    view = await look_at_link(shop.shop, shop.token())
    revealed = await reveal_keys(shop.shop, shop.token(), Visitor(address="192.0.2.7", agent="a browser"))

    assert seen == [Status.WAITING, Status.CONFIRMING, Status.FULFILLING, Status.FULFILLED]
    assert (view.ready, view.owed) == (13, 0)
    assert len({key.material.content for key in revealed.keys}) == 13
    assert [key.product_id for key in revealed.keys] == ["game"] * 11 + ["other"] * 2
    assert len(shop.mailer.sent) == 1
    assert len(shop.storage.database.accesses) == 13


async def test_ninety_keys_are_delivered(shop: FakeShop) -> None:
    """The most that one order may have, in ten purchases."""
    order = await shop.place(90)

    await shop.fulfil(order.id)

    assert len(await shop.reveal()) == 90
    assert len(shop.supplier.purchases) == 10


async def test_a_game_now_and_another_when_it_is_released(shop: FakeShop) -> None:
    """The preorder does not hold up what is there; the buyer is told of both."""
    soon = (shop.clock.now() + timedelta(days=30)).date()
    await shop.offer(attrs.evolve(a_product("soon"), release_date=soon))
    shop.supplier.preorder_open(SupplierProductId("supplier-soon"), 5)
    items = tuple(Item(product_id=ProductId(name), quantity=1) for name in ("game", "soon"))
    order = await place_order(shop.shop, PlaceOrder(email=BUYER, items=items, pay_currency="btc"))
    await shop.pay(order.id)
    now, later = await shop.bought(order.id)
    shop.supplier.deliver(now)
    await shop.pass_time(timedelta(hours=1))
    first = await shop.reveal()
    shop.supplier.deliver(later)

    await shop.pass_time(timedelta(days=31))

    assert len(first) == 1
    assert isinstance((await shop.order(order.id)).closing, Fulfilled)
    assert [(sent.mail.ready, sent.mail.owed) for sent in shop.mailer.sent] == [(1, 1), (2, 0)]
    assert len(await shop.reveal()) == 2


POLICY = Policy(
    payment_poll=(timedelta(seconds=30), timedelta(hours=12)),
    supplier_poll=(timedelta(seconds=15), timedelta(hours=6)),
    retry_most=timedelta(hours=4),
)
"""Patient, so that ten days are quick."""
TROUBLE = {
    "gateway": [Unavailable("payment gateway", "away"), Unknown("payment gateway", "?")],
    "supplier": [Unavailable("supplier", "away"), Unknown("supplier", "?"), ValueError("odd")],
    "vault": [Unavailable("vault", "away"), ValueError("odd")],
    "mailer": [Unavailable("mailer", "away"), Unknown("mailer", "?"), Rejected("mailer", "no such mailbox")],
}
CALLS = {
    "gateway": ["create_payment", "payment", "coins", "minimum"],
    "supplier": ["reserve", "find", "status", "keys_of"],
    "vault": ["save_keys", "discard"],
    "mailer": ["send"],
}
EVENTS = ("pay", "pay short", "expire", "tell", "deliver", "cancel purchase", "event", "minute", "hour", "day", "work")


@given(st.data())
async def test_no_order_ever_rests_without_a_reason(data: st.DataObject) -> None:
    """I1, I2, I3, I10: whatever fails, in whatever order: bought once, and never forgotten."""
    shop = FakeShop(policy=POLICY)
    await shop.offer(a_product("game"))
    for port, calls in CALLS.items():
        for call in calls:
            errors = data.draw(st.lists(st.sampled_from(TROUBLE[port]), max_size=3), label=f"{port}.{call}")
            getattr(shop, port).faults.before(call, *errors)
    if data.draw(st.booleans(), label="the first answer is lost"):
        shop.supplier.lose_next_answer()
    order = await shop.place(data.draw(st.integers(1, 11), label="quantity"))

    for event in data.draw(st.lists(st.sampled_from(EVENTS), max_size=15), label="events"):
        await happen(shop, order.id, event)
    await shop.pass_time(timedelta(days=10))

    order = await shop.order(order.id)
    refs = [purchase.ref for purchase in shop.supplier.purchases]
    keys = [unit.supplier_key_id for unit in order.held]
    assert len(refs) == len(set(refs)), "I1"
    assert len(keys) == len(set(keys)), "I2"
    assert order.is_settled or not shop.supplier.purchases, "I3"
    resting = status_of(order) in {Status.FULFILLED, Status.REFUNDED, Status.CANCELLED, Status.EXPIRED, Status.FAILED}
    assert resting or order.findings or shop.living(), "I10"
    waiting = [hook for hook in shop.storage.database.webhooks.values() if hook.status is WebhookStatus.PENDING]
    assert not waiting, "I5"


async def happen(shop: FakeShop, order_id: OrderId, event: str) -> None:
    """Let one thing happen outside."""
    payments, purchases = shop.gateway.payments_of(order_id), shop.supplier.purchases
    match event:
        case "minute" | "hour" | "day":
            await shop.pass_time({"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}.get(event, timedelta(1)))
        case "work":
            await shop.work()
        case "pay" if payments:
            shop.gateway.pay(payments[-1])
        case "pay short" if payments:
            shop.gateway.pay_short(payments[-1])
        case "expire" if payments:
            shop.gateway.expire(payments[-1])
        case "tell" if payments:
            await shop.tell(payments[-1])
        case "deliver" if purchases:
            shop.supplier.deliver(purchases[0].supplier_order_id, 1)
        case "cancel purchase" if purchases:
            shop.supplier.cancel(purchases[0].supplier_order_id)
        case "event" if purchases:
            await shop.hear(purchases[-1].supplier_order_id)
        case _:
            pass
