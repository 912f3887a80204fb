"""
What a payment's reading means against what we asked for: the truth table of money, without an order's history.

The gateway's word alone never settles: `finished` counts only when order, price, currency, coin and amount are ours.
**Source:** NOWPayments documentation and help centre (2025 to 2026), "Lifecycle" and the delivery rule that follows.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias, assert_never

import attrs

from bitloot_core.order.payments import Invoice, VoidReason
from bitloot_core.values.ids import OrderId
from bitloot_core.values.money import CoinAmount
from bitloot_core.values.reading import PaymentReading, PaymentWord

_HUNDRED = Decimal(100)


@attrs.frozen(kw_only=True)
class OnItsWay:
    """Nothing is decided yet."""

    word: PaymentWord


@attrs.frozen(kw_only=True)
class Settles:
    """It is what we asked for. `surplus` is what came beyond the tolerance, if anything."""

    received: CoinAmount
    surplus: CoinAmount | None


@attrs.frozen(kw_only=True)
class FallsShort:
    """Less than due arrived, and it is here."""

    received: CoinAmount


@attrs.frozen(kw_only=True)
class Contradicts:
    """Money may be here, but it is not what we asked for."""

    received: CoinAmount
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Ended:
    """Nothing came of it; `received` is what arrived all the same."""

    why: VoidReason
    received: CoinAmount


@attrs.frozen(kw_only=True)
class Strange:
    """The gateway used a word that we do not know."""

    raw_word: str
    received: CoinAmount


Verdict: TypeAlias = OnItsWay | Settles | FallsShort | Contradicts | Ended | Strange


def assess(reading: PaymentReading, invoice: Invoice, order_id: OrderId, *, tolerance_percent: Decimal) -> Verdict:
    """
    Judge one reading of a payment that we opened.

    Args:
        reading: what the gateway says.
        invoice: what it asked for when we opened the payment: the yardstick, not the reading's own figures.
        order_id: whose payment it is.
        tolerance_percent: by how many per cent of the due amount it may fall short and still settle.
    """
    received = CoinAmount(amount=reading.actually_paid, coin=reading.coin)
    match reading.word:
        case PaymentWord.WAITING | PaymentWord.CONFIRMING | PaymentWord.CONFIRMED | PaymentWord.SENDING:
            return OnItsWay(word=reading.word)
        case PaymentWord.FINISHED:
            return _finished(reading, invoice, order_id, received, tolerance_percent)
        case PaymentWord.PARTIALLY_PAID:
            wrong = contradictions(reading, invoice, order_id)
            return Contradicts(received=received, reasons=wrong) if wrong else FallsShort(received=received)
        case PaymentWord.WRONG_ASSET:
            return Contradicts(received=received, reasons=("the buyer sent another asset",))
        case PaymentWord.FAILED:
            return Ended(why=VoidReason.FAILED, received=received)
        case PaymentWord.EXPIRED:
            return Ended(why=VoidReason.EXPIRED, received=received)
        case PaymentWord.REFUNDED:
            return Ended(why=VoidReason.REFUNDED, received=received)
        case PaymentWord.CANCELLED:
            return Ended(why=VoidReason.CANCELLED, received=received)
        case PaymentWord.UNRECOGNISED:
            return Strange(raw_word=reading.raw_word, received=received)
        case never:
            assert_never(never)


def contradictions(reading: PaymentReading, invoice: Invoice, order_id: OrderId) -> tuple[str, ...]:
    """
    Everything in a reading that is not as we asked, in sentences for the operator; empty if all agrees.
    """
    price, due = invoice.price, invoice.due
    found: list[str] = []
    if reading.parent_id is not None:
        found.append(f"it is a repeated deposit of payment {reading.parent_id}")
    if reading.order_ref != order_id:
        found.append("it names another order")
    if reading.price_currency != price.currency:
        found.append(f"the price is in {reading.price_currency}, asked for {price.currency}")
    elif reading.price_amount != price.amount:
        found.append(f"the price is {reading.price_amount:f}, asked for {price.text}")
    if reading.coin != due.coin:
        found.append(f"the coin is {reading.coin}, asked for {due.coin}")
    elif reading.pay_amount is not None and reading.pay_amount != due.amount:
        found.append(f"the due amount is {reading.pay_amount:f}, asked for {due.text}")
    return tuple(found)


def _finished(
    reading: PaymentReading, invoice: Invoice, order_id: OrderId, received: CoinAmount, tolerance_percent: Decimal
) -> Verdict:
    reasons = contradictions(reading, invoice, order_id)
    if reading.actually_paid == 0:
        reasons = (*reasons, "it is called finished, but nothing arrived")
    if reasons:
        return Contradicts(received=received, reasons=reasons)
    due = invoice.due.amount
    slack = due * tolerance_percent / _HUNDRED
    if received.amount < due - slack:
        return FallsShort(received=received)
    over = received.amount - due
    surplus = CoinAmount(amount=over, coin=received.coin) if over > slack else None
    return Settles(received=received, surplus=surplus)
