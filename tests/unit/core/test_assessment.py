"""
The truth table of money: what one reading means against what was asked for.

**Source:** NOWPayments documentation, SDK and help centre (2025 to 2026), "Lifecycle" and the delivery rule.
"""

from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.assessment import (
    Contradicts,
    Ended,
    FallsShort,
    OnItsWay,
    Settles,
    Strange,
    Verdict,
    assess,
)
from bitloot_core.order.payments import VoidReason
from bitloot_core.testing.orders import COIN, DUE, an_invoice, placed
from bitloot_core.testing.story import a_reading
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentReading, PaymentWord

ORDER = placed()
INVOICE = an_invoice(ORDER)
FINISHED = a_reading(ORDER)
TOLERANCE = Decimal("0.5")


def judged(reading: PaymentReading, *, tolerance: Decimal = TOLERANCE) -> Verdict:
    """What a reading of the order's payment means."""
    return assess(reading, INVOICE, ORDER.id, tolerance_percent=tolerance)


def coins(amount: str | Decimal) -> CoinAmount:
    """So much of the coin that was asked for."""
    return CoinAmount(amount=Decimal(amount), coin=COIN)


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        ("0.00012345", Settles(received=DUE, surplus=None)),
        ("0.00012284", Settles(received=coins("0.00012284"), surplus=None)),
        ("0.00012283", FallsShort(received=coins("0.00012283"))),
        ("0.00012406", Settles(received=coins("0.00012406"), surplus=None)),
        ("0.00012407", Settles(received=coins("0.00012407"), surplus=coins("0.00000062"))),
        ("0.0005", Settles(received=coins("0.0005"), surplus=coins("0.00037655"))),
        ("0.00000001", FallsShort(received=coins("0.00000001"))),
    ],
)
def test_finished_settles_within_the_tolerance(paid: str, expected: Verdict) -> None:
    """
    "Finished" does not mean paid in full: half a per cent may lack; what is beyond half a per cent is surplus.

    **Source:** NOWPayments lifecycle notes: "finished" with less than due (payment covering, precision), and with more.
    """
    assert expected == judged(a_reading(ORDER, paid=paid))


def test_the_tolerance_is_part_of_what_is_tolerated() -> None:
    """To the last digit: so much short still settles, and so much beyond is no surplus yet."""
    slack = DUE.amount * TOLERANCE / 100
    short, beyond = DUE.amount - slack, DUE.amount + slack

    assert judged(attrs.evolve(FINISHED, actually_paid=short)) == Settles(received=coins(short), surplus=None)
    assert judged(attrs.evolve(FINISHED, actually_paid=beyond)) == Settles(received=coins(beyond), surplus=None)


def test_the_tolerance_is_a_setting() -> None:
    """With none, a satoshi less is short, and a satoshi more is surplus."""
    less, more = DUE.amount - Decimal("1E-8"), DUE.amount + Decimal("1E-8")

    assert FallsShort(received=coins(less)) == judged(a_reading(ORDER, paid=less), tolerance=Decimal(0))
    assert Settles(received=coins(more), surplus=coins("1E-8")) == judged(
        a_reading(ORDER, paid=more), tolerance=Decimal(0)
    )


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (attrs.evolve(FINISHED, parent_id=GatewayPaymentId("p0")), "it is a repeated deposit of payment p0"),
        (attrs.evolve(FINISHED, order_ref="o2"), "it names another order"),
        (attrs.evolve(FINISHED, order_ref=None), "it names another order"),
        (attrs.evolve(FINISHED, price_currency="USD"), "the price is in USD, asked for EUR"),
        (attrs.evolve(FINISHED, price_amount=Decimal("1.00")), "the price is 1.00, asked for 12.99"),
        (attrs.evolve(FINISHED, coin="eth"), "the coin is eth, asked for btc"),
        (
            attrs.evolve(FINISHED, pay_amount=Decimal("1E-8")),
            "the due amount is 0.00000001, asked for 0.00012345",
        ),
        (attrs.evolve(FINISHED, actually_paid=Decimal(0)), "it is called finished, but nothing arrived"),
    ],
)
def test_finished_settles_nothing_that_is_not_as_asked(reading: PaymentReading, reason: str) -> None:
    """
    The gateway's word alone never settles (F7: pay what you like).

    **Source:** NOWPayments, delivery rule: no parent; price, currency, coin, order and amount are what we stored.
    """
    verdict = judged(reading)

    assert isinstance(verdict, Contradicts)
    assert (reason,) == verdict.reasons


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """The operator sees all reasons, not the first."""
    wrong = attrs.evolve(FINISHED, order_ref="o2", price_currency="USD", coin="eth", actually_paid=Decimal(0))

    verdict = judged(wrong)

    assert isinstance(verdict, Contradicts)
    assert len(verdict.reasons) == 4


def test_a_reading_without_an_amount_due_is_judged_by_ours() -> None:
    """The yardstick is what was asked for when the payment was opened; the gateway need not repeat it."""
    assert Settles(received=DUE, surplus=None) == judged(attrs.evolve(FINISHED, pay_amount=None))


@pytest.mark.parametrize(
    "word", [PaymentWord.WAITING, PaymentWord.CONFIRMING, PaymentWord.CONFIRMED, PaymentWord.SENDING]
)
def test_what_is_on_its_way_settles_nothing(word: PaymentWord) -> None:
    """**Source:** NOWPayments lifecycle: `finished` is the only status to deliver on."""
    assert OnItsWay(word=word) == judged(a_reading(ORDER, word))


def test_partially_paid_is_short_even_when_it_looks_enough() -> None:
    """The gateway knows best that something lacks."""
    assert FallsShort(received=DUE) == judged(a_reading(ORDER, PaymentWord.PARTIALLY_PAID))


def test_a_wrong_asset_that_was_partially_paid_is_for_a_person() -> None:
    """
    A repeated deposit of another coin looks like part of the price.

    **Source:** NOWPayments, IPN capture of October 2026: a child with the parent's order id, and another coin.
    """
    child = attrs.evolve(a_reading(ORDER, PaymentWord.PARTIALLY_PAID, parent="p0"), coin="usdtbsc")

    assert judged(child) == Contradicts(
        received=CoinAmount(amount=DUE.amount, coin="usdtbsc"),
        reasons=("it is a repeated deposit of payment p0", f"the coin is usdtbsc, asked for {COIN}"),
    )


def test_a_wrong_asset_is_for_a_person() -> None:
    """**Source:** NOWPayments integrators: `wrong_asset_confirmed` is undocumented and needs manual review."""
    assert Contradicts(received=DUE, reasons=("the buyer sent another asset",)) == judged(
        a_reading(ORDER, PaymentWord.WRONG_ASSET)
    )


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (PaymentWord.FAILED, VoidReason.FAILED),
        (PaymentWord.EXPIRED, VoidReason.EXPIRED),
        (PaymentWord.REFUNDED, VoidReason.REFUNDED),
        (PaymentWord.CANCELLED, VoidReason.CANCELLED),
    ],
)
@pytest.mark.parametrize("paid", ["0", "0.00012345"])
def test_an_end_says_what_arrived_all_the_same(word: PaymentWord, why: VoidReason, paid: str) -> None:
    """I6: a payment can fail, expire or be cancelled with money on it."""
    assert Ended(why=why, received=coins(paid)) == judged(a_reading(ORDER, word, paid=paid))


def test_a_word_that_nobody_knows_is_strange() -> None:
    """Unknown words never take a default branch."""
    reading = attrs.evolve(a_reading(ORDER, PaymentWord.UNRECOGNISED), raw_word="chargeback")

    assert Strange(raw_word="chargeback", received=DUE) == judged(reading)


def test_every_word_of_the_gateway_has_a_verdict() -> None:
    """The match is closed: a new word is a type error and a failing test."""
    assert all(isinstance(judged(a_reading(ORDER, word)), Verdict) for word in PaymentWord)
