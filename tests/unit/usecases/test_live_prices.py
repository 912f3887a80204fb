"""Nothing is sent above its cap, nor on a price that was looked at too long ago."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.order.order import Order
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.reservations import DoubtfulReservation, KeyType, PlacedReservation, RefusedReservation
from bitloot_core.order.status import Status, shown_status
from bitloot_core.ports.supplier_catalogue import SupplierOffer, SupplierProduct
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_job, a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund, resolve_finding, retry_order
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.run_job import run_job
from bitloot_core.usecases.staff_actions import rebuy
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money

GAME = SupplierProductId("supplier-game")
ANN = {"by": "admin:ann", "reason": "the price came down"}


def after_a_look(shop: FakeShop, then: Callable[[], None]) -> list[int]:
    """Let something happen right after the first look at a price; returns what counts the looks."""
    looks: list[int] = []

    async def products(ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """What the supplier shows."""
        found = await shop.supplier.catalogue.products(ids)
        looks.append(len(found))
        if len(looks) == 1:
            then()
        return found

    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=Overridden(shop.supplier.catalogue, products=products))
    return looks


def reasons(order: Order) -> list[FindingReason]:
    """What is open on an order."""
    return [one.reason for one in order.findings]


async def doubtful(shop: FakeShop) -> Order:
    """An order whose purchase never got an answer, on the eve of being sent again."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.comes_late_next()
    await shop.work()
    return order


async def test_a_price_above_the_cap_is_put_before_a_person(shop: FakeShop) -> None:
    """**Source:** incidents.md, F17. Nothing is sent, and both figures are told."""
    shop.supplier.in_stock(GAME, 5, cost="10.01")
    order = await shop.settle((await shop.place(2)).id)

    await shop.work()

    order = await shop.order(order.id)
    (finding,) = order.findings
    assert shop.supplier.asked == {}
    assert (finding.reason, finding.subject, finding.blocking) == (FindingReason.PRICE_ABOVE_CAP, "order1-1", True)
    assert "costs 10.01 EUR now, and 10.00 EUR is the most" in finding.text
    assert finding.amount == "20.00 EUR"
    assert isinstance(order.reservations[0], RefusedReservation)
    assert shown_status(order) is Status.ATTENTION


async def test_a_price_at_the_cap_is_paid(shop: FakeShop) -> None:
    """The cap is the last price that we pay."""
    shop.supplier.in_stock(GAME, 5, cost="10.00")
    order = await shop.settle((await shop.place()).id)

    await shop.work()

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)


async def test_one_dear_product_holds_its_purchase(shop: FakeShop) -> None:
    """A purchase is all or nothing; the text names the dear one alone."""
    await shop.offer(a_product("other"))
    shop.supplier.in_stock(SupplierProductId("supplier-other"), 5, cost="99.00")
    items = tuple(Item(product_id=ProductId(name), quantity=1) for name in ("game", "other"))
    order = await place_order(shop.shop, PlaceOrder(email="buyer@example.com", items=items, pay_currency="btc"))
    await shop.settle(order.id)

    await shop.work()

    (finding,) = (await shop.order(order.id)).findings
    assert shop.supplier.asked == {}
    assert "The other of the year costs 99.00 EUR now" in finding.text
    assert "The game of the year" not in finding.text


async def test_a_price_that_moves_after_the_look_is_not_paid(shop: FakeShop) -> None:
    """The cap goes along with the purchase: the supplier refuses it."""
    order = await shop.settle((await shop.place()).id)
    after_a_look(shop, lambda: shop.supplier.in_stock(GAME, 5, cost="10.01"))

    await shop.work()

    assert shop.supplier.asked == {"order1-1": 1}
    assert shop.supplier.purchases == ()
    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_REFUSED]


async def test_without_a_price_nothing_is_sent(shop: FakeShop) -> None:
    """It is looked at again when the supplier said, and bought then."""
    order = await shop.settle((await shop.place()).id)
    shop.supplier.faults.before("products", Unavailable("supplier", "it is away", retry_after=timedelta(minutes=7)))

    await shop.work()
    await shop.pass_time(timedelta(minutes=6, seconds=59))
    assert shop.supplier.asked == {}
    await shop.pass_time(timedelta(minutes=3))

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)


async def test_nothing_is_sent_on_an_old_price(shop: FakeShop) -> None:
    """A worker that was stalled after its look gives the claim back and looks again."""
    order = await shop.settle((await shop.place()).id)
    looks = after_a_look(shop, lambda: shop.clock.advance(timedelta(seconds=61)))

    await shop.work()

    assert looks == [1, 1]
    assert shop.supplier.asked == {"order1-1": 1}
    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)


@pytest.mark.parametrize("stock", [0, 1])
async def test_too_few_are_the_suppliers_to_refuse(shop: FakeShop, stock: int) -> None:
    """Stock is a hint; a refusal under our reference is for good, and says why."""
    shop.supplier.in_stock(GAME, stock, cost="99.00")
    order = await shop.settle((await shop.place(2)).id)

    await shop.work()

    assert shop.supplier.asked == {"order1-1": 1}
    assert reasons(await shop.order(order.id)) == [FindingReason.SUPPLIER_REFUSED]


async def test_a_cap_in_another_currency_is_not_compared(shop: FakeShop) -> None:
    """No rate is guessed: the supplier's port refuses it by itself."""
    await shop.offer(attrs.evolve(a_product("dollar"), max_cost=Money.of("1.00", "USD")))
    await shop.settle((await shop.place(product="dollar")).id)

    await shop.work()

    assert shop.supplier.asked == {"order1-1": 1}


async def test_what_was_bought_already_is_taken_at_its_price(shop: FakeShop) -> None:
    """The look-up comes first: nobody asks what it would cost today."""
    order = await shop.settle((await shop.place()).id)
    await shop.supplier.reserve(order.reservations[0].plan.items, ref=order.reservations[0].plan.ref)
    shop.supplier.in_stock(GAME, 5, cost="99.00")

    await shop.work()

    assert isinstance((await shop.order(order.id)).reservations[0], PlacedReservation)
    assert reasons(await shop.order(order.id)) == []


async def test_it_is_bought_anew_when_the_price_has_come_down(shop: FakeShop) -> None:
    """Under a new attempt; pressed before that, it is told again."""
    shop.supplier.in_stock(GAME, 5, cost="10.01")
    order = await shop.settle((await shop.place()).id)
    await shop.work()
    await rebuy(shop.shop, order.id, **ANN)
    await shop.work()
    again = await shop.order(order.id)

    shop.supplier.in_stock(GAME, 5, cost="9.00")
    await retry_order(shop.shop, order.id, **ANN)
    await shop.work()

    order = await shop.order(order.id)
    assert reasons(again) == [FindingReason.PRICE_ABOVE_CAP]
    assert [RefusedReservation, RefusedReservation, PlacedReservation] == [type(res) for res in order.reservations]
    assert reasons(order) == []
    assert shop.supplier.asked == {"order1-3": 1}


async def test_the_finding_is_not_settled_while_keys_are_owed(shop: FakeShop) -> None:
    """Settling it would hide an order that nothing is going to fill."""
    shop.supplier.in_stock(GAME, 5, cost="10.01")
    order = await shop.settle((await shop.place()).id)
    await shop.work()
    (finding,) = (await shop.order(order.id)).findings

    with pytest.raises(TransitionRefused, match="paid keys are still owed"):
        await resolve_finding(shop.shop, order.id, finding.id, **ANN)


async def test_a_purchase_in_doubt_stays_in_doubt(shop: FakeShop) -> None:
    """That it is too dear today says nothing of whether it was made: it can still turn up, and then counts."""
    order = await doubtful(shop)
    shop.supplier.in_stock(GAME, 5, cost="10.01")

    await shop.pass_time(timedelta(hours=1))

    dear = await shop.order(order.id)
    assert isinstance(dear.reservations[0], DoubtfulReservation)
    assert reasons(dear) == [FindingReason.PRICE_ABOVE_CAP]
    assert shop.supplier.asked == {"order1-1": 1}


async def test_a_purchase_in_doubt_is_sent_again_when_the_price_has_come_down(shop: FakeShop) -> None:
    """Under the same reference, once a person says so; what was told is settled by it."""
    order = await doubtful(shop)
    shop.supplier.in_stock(GAME, 5, cost="10.01")
    await shop.pass_time(timedelta(hours=1))

    shop.supplier.in_stock(GAME, 5, cost="10.00")
    await retry_order(shop.shop, order.id, **ANN)
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], PlacedReservation)
    assert reasons(order) == []
    assert shop.supplier.asked == {"order1-1": 2}


async def test_a_purchase_that_turns_up_settles_the_finding(shop: FakeShop) -> None:
    """The supplier's event says that it was made after all, at the old price."""
    order = await doubtful(shop)
    shop.supplier.in_stock(GAME, 5, cost="10.01")
    await shop.pass_time(timedelta(hours=1))
    shop.supplier.in_stock(GAME, 5, cost="5.00")
    shop.supplier.late_effects_happen()

    await shop.hear(shop.supplier.purchases[0].supplier_order_id)
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], PlacedReservation)
    assert reasons(order) == []


async def test_a_refunded_order_is_told_no_price(shop: FakeShop) -> None:
    """Nothing is bought for it, whatever it would cost: there is nothing to retry."""
    order = await doubtful(shop)
    await record_refund(shop.shop, order.id, **ANN)
    shop.supplier.in_stock(GAME, 5, cost="10.01")

    await shop.pass_time(timedelta(hours=1))

    assert reasons(await shop.order(order.id)) == []
    assert shop.supplier.asked == {"order1-1": 1}


async def test_a_look_does_not_refuse_what_another_worker_has_sent(shop: FakeShop) -> None:
    """I1: it may have been bought; called refused, it would be bought anew under another reference."""
    order = await shop.settle((await shop.place()).id)
    rest = a_job(order.id, name=JobName.FULFILL_ORDER, order_id=order.id, due_at=shop.clock.now())
    looks: list[int] = []

    async def products(ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """What the supplier shows; the other worker is quicker, hears no answer, and then the price goes up."""
        looks.append(len(ids))
        if len(looks) == 1:
            shop.supplier.lose_next_answer()
            await run_job(shop.shop, await shop.shop.jobs.ask(rest, now=shop.clock.now()))
            shop.supplier.in_stock(GAME, 5, cost="10.01")
        return await shop.supplier.catalogue.products(ids)

    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=Overridden(shop.supplier.catalogue, products=products))
    await shop.pass_time(timedelta(minutes=1))

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], PlacedReservation)
    assert reasons(order) == []
    assert len(shop.supplier.purchases) == 1


async def test_a_refund_during_the_look_ends_the_doubt(shop: FakeShop) -> None:
    """Nothing is sent again, and the money is no longer in doubt."""
    order = await doubtful(shop)

    async def products(ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """What the supplier shows, while a person is quicker."""
        await record_refund(shop.shop, order.id, **ANN)
        return await shop.supplier.catalogue.products(ids)

    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=Overridden(shop.supplier.catalogue, products=products))
    await shop.pass_time(timedelta(hours=1))

    order = await shop.order(order.id)
    assert isinstance(order.reservations[0], RefusedReservation)
    assert reasons(order) == []
    assert shop.supplier.asked == {"order1-1": 1}


@pytest.mark.parametrize(("key_type", "is_bought"), [(KeyType.TEXT, False), (KeyType.ANY, True)])
async def test_the_price_of_the_form_that_is_bought_counts(
    shop: FakeShop, key_type: KeyType, *, is_bought: bool
) -> None:
    """Text for more than the cap is not bought because a picture would cost less."""
    await shop.offer(attrs.evolve(a_product("game"), key_type=key_type))
    picture = SupplierOffer(cost=Money.of("4.00", "EUR"), stock=1, text_stock=0)
    text = SupplierOffer(cost=Money.of("10.01", "EUR"), stock=1, text_stock=1)

    async def products(ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """What the supplier shows."""
        return tuple(attrs.evolve(one, offers=(picture, text)) for one in await shop.supplier.catalogue.products(ids))

    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=Overridden(shop.supplier.catalogue, products=products))

    order = await shop.buy()

    assert (order.reservations[0].__class__ is PlacedReservation) is is_bought
    assert reasons(order) == ([] if is_bought else [FindingReason.PRICE_ABOVE_CAP])
