"""What the NOWPayments adapter reads: payments, coins and minimums; how long it believes them, how often it asks."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from gateway_world import PRICE, Bench, refusal

from bitloot_adapters.nowpayments_simulator import (
    BAD_GATEWAY,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    Altered,
    DropConnection,
    HtmlPage,
    RawAnswer,
    Slow,
    WireOptions,
)
from bitloot_core.values.errors import NotFound, Rejected, Unavailable
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.money import Money

CREATE, READ = "POST /payment", "GET /payment/{id}"
CHOSEN, LISTED, MINIMUM = "GET /merchant/coins", "GET /full-currencies", "GET /min-amount"


@pytest.mark.parametrize("shape", ["live", "documented"])
async def test_coins_are_those_ticked_and_payable(bench: Bench, shape: str) -> None:
    """**Source:** live `selectedCurrencies` in capitals, documented `currencies`; a third is not for payments."""
    bench.simulator.configure(options=WireOptions(merchant_coins=shape))  # type: ignore[arg-type]

    coins = await bench.gateway.coins()

    codes = [coin.code for coin in coins]
    assert codes == sorted(coin.code for coin in bench.simulator.rates.coins if coin.is_offered)
    assert not {"aave", "maticmainnet", "luna"} & set(codes)
    assert next(coin for coin in coins if coin.code == "usdttrc20").name == "Tether USD (Tron)"
    assert next(coin for coin in coins if coin.code == "usdttrc20").network == "trx"


async def test_a_coin_that_was_not_ticked_is_not_offered(bench: Bench) -> None:
    """Neither listed nor paid with, although the vendor might take it."""
    bench.simulator.faults.next(CHOSEN, RawAnswer(body=b'{"selectedCurrencies":["BTC",7,null,"NOSUCH"]}'))

    assert [coin.code for coin in await bench.gateway.coins()] == ["btc"]
    with pytest.raises(Rejected):
        await bench.opened("ltc")


async def test_strange_items_of_the_list_are_left_out(bench: Bench) -> None:
    """One bad row does not take the others down; without `available_for_payment` (documented form) a coin counts."""
    rows = [
        None,
        5,
        {},
        {"code": "b c", "enable": True},
        {"code": "ETH", "enable": "yes"},
        {"code": "LTC", "enable": True, "available_for_payment": False},
        {"code": "BTC", "enable": True, "name": None, "network_precision": None},
        {"code": "XLM", "enable": True, "extra_id_exists": True, "extra_id_optional": True},
    ]
    bench.simulator.faults.next(LISTED, RawAnswer(body=json.dumps({"currencies": rows}).encode()))
    bench.simulator.faults.next(CREATE, Altered({"payin_extra_id": None}))

    coins = await bench.gateway.coins()

    assert [(coin.code, coin.name, coin.network) for coin in coins] == [("btc", "btc", None), ("xlm", "xlm", None)]
    assert (await bench.opened("xlm")).extra_id is None


@pytest.mark.parametrize("call", [CHOSEN, LISTED])
@pytest.mark.parametrize(
    "fault",
    [
        TOO_MANY_REQUESTS,
        refusal(403, "INVALID_API_KEY"),
        RawAnswer(body=b"{}"),
        RawAnswer(body=b'{"currencies": {}}'),
        RawAnswer(body=b"[]"),
        HtmlPage(status=200, reason="OK"),
    ],
    ids=lambda fault: str(fault)[:40],
)
async def test_no_list_is_not_an_empty_list(bench: Bench, call: str, fault: object) -> None:
    """It passes; the next caller asks again."""
    bench.simulator.faults.next(call, fault)  # type: ignore[arg-type]

    with pytest.raises(Unavailable):
        await bench.gateway.coins()

    assert await bench.gateway.coins()


async def test_coins_are_asked_for_every_ten_minutes(bench: Bench) -> None:
    """However many want them, also at the same time."""
    await asyncio.gather(*(bench.gateway.coins() for _ in range(20)), bench.opened(), bench.opened())
    bench.clock.advance(timedelta(minutes=9, seconds=59))
    await bench.gateway.coins()
    before = bench.asked(CHOSEN), bench.asked(LISTED)
    bench.clock.advance(timedelta(seconds=1))
    await bench.gateway.coins()

    assert before == (1, 1)
    assert (bench.asked(CHOSEN), bench.asked(LISTED)) == (2, 2)


async def test_a_minimum_is_asked_for_every_minute(bench: Bench) -> None:
    """A coin and currency each, with the flags of the payment, rounded up so that the hint is never too low."""
    first = await bench.gateway.minimum("usdttrc20", "USD")
    await asyncio.gather(*(bench.gateway.minimum("USDTTRC20", "USD") for _ in range(9)))
    bench.clock.advance(timedelta(seconds=59))
    await bench.gateway.minimum("usdttrc20", "USD")
    assert bench.asked(MINIMUM) == 1

    await bench.gateway.minimum("usdttrc20", "EUR")
    bench.clock.advance(timedelta(seconds=1))
    await bench.gateway.minimum("usdttrc20", "USD")

    assert bench.asked(MINIMUM) == 3
    assert first == Money.of("9.00", "USD")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b'{"fiat_equivalent": 2.280101}', "2.29"),
        (b'{"fiat_equivalent": "3.5e0"}', "3.50"),
        (b'{"fiat_equivalent": 1e-9}', "0.01"),
        (b'{"min_amount": 1.5}', None),
        (b'{"fiat_equivalent": null}', None),
    ],
)
async def test_a_minimum_comes_in_any_form(bench: Bench, answer: bytes, expected: str | None) -> None:
    """`fiat_equivalent` is only there if asked for, and may be missing all the same."""
    bench.simulator.faults.next(MINIMUM, RawAnswer(body=answer))

    minimum = await bench.gateway.minimum("btc", "EUR")

    assert minimum == (None if expected is None else Money.of(expected, "EUR"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal(400, "BAD_REQUEST", "Currency btc is not convertable to usdttrc20 now"), Rejected),
        (refusal(400, "CURRENCY_UNAVAILABLE"), Rejected),
        (refusal(403, "INVALID_API_KEY"), Unavailable),
        (TOO_MANY_REQUESTS, Unavailable),
        (RawAnswer(body=b'{"fiat_equivalent": "?"}'), Unavailable),
        (RawAnswer(body=b'{"fiat_equivalent": 1e13}'), Unavailable),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_minimum_that_cannot_be_had(bench: Bench, fault: object, error: type[Exception]) -> None:
    """A pair that is off is final; the rest passes, and is not remembered."""
    bench.simulator.faults.next(MINIMUM, fault)  # type: ignore[arg-type]

    with pytest.raises(error):
        await bench.gateway.minimum("btc", "EUR")

    assert await bench.gateway.minimum("btc", "EUR") is not None


async def test_a_minimum_that_is_refused_otherwise_is_not_said(bench: Bench) -> None:
    """It is a hint; the refusal of the payment is the truth."""
    bench.simulator.faults.next(MINIMUM, refusal(400, "AMOUNT_MINIMAL_ERROR", "amountFrom is less than minimal"))

    assert await bench.gateway.minimum("btc", "EUR") is None


class Refusing:
    """A limit that is reached."""

    async def acquire(self) -> None:
        """Refuse."""
        raise Unavailable("payment gateway", "is asked too often by us", retry_after=timedelta(seconds=4))


async def test_beyond_our_own_limit_nothing_is_sent(bench: Bench) -> None:
    """Each call asks the limit first, and passes on how long to wait."""
    gateway = bench.connect(rate_limit=Refusing())

    with pytest.raises(Unavailable) as away:
        await gateway.payment(GatewayPaymentId("5093564248"))
    with pytest.raises(Unavailable):
        await gateway.coins()

    assert away.value.retry_after == timedelta(seconds=4)
    assert bench.simulator.calls == ()


async def test_a_caller_that_goes_away_does_not_take_the_others_along(bench: Bench) -> None:
    """Twenty buyers wait for the list of coins; the one who asked for it closes the page."""
    bench.simulator.faults.next(CHOSEN, Slow(seconds=0.2))
    first, *others = [asyncio.ensure_future(bench.gateway.coins()) for _ in range(20)]
    while bench.asked(CHOSEN) == 0 and not first.done():
        await asyncio.wait([first], timeout=0.01)
        if not first.done():
            first.cancel()

    lists = await asyncio.gather(*others)

    assert first.cancelled()
    assert len(set(lists)) == 1
    assert lists[0]


@pytest.mark.parametrize(
    "fault",
    [
        TOO_MANY_REQUESTS,
        BAD_GATEWAY,
        SERVER_ERROR,
        refusal(500, "INTERNAL_ERROR"),
        refusal(403, "INVALID_API_KEY", "Invalid api key"),
        refusal(401, "AUTH_REQUIRED"),
        refusal(400, "INVALID_REQUEST_PARAMS", "Payment id must be a number"),
        HtmlPage(status=404, reason="Not Found"),
        HtmlPage(status=200, reason="OK"),
        DropConnection(),
        RawAnswer(body=b'{"payment_id": 1'),
        RawAnswer(body=b"{}"),
        RawAnswer(body=b"[]"),
        RawAnswer(body=b'{"payment_id": 1, "payment_status": "finished"}'),
        Altered({"actually_paid": "much"}),
        Altered({"payment_id": 5093564248}),
        Altered({"payment_status": None}),
    ],
    ids=lambda fault: str(fault)[:60],
)
async def test_a_read_without_a_sound_answer_passes(bench: Bench, fault: object) -> None:
    """Only the API's own 404 says that there is no such payment; an answer about another one is none."""
    invoice = await bench.opened()
    bench.simulator.faults.next(READ, *[fault] * 2)  # type: ignore[arg-type]

    with pytest.raises(Unavailable):
        await bench.gateway.payment(invoice.gateway_id)


async def test_a_payment_of_another_key_is_not_found(bench: Bench) -> None:
    """**Source:** a payment can only be read with the key that created it; otherwise 404 NOT_FOUND."""
    invoice = await bench.opened()
    bench.simulator.account.add_api_key("another-key")

    with pytest.raises(NotFound):
        await bench.connect("another-key").payment(invoice.gateway_id)
    with pytest.raises(Unavailable, match="INVALID_API_KEY"):
        await bench.connect("wrong-key").payment(invoice.gateway_id)


async def test_a_name_that_is_no_id_is_not_even_asked_for(bench: Bench) -> None:
    """It could lead to another path."""
    with pytest.raises(NotFound):
        await bench.gateway.payment(GatewayPaymentId("1/update-merchant-estimate"))

    assert bench.simulator.calls == ()


async def test_reads_take_ids_as_numbers_and_amounts_as_strings(bench: Bench) -> None:
    """**Source:** live reads have numeric ids, `burning_percent` as the string `null`, strings at will."""
    invoice = await bench.opened()
    bench.simulator.faults.next(
        READ, Altered({"payment_id": invoice.gateway_id, "actually_paid": "1.5e-7", "price_amount": "25.98"})
    )

    reading = await bench.gateway.payment(invoice.gateway_id)

    assert (reading.gateway_id, reading.actually_paid) == (invoice.gateway_id, Decimal("1.5E-7"))
    assert reading.price_amount == PRICE.amount
