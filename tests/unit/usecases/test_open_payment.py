"""Opening a payment: our attempt is written first, and no attempt hurts another."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Fulfilled
from bitloot_core.order.payments import DoubtfulPayment, OpenPayment, RefusedPayment, SettledPayment, VoidPayment
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.order.status import Status, shown_status, status_of
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.open_payment import check_coin, open_payment
from bitloot_core.values.errors import InvalidInput, NotFound, Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import Money


async def test_a_buyer_may_switch_the_coin(shop: FakeShop) -> None:
    """Both payments are open; either may be paid."""
    order = await shop.place(coin="btc")

    order = await open_payment(shop.shop, order.id, "LTC")

    assert [(one.attempt, one.invoice.due.coin) for one in order.payments] == [(1, "btc"), (2, "ltc")]
    assert Status.WAITING is status_of(order)


async def test_an_abandoned_payment_that_expires_never_hurts_a_paid_order(shop: FakeShop) -> None:
    """I8: the predecessor lost good orders so. **Source:** incidents.md, F13."""
    order = await shop.place(coin="btc")
    await open_payment(shop.shop, order.id, "ltc")
    first, _ = shop.gateway.payments_of(order.id)
    await shop.fulfil(order.id)

    shop.gateway.expire(first)
    await shop.tell(first)
    await shop.work()

    order = await shop.order(order.id)
    assert isinstance(order.closing, Fulfilled)
    assert [VoidPayment, SettledPayment] == [type(one) for one in order.payments]
    assert len(await shop.reveal()) == 1


async def test_a_second_payment_is_shown_and_buys_nothing(shop: FakeShop) -> None:
    """I1, I6: both coins were paid: one purchase, and a finding about the other money."""
    order = await shop.place(coin="btc")
    await open_payment(shop.shop, order.id, "ltc")
    await shop.fulfil(order.id)
    first, _ = shop.gateway.payments_of(order.id)

    shop.gateway.pay(first)
    await shop.tell(first)
    await shop.work()

    order = await shop.order(order.id)
    assert [one.reason for one in order.findings] == [FindingReason.PAYMENT_SECOND]
    assert len(shop.supplier.purchases) == 1
    assert Status.FULFILLED is shown_status(order)
    assert sum(entry.kind == "received" for entry in shop.storage.database.ledger.values()) == 2


async def test_a_payment_in_doubt_is_adopted_when_its_notice_matches(shop: FakeShop) -> None:
    """The answer was lost, the buyer's coins are not: the gateway's own reading tells which attempt it is."""
    shop.gateway.loses_the_answer()
    order = await shop.place()

    await shop.pay(order.id)

    order = await shop.order(order.id)
    assert [SettledPayment] == [type(one) for one in order.payments]
    assert len(shop.supplier.purchases) == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"order_ref": "another"},
        {"price_amount": Decimal("0.01")},
        {"price_currency": "USD"},
        {"coin": "ltc"},
        {"address": None},
        {"pay_amount": None},
    ],
)
async def test_a_payment_in_doubt_is_not_adopted_when_it_differs(shop: FakeShop, lie: dict[str, object]) -> None:
    """I3: whatever is not exactly what we asked for goes before a person, and nothing is bought."""
    shop.gateway.loses_the_answer()
    order = await shop.place()
    stray = shop.gateway.payments_of(order.id)[0]
    shop.gateway.pay(stray)
    notice = await shop.tell(stray)
    shop.gateway.tamper(stray, **lie)

    await shop.work()

    order = await shop.order(order.id)
    assert not order.is_settled
    assert FindingReason.PAYMENT_STRAY in {one.reason for one in order.findings}
    assert Status.ATTENTION is shown_status(order)
    assert shop.supplier.purchases == ()
    assert order.id == shop.storage.database.webhooks[notice.id].order_id


async def test_a_paid_order_takes_no_new_payment(shop: FakeShop) -> None:
    """The buyer has paid; another address would only invite a second payment."""
    order = await shop.place()
    await shop.pay(order.id)

    with pytest.raises(TransitionRefused) as caught:
        await open_payment(shop.shop, order.id, "ltc")

    assert caught.value.code == "not-payable"
    assert len(shop.gateway.payments_of(order.id)) == 1


async def test_an_expired_order_takes_no_new_payment(shop: FakeShop) -> None:
    """Its price is of yesterday."""
    order = await shop.place()
    await shop.pass_time(timedelta(hours=2))

    with pytest.raises(TransitionRefused, match="expired"):
        await open_payment(shop.shop, order.id, "ltc")


async def test_an_unknown_order_is_not_found(shop: FakeShop) -> None:
    """There is nothing to pay."""
    with pytest.raises(NotFound):
        await open_payment(shop.shop, OrderId("nobody's"), "btc")


async def test_an_unusable_coin_leaves_the_order_as_it_was(shop: FakeShop) -> None:
    """Checked before anything is written."""
    order = await shop.place(coin=None)

    with pytest.raises(InvalidInput) as caught:
        await open_payment(shop.shop, order.id, "doge")

    assert caught.value.code == "unknown-coin"
    assert order == await shop.order(order.id)


async def test_a_refusal_by_the_gateway_is_written_and_told(shop: FakeShop) -> None:
    """The buyer can try another coin."""
    order = await shop.place(coin=None)
    shop.gateway.refuses("above-maximum")

    with pytest.raises(InvalidInput) as caught:
        await open_payment(shop.shop, order.id, "btc")

    assert caught.value.code == "above-maximum"
    order = await open_payment(shop.shop, order.id, "ltc")
    assert [RefusedPayment, OpenPayment] == [type(one) for one in order.payments]


@pytest.mark.parametrize(
    ("error", "state"),
    [(Unavailable("payment gateway", "away"), RefusedPayment), (Unknown("payment gateway", "?"), DoubtfulPayment)],
)
async def test_a_gateway_without_an_answer_is_told_as_it_is(
    shop: FakeShop, error: Exception, state: type[RefusedPayment | DoubtfulPayment]
) -> None:
    """Nothing was done, or nobody knows: the attempt says which."""
    order = await shop.place(coin=None)
    shop.gateway.faults.before("create_payment", error)

    with pytest.raises(type(error)):
        await open_payment(shop.shop, order.id, "btc")

    assert [state] == [type(one) for one in (await shop.order(order.id)).payments]


async def test_a_gateway_that_refuses_us_is_not_the_buyers_fault(shop: FakeShop) -> None:
    """The buyer is asked to wait, and a person is told; "choose another coin" would send everybody away."""
    order = await shop.place(coin=None)
    shop.gateway.refuses("unauthorised")

    with pytest.raises(Unavailable):
        await open_payment(shop.shop, order.id, "btc")

    (finding,) = (await shop.order(order.id)).findings
    assert finding.reason is FindingReason.OUT_OF_REACH
    assert not finding.blocking


PRICE = Money.of("12.99", "EUR")


@pytest.mark.parametrize(
    ("minimum", "code"), [(None, None), (PRICE, None), (Money.of("13.00", "EUR"), "below-minimum")]
)
async def test_a_coin_takes_from_its_minimum_on(shop: FakeShop, minimum: Money | None, code: str | None) -> None:
    """To the cent; a coin whose minimum nobody knows is tried."""

    async def tells(coin: str, currency: str) -> Money | None:
        """What the gateway takes at least."""
        assert (coin, currency) == ("btc", "EUR")
        return minimum

    gateway = Overridden(shop.gateway, minimum=tells)
    shop.shop = attrs.evolve(shop.shop, gateway=gateway)

    if code is None:
        assert await check_coin(shop.shop, "BTC", PRICE) == "btc"
    else:
        with pytest.raises(InvalidInput, match=r"^payCurrency takes no less than 13\.00 EUR") as refused:
            await check_coin(shop.shop, "BTC", PRICE)
        assert refused.value.code == code


async def test_a_coin_that_the_gateway_does_not_have_is_not_asked_about(shop: FakeShop) -> None:
    """Whatever it would say of a minimum."""

    async def tells(*_: object) -> Money | None:
        """It takes anything."""
        return None

    shop.shop = attrs.evolve(shop.shop, gateway=Overridden(shop.gateway, minimum=tells))

    with pytest.raises(InvalidInput) as refused:
        await check_coin(shop.shop, "nocoin", PRICE)

    assert (refused.value.field, refused.value.code) == ("payCurrency", "unknown-coin")


@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        ("below-minimum", InvalidInput, "payCurrency it is too small"),
        ("not-allowed", Unavailable, "payment gateway: it does not take our payments now"),
    ],
)
async def test_a_refusal_is_the_coins_or_ours(shop: FakeShop, code: str, error: type[Exception], text: str) -> None:
    """The buyer is told which: of another coin there is hope, of us there is none now."""
    order = await shop.place(coin=None)
    shop.gateway.faults.before("create_payment", Rejected("payment gateway", "it is too small", code=code))

    with pytest.raises(error, match=f"^{text}$"):
        await open_payment(shop.shop, order.id, "btc")
