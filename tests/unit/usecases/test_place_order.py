"""Placing an order: priced here, stored once, and paid for later if it must be."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.payments import DoubtfulPayment, IntendedPayment, OpenPayment, RefusedPayment
from bitloot_core.order.status import Status, status_of
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import BUYER, FakeShop
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.values.errors import InvalidInput, NotFound, Rejected, Unknown
from bitloot_core.values.ids import OrderId, ProductId
from bitloot_core.values.money import Money


def request(*items: tuple[str, int], email: str = BUYER, coin: str | None = "btc") -> PlaceOrder:
    """What a buyer asks for."""
    asked = tuple(Item(product_id=ProductId(name), quantity=quantity) for name, quantity in items)
    return PlaceOrder(email=email, items=asked, pay_currency=coin)


async def test_an_order_is_priced_here_and_can_be_paid(shop: FakeShop) -> None:
    """The catalogue's price counts; the payment is open, and the order waits for it for an hour."""
    order = await place_order(shop.shop, request(("game", 2), ("other", 1)))

    assert Status.WAITING is status_of(order)
    assert Money.of("38.97", "EUR") == order.total
    assert [Money.of("38.97", "EUR")] == [one.invoice.price for one in order.payments if isinstance(one, OpenPayment)]
    assert shop.clock.now() + timedelta(minutes=60) == order.expires_at
    assert order == await shop.order(order.id)


async def test_items_of_one_product_merge(shop: FakeShop) -> None:
    """The supplier takes each product once. **Source:** kinguin.md, "Calls": a productId may stand only once."""
    order = await place_order(shop.shop, request(("game", 2), ("other", 1), ("game", 3)))

    assert [(line.number, line.product_id, line.quantity) for line in order.lines] == [(1, "game", 5), (2, "other", 1)]


async def test_an_order_keeps_the_terms_under_which_it_was_placed(shop: FakeShop) -> None:
    """A later price is for later orders."""
    order = await place_order(shop.shop, request(("game", 1)))

    await shop.offer(a_product("game", price="99.00"))

    assert Money.of("12.99", "EUR") == (await shop.order(order.id)).total


async def test_an_order_without_a_coin_waits_for_one(shop: FakeShop) -> None:
    """A buyer may choose the coin later."""
    order = await place_order(shop.shop, request(("game", 1), coin=None))

    assert Status.CREATED is status_of(order)
    assert order.payments == ()
    assert [f"expire:{order.id}"] == shop.living()


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        (request(("game", 1), email="nobody"), "email", "invalid-email"),
        (request(("game", 1), ("book", 1)), "items[1].productId", "unknown-product"),
        (request(("sold-out", 1)), "items[0].productId", "unavailable-product"),
        (request(("game", 0)), "items[0].quantity", "invalid-quantity"),
        (request(("game", -1)), "items[0].quantity", "invalid-quantity"),
        (request(("game", 91)), "items[0].quantity", "invalid-quantity"),
        (request(("game", 90), ("other", 1)), "items", "too-many-units"),
        (request(("game", 60), ("game", 60)), "items", "too-many-units"),
        (request(), "items", "invalid-quantity"),
        (request(("game", 1), ("dollar", 1)), "items", "mixed-currencies"),
        (request(("game", 1), coin="doge"), "payCurrency", "unknown-coin"),
        (request(("game", 1), coin="no coin!"), "payCurrency", "unknown-coin"),
        (request(("cheap", 1)), "payCurrency", "below-minimum"),
    ],
)
async def test_what_cannot_be_used_is_named_and_nothing_is_stored(
    shop: FakeShop, asked: PlaceOrder, field: str, code: str
) -> None:
    """The field as the buyer knows it, a word for programs, and no trace of an order."""
    dollar = attrs.evolve(a_product("dollar"), price=Money.of("5.00", "USD"))
    await shop.offer(attrs.evolve(a_product("sold-out"), available=False), dollar, a_product("cheap", price="0.50"))

    with pytest.raises(InvalidInput) as caught:
        await place_order(shop.shop, asked)

    assert (field, code) == (caught.value.field, caught.value.code)
    assert shop.storage.database.orders == {}
    assert shop.gateway.payments_of(OrderId("order1")) == ()


async def test_a_coin_that_the_gateway_lists_and_does_not_know_is_unknown(shop: FakeShop) -> None:
    """It was switched off between two questions."""
    shop.gateway.faults.before("minimum", Rejected("payment gateway", "knows no such coin", code="unknown-coin"))

    with pytest.raises(InvalidInput) as caught:
        await place_order(shop.shop, request(("game", 1)))

    assert caught.value.code == "unknown-coin"


async def test_placing_under_the_same_id_twice_is_placing_once(shop: FakeShop) -> None:
    """An idempotency key stands for one order, with one payment."""
    first = await place_order(shop.shop, request(("game", 1)), order_id=OrderId("o1"))

    second = await place_order(shop.shop, request(("game", 1)), order_id=OrderId("o1"))

    assert first == second
    assert len(shop.gateway.payments_of(OrderId("o1"))) == 1


async def test_of_two_that_place_the_same_order_at_once_one_does(shop: FakeShop) -> None:
    """Both see the one order; only one of them asks the gateway."""

    both_have_looked = asyncio.Barrier(2)

    async def get(order_id: OrderId) -> object:
        """A store that two requests read at the same moment, before either has written."""
        try:
            return await shop.storage.store.get(order_id)
        except NotFound:
            await both_have_looked.wait()
            raise

    together = attrs.evolve(shop.shop, orders=Overridden(shop.storage.store, get=get))
    orders = await asyncio.gather(
        *(place_order(together, request(("game", 1)), order_id=OrderId("o1")) for _ in range(2))
    )

    assert {"o1"} == {order.id for order in orders}
    assert len(shop.gateway.payments_of(OrderId("o1"))) == 1
    assert len((await shop.order(OrderId("o1"))).payments) == 1


@pytest.mark.parametrize("call", ["coins", "minimum", "create_payment"])
async def test_a_gateway_that_is_away_costs_no_order(shop: FakeShop, call: str) -> None:
    """The order stands, and the buyer asks for a payment later. **Source:** design, "Rules": 201 with payment null."""
    shop.gateway.goes_away(call)
    shop.gateway.goes_away("create_payment")

    order = await place_order(shop.shop, request(("game", 1)))

    assert Status.CREATED is status_of(order)
    assert [one.code for one in order.payments if isinstance(one, RefusedPayment)] == ["unavailable"]


async def test_a_gateway_that_refuses_costs_no_order(shop: FakeShop) -> None:
    """What the hint about the minimum did not tell is written on the attempt."""
    shop.gateway.refuses("below-minimum")

    order = await place_order(shop.shop, request(("game", 1)))

    assert [one.code for one in order.payments if isinstance(one, RefusedPayment)] == ["below-minimum"]


async def test_a_payment_whose_answer_is_lost_is_in_doubt(shop: FakeShop) -> None:
    """The gateway may know a payment that we have no name for."""
    shop.gateway.loses_the_answer()

    order = await place_order(shop.shop, request(("game", 1)))

    assert [DoubtfulPayment] == [type(one) for one in order.payments]
    assert len(shop.gateway.payments_of(order.id)) == 1


async def test_a_payment_of_another_order_is_never_taken_over(shop: FakeShop) -> None:
    """A gateway that names the same payment twice has made a mistake: the attempt is in doubt."""
    first = await place_order(shop.shop, request(("game", 1)))
    invoice = first.payments[0].invoice

    async def create_payment(**_: object) -> object:
        """A gateway that answers with the first order's payment."""
        return invoice

    order = await place_order(
        attrs.evolve(shop.shop, gateway=Overridden(shop.gateway, create_payment=create_payment)), request(("game", 1))
    )

    assert first.id != order.id
    assert [DoubtfulPayment] == [type(one) for one in order.payments]


@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_commit_that_gives_no_answer_can_be_asked_again(shop: FakeShop, side: str) -> None:
    """Under the same id there is one order, whether the first commit was durable or not."""
    shop.storage.store.fail_next_commit(**{side: True})
    with pytest.raises(Unknown):
        await place_order(shop.shop, request(("game", 1)), order_id=OrderId("o1"))

    order = await place_order(shop.shop, request(("game", 1)), order_id=OrderId("o1"))

    assert list(shop.storage.database.orders) == ["o1"]
    assert [IntendedPayment if side == "after" else OpenPayment] == [type(one) for one in order.payments]


async def test_ninety_keys_are_the_most_of_an_order(shop: FakeShop) -> None:
    """In all lines together; one more is refused, and nothing is stored."""
    order = await place_order(shop.shop, request(("game", 45), ("other", 45)))

    assert len(order.units) == 90
    with pytest.raises(InvalidInput, match="more than 90 keys in all"):
        await place_order(shop.shop, request(("game", 46), ("other", 45)))
    with pytest.raises(InvalidInput, match=r"quantity is not from 1 to 90"):
        await place_order(shop.shop, request(("game", 91)))
    assert list(shop.storage.database.orders) == [order.id]
