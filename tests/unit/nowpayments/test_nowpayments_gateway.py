"""The calls of the NOWPayments adapter: what is sent, and what each documented answer means."""

import logging
from datetime import timedelta

import pytest
from gateway_world import CALLBACK, ORDER, PRICE, Bench, refusal

from bitloot_adapters.nowpayments_simulator import (
    BAD_GATEWAY,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    AcceptThenAnswer,
    Altered,
    DropConnection,
    HtmlPage,
    RawAnswer,
    Refuse,
    WireOptions,
)
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import OrderId

CREATE = "POST /payment"


async def test_what_is_asked_for_is_what_arrives(bench: Bench) -> None:
    """Price and currency, coin, our order and callback, at a floating rate with the fees on us."""
    invoice = await bench.opened("ltc", description="Größe ½ „A“ 東京\n" + "x" * 500)

    (kept,) = bench.simulator.payments
    assert (kept.price_amount, kept.price_currency, kept.pay_currency) == (PRICE.amount, "eur", "ltc")
    assert (kept.order_id, kept.ipn_callback_url) == (ORDER, CALLBACK)
    assert (kept.is_fixed_rate, kept.is_fee_paid_by_user) == (False, False)
    assert kept.order_description == "Gro?e 1?2 ?A? ???" + "x" * 183
    assert invoice.gateway_id == str(kept.payment_id)
    assert (invoice.due.amount, invoice.address) == (kept.pay_amount, kept.pay_address)
    assert (invoice.expires_at, invoice.void_at) == (kept.expiration_estimate_at, kept.valid_until)


async def test_an_order_id_that_nobody_can_sign_is_not_sent(bench: Bench) -> None:
    """**Source:** no capture has non-ASCII text, and the documentation contradicts itself on how it is signed."""
    with pytest.raises(Rejected):
        await bench.gateway.create_payment(order_id=OrderId("örder"), price=PRICE, coin="btc", description="x")

    assert bench.asked(CREATE) == 0


async def test_amounts_of_an_invoice_may_be_strings(bench: Bench) -> None:
    """**Source:** a few clients met `pay_amount` as a string."""
    bench.simulator.configure(options=WireOptions(amounts_on_create="string"))

    invoice = await bench.opened()

    assert invoice.due.amount == bench.simulator.payments[0].pay_amount


async def test_times_that_are_not_said_are_reckoned(bench: Bench) -> None:
    """20 minutes and seven days from creation, or from now where that is missing too. **Source:** live answers 2025."""
    bench.simulator.faults.next(
        CREATE,
        Altered({"valid_until": None, "expiration_estimate_date": None, "created_at": "2026-01-01T00:00:00.000Z"}),
        Altered({"valid_until": "soon", "expiration_estimate_date": 5.5, "created_at": None}),
    )

    dated, undated = await bench.opened(), await bench.opened()

    assert dated.expires_at.isoformat() == "2026-01-01T00:20:00+00:00"
    assert dated.void_at.isoformat() == "2026-01-08T00:00:00+00:00"
    assert undated.expires_at == bench.clock.now() + timedelta(minutes=20)
    assert undated.void_at == bench.clock.now() + timedelta(days=7)


@pytest.mark.parametrize(
    "fields",
    [
        {"payment_id": None},
        {"payment_id": "12x"},
        {"payment_id": 5.5},
        {"pay_address": None},
        {"pay_address": ""},
        {"pay_address": "bc1q\u202e"},
        {"pay_address": 7.5},
        {"pay_amount": None},
        {"pay_amount": 0},
        {"pay_amount": -1},
        {"pay_amount": "lots"},
        {"pay_currency": "ltc"},
        {"pay_currency": None},
        {"price_amount": 25.97},
        {"price_amount": None},
        {"price_currency": "usd"},
        {"order_id": "another"},
    ],
    ids=str,
)
async def test_an_answer_that_contradicts_the_request_is_unknown(bench: Bench, fields: dict[str, object]) -> None:
    """A payment exists, but no buyer is sent to it; and it is not asked for again."""
    bench.simulator.faults.next(CREATE, Altered(fields))  # type: ignore[arg-type]

    with pytest.raises(Unknown):
        await bench.opened()

    assert bench.asked(CREATE) == 1


async def test_an_answer_that_agrees_in_another_form_is_good(bench: Bench) -> None:
    """Upper case, a string for a number, a number for a string, no order id: live answers have all of them."""
    bench.simulator.faults.next(
        CREATE,
        Altered(
            {
                "price_amount": "25.980",
                "price_currency": "EUR",
                "pay_currency": "BTC",
                "payment_id": 5977953151,
                "order_id": None,
            }
        ),
    )

    invoice = await bench.opened()

    assert (invoice.gateway_id, invoice.price, invoice.due.coin) == ("5977953151", PRICE, "btc")


async def test_an_address_without_its_memo_is_not_handed_out(bench: Bench) -> None:
    """**Source:** deposits of XRP, XLM and others without `payin_extra_id` are not detected."""
    bench.simulator.faults.next(CREATE, Altered({"payin_extra_id": None}), Altered({"payin_extra_id": ""}))

    for _ in range(2):
        with pytest.raises(Unknown, match="payin_extra_id"):
            await bench.opened("xrp")

    assert (await bench.opened("xrp")).extra_id is not None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (refusal(400, "AMOUNT_MINIMAL_ERROR", "Crypto amount 2.7e-7 is less than minimal"), "below-minimum"),
        (refusal(400, "AMOUNT_MINIMAL_ERROR", "amountTo is too small"), "below-minimum"),
        (refusal(400, "BAD_REQUEST", "amountFrom is less than minimal"), "below-minimum"),
        (refusal(400, "AMOUNT_MAXIMAL_ERROR"), "above-maximum"),
        (refusal(400, "CURRENCY_UNAVAILABLE"), "unknown-coin"),
        (refusal(400, "BAD_REQUEST", "Currency luna is not convertable to usdttrc20 now"), "unknown-coin"),
        (refusal(400, "BAD_REQUEST"), "rejected"),
        (refusal(400, "INVALID_REQUEST_PARAMS", "ipn_callback_url must be a valid uri"), "rejected"),
        (refusal(403, "INVALID_API_KEY", "Invalid api key"), "unauthorised"),
        (refusal(401, "AUTH_REQUIRED"), "unauthorised"),
        (refusal(403, "SOMETHING_NEW"), "unauthorised"),
        (refusal(404, "NOT_FOUND"), "rejected"),
        (refusal(422, "SOMETHING_NEW"), "rejected"),
    ],
    ids=lambda value: f"{value.error.code}-{value.error.message[:24]}" if isinstance(value, Refuse) else value,
)
async def test_each_refusal_of_a_payment_has_our_word(bench: Bench, fault: Refuse, code: str) -> None:
    """**Source:** error table of the documentation and of live answers; what they quote of the request stays unsaid."""
    bench.simulator.faults.next(CREATE, fault)

    with pytest.raises(Rejected) as refused:
        await bench.opened()

    assert refused.value.code == code
    assert fault.error.message not in str(refused.value)
    assert bench.asked(CREATE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        TOO_MANY_REQUESTS,
        HtmlPage(status=403, reason="Forbidden"),
        HtmlPage(status=404, reason="Not Found"),
        RawAnswer(body=b'{"message": "Just a moment..."}', status=403),
        RawAnswer(body=b"[]", status=400),
        RawAnswer(body=b'{"code": 7}', status=400),
        RawAnswer(body=b"\xff", status=400),
    ],
    ids=str,
)
async def test_what_the_proxy_turns_away_may_be_asked_again(bench: Bench, fault: HtmlPage | RawAnswer) -> None:
    """**Source:** the 429 of this vendor is nginx' HTML, without `Retry-After`; its limiter runs before all else."""
    await bench.gateway.coins()
    bench.simulator.faults.next(CREATE, fault)

    with pytest.raises(Unavailable) as away:
        await bench.opened()

    assert away.value.retry_after is None
    assert bench.asked(CREATE) == 1


@pytest.mark.parametrize(
    "fault",
    [
        BAD_GATEWAY,
        SERVER_ERROR,
        HtmlPage(status=503, reason="Service Unavailable"),
        refusal(500, "INTERNAL_ERROR", "Can not get estimate from TRX to USDCBSC"),
        DropConnection(),
        AcceptThenAnswer(answer=BAD_GATEWAY),
        RawAnswer(body=b"<html>", status=200, content_type="text/html"),
        RawAnswer(body=b"", status=201),
        RawAnswer(body=b"null", status=201),
        RawAnswer(body=b'{"payment_id":NaN}', status=201),
        RawAnswer(body=b"[" * 100_000, status=201),
        RawAnswer(body=b"x" * (2 << 20), status=201),
        RawAnswer(body=b"", status=301),
    ],
    ids=lambda fault: str(fault)[:60],
)
async def test_what_may_have_been_done_is_unknown_and_never_repeated(bench: Bench, fault: object) -> None:
    """There is no idempotency key, so one request is one request."""
    await bench.gateway.coins()
    bench.simulator.faults.next(CREATE, fault)  # type: ignore[arg-type]

    with pytest.raises(Unknown):
        await bench.opened()

    assert bench.asked(CREATE) == 1


async def test_nothing_secret_is_said(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Neither errors nor logs nor a repr show the key, the secret, or what an answer held."""
    caplog.set_level(logging.DEBUG)
    bench.simulator.faults.next(
        CREATE, Altered({"pay_address": "canary\u202eaddress"}), refusal(400, "BAD_REQUEST", "canary")
    )

    with pytest.raises(Unknown) as unknown:
        await bench.opened()
    with pytest.raises(Rejected) as refused:
        await bench.opened()

    said = caplog.text + repr(bench.gateway) + repr(unknown.value) + repr(unknown.value.__cause__) + repr(refused.value)
    assert "canary" not in said
