"""
What a person is told when something goes wrong, word for word (`told_by_jobs.txt`), and what becomes of the webhook.

`case | reason | order | subject | how heavy | money | words`, in the order in which it was told; and
`case | webhook | status | order | result` for each webhook that came in.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy, Repost
from bitloot_core.order.reservations import SupplierWord
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.replay_webhook import replay_webhook
from bitloot_core.values.errors import Corrupt, NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierProductId

DAY = timedelta(days=1)
KNOWN = Path(__file__).with_name("told_by_jobs.txt").read_text(encoding="utf-8").splitlines()
PATIENT = Policy(webhook_patience=timedelta(minutes=10))
Case = Callable[[FakeShop], Awaitable[object]]


async def delivered(shop: FakeShop, quantity: int = 1) -> Order:
    """An order that has its keys."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    return await shop.order(order.id)


async def lists(shop: FakeShop, order: Order, *more: SupplierKeyId, word: SupplierWord) -> None:
    """The supplier lists these strange keys besides, and has this word for the purchase."""
    (purchase,) = await shop.bought(order.id)
    keys = await shop.supplier.keys_of(purchase)
    strange = tuple(attrs.evolve(keys[0], id=one, product_id=SupplierProductId("something else")) for one in more)
    truth = await shop.supplier.status(purchase)
    shop.supplier_says(keys_of=(*keys, *strange), status=attrs.evolve(truth, word=word))
    await shop.pass_time(timedelta(minutes=5))


async def too_few_keys(shop: FakeShop) -> None:
    """Complete, says the supplier, and shows one of two."""
    order = await shop.buy(2)
    await shop.deliver(order.id, 1)
    await lists(shop, order, word=SupplierWord.COMPLETED)


async def enough_keys_of_which_one_is_strange(shop: FakeShop) -> None:
    """The buyer's are there; the other one is not taken."""
    order = await shop.buy()
    await shop.deliver(order.id)
    await lists(shop, order, SupplierKeyId("z"), word=SupplierWord.COMPLETED)


async def too_few_keys_of_a_purchase_that_fell(shop: FakeShop) -> None:
    """That it fell is all there is to tell, however long ago it was made."""
    order = await shop.buy(2)
    await shop.deliver(order.id, 1)
    shop.clock.advance(2 * DAY)
    await lists(shop, order, word=SupplierWord.CANCELLED)


async def no_key_for_a_day(shop: FakeShop) -> None:
    """The supplier is slow."""
    await shop.buy()
    await shop.pass_time(DAY + timedelta(minutes=31))


async def all_keys_after_more_than_a_day(shop: FakeShop) -> None:
    """They are here: nobody needs to know how long it took."""
    order = await shop.buy()
    await shop.deliver(order.id)
    shop.clock.advance(2 * DAY)
    await shop.work()


async def a_key_of_another_order(shop: FakeShop) -> None:
    """The supplier hands it out a second time, beside a good one."""
    first, second = await delivered(shop), await shop.buy(2)
    await shop.deliver(second.id)
    theirs = await shop.supplier.keys_of((await shop.bought(first.id))[0])
    good, _ = await shop.supplier.keys_of((await shop.bought(second.id))[0])
    shop.supplier_says(keys_of=(*theirs, good))
    await shop.pass_time(timedelta(seconds=15))


async def a_purchase_under_another_reference(shop: FakeShop) -> None:
    """No key of it is taken."""
    order = await shop.buy()
    (purchase,) = await shop.bought(order.id)
    shop.supplier_says(status=attrs.evolve(await shop.supplier.status(purchase), ref=ExternalRef("o9-1")))
    await shop.pass_time(timedelta(seconds=15))


async def a_find_that_is_not_what_was_asked_for(shop: FakeShop) -> None:
    """Paid for all the same."""
    await shop.settle((await shop.place()).id)
    shop.supplier.lose_next_answer()
    await shop.work()
    (purchase,) = shop.supplier.purchases
    shop.supplier_says(find=(attrs.evolve(purchase, quantities={SupplierProductId("something else"): 5}),))
    await shop.pass_time(timedelta(minutes=1))


async def an_answer_that_names_anothers_purchase(shop: FakeShop) -> None:
    """Nothing is taken over."""
    first = await shop.buy()
    (theirs,) = await shop.bought(first.id)
    second = await shop.settle((await shop.place()).id)
    truth = await shop.supplier.status(theirs)
    shop.supplier_says(find=(attrs.evolve(truth, ref=ExternalRef(f"{second.id}-1")),))
    await shop.work()


async def no_answer_to_a_purchase(shop: FakeShop) -> None:
    """This shop lets a person decide whether it is sent again."""
    shop.shop = attrs.evolve(shop.shop, policy=Policy(repost=Repost.OPERATOR))
    await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))
    await shop.pass_time(timedelta(hours=1))


async def a_notice_about_a_payment_that_the_gateway_does_not_know(shop: FakeShop) -> None:
    """Announced, and not there when it is asked for."""
    (gateway_id,) = shop.gateway.payments_of((await shop.place()).id)
    shop.gateway.pay(gateway_id)
    await shop.tell(gateway_id)
    shop.gateway.faults.before("payment", NotFound("payment", gateway_id))
    await shop.work()


async def a_notice_about_nobodys_payment(shop: FakeShop) -> None:
    """Money for no order of ours."""
    (gateway_id,) = shop.gateway.payments_of((await shop.place()).id)
    child = shop.gateway.deposit_again(gateway_id)
    shop.gateway.set_status(child, "finished", order_ref=None, parent_id=None)
    await shop.tell(child)
    await shop.work()


async def a_payment_that_the_gateway_forgot(shop: FakeShop) -> None:
    """It is looked at, and is not there."""
    (gateway_id,) = shop.gateway.payments_of((await shop.place()).id)
    shop.gateway.faults.before("payment", NotFound("payment", gateway_id))
    await shop.pass_time(timedelta(seconds=30))


async def an_event_about_nobodys_purchase(shop: FakeShop) -> None:
    """It waits for our own answer first, and not for ever."""
    shop.shop = attrs.evolve(shop.shop, policy=PATIENT)
    order = await shop.buy()
    stray = await shop.supplier.reserve(order.reservations[0].plan.items, ref=ExternalRef("theirs-1"))
    await shop.hear(stray.supplier_order_id)
    await shop.pass_time(2 * PATIENT.webhook_patience)


async def an_event_that_overtakes_the_answer(shop: FakeShop) -> None:
    """The supplier speaks of a purchase that it never shows when it is asked."""
    shop.shop = attrs.evolve(shop.shop, policy=PATIENT)
    order = await shop.settle((await shop.place()).id)
    bought = await shop.supplier.reserve(order.reservations[0].plan.items, ref=ExternalRef(f"{order.id}-1"))
    shop.supplier_says(find=())
    shop.supplier.faults.before("reserve", *(Unavailable("supplier", "away") for _ in range(99)))
    await shop.hear(bought.supplier_order_id)
    await shop.pass_time(2 * PATIENT.webhook_patience)


async def a_mail_that_is_refused(shop: FakeShop) -> None:
    """For good."""
    shop.mailer.faults.before("send", Rejected("mailer", "no such mailbox"))
    await delivered(shop)


async def a_key_that_does_not_open(shop: FakeShop) -> None:
    """The second of three."""
    order = await delivered(shop, 3)
    shop.vault.damage(order.held[1].storage_ref)
    with pytest.raises(Corrupt, match=r"^vault: "):
        await shop.reveal()


async def a_job_that_nobody_can_do(shop: FakeShop) -> None:
    """Of an order, and of a webhook; the webhook can be run again."""
    order = await shop.buy()
    shop.supplier.faults.before("status", *(RuntimeError("odd") for _ in range(99)))
    await shop.pass_time(DAY)
    (gateway_id,) = shop.gateway.payments_of(order.id)
    shop.gateway.faults.before("payment", *(RuntimeError("odd") for _ in range(99)))
    received = await shop.tell(gateway_id)
    await replay_webhook(shop.shop, received.id, by="admin:ann", reason="a test")
    await shop.pass_time(2 * DAY)


async def a_system_that_is_away_for_long(shop: FakeShop) -> None:
    """Nothing is given up; a person is told."""
    await shop.buy()
    shop.supplier.is_down = True
    await shop.pass_time(DAY)


CASES: dict[str, Case] = {
    case.__name__.replace("_", " "): case
    for case in (
        too_few_keys,
        enough_keys_of_which_one_is_strange,
        too_few_keys_of_a_purchase_that_fell,
        no_key_for_a_day,
        all_keys_after_more_than_a_day,
        a_key_of_another_order,
        a_purchase_under_another_reference,
        a_find_that_is_not_what_was_asked_for,
        an_answer_that_names_anothers_purchase,
        no_answer_to_a_purchase,
        a_notice_about_a_payment_that_the_gateway_does_not_know,
        a_notice_about_nobodys_payment,
        a_payment_that_the_gateway_forgot,
        an_event_about_nobodys_purchase,
        an_event_that_overtakes_the_answer,
        a_mail_that_is_refused,
        a_key_that_does_not_open,
        a_job_that_nobody_can_do,
        a_system_that_is_away_for_long,
    )
}


async def lines(name: str) -> list[str]:
    """What a case tells, as the file has it."""
    shop = FakeShop()
    await shop.offer(a_product("game"))
    await CASES[name](shop)
    database = shop.storage.database
    findings = [row.finding for row in database.findings.values()]
    told = [
        f"{name} | {one.reason} | {one.order_id} | {one.subject} | {'blocking' if one.blocking else 'beside'}"
        f" | {one.amount} | {one.text}"
        for one in findings
    ]
    webhooks = [
        f"{name} | webhook | {one.status} | {one.order_id} | {one.result}" for one in database.webhooks.values()
    ]
    return [*told, *webhooks]


@pytest.mark.parametrize("name", CASES)
async def test_people_are_told_word_for_word(name: str) -> None:
    """Of which order, about what, how heavy, with what money at stake; and the webhook says what came of it."""
    assert [line for line in KNOWN if line.startswith(f"{name} | ")] == await lines(name)


def test_every_line_is_of_a_case() -> None:
    """None is left behind when a case is renamed."""
    assert {line.partition(" | ")[0] for line in KNOWN} <= set(CASES)
