"""
NOWPayments' words: what is sent, what is answered, and what each word means in ours.

What lives here: names and shapes of the vendor's JSON. What must not: calls (`gateway.py`), refusals (`refusals.py`),
the signature (`signature.py`).

**Source:** NOWPayments API documentation (2026-04) and live answers of 2023 to 2026, where the two differ.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

import attrs

from bitloot_adapters.nowpayments.fields import (
    Fields,
    Unreadable,
    amount_of,
    code_of,
    exact_text_of,
    id_of,
    printable,
    required_amount,
    text_of,
    time_of,
)
from bitloot_core.order.payments import Invoice
from bitloot_core.ports.payment_gateway import Coin
from bitloot_core.values.ids import GatewayPaymentId, OrderId
from bitloot_core.values.money import LARGEST, CoinAmount, Money, exponent_of
from bitloot_core.values.reading import PaymentReading, PaymentWord

RATE_WINDOW = timedelta(minutes=20)
"""How long a rate is good where an answer does not say (live answers, 2025)."""
VALIDITY = timedelta(days=7)
"""How long a deposit is waited for where an answer does not say (live answers, 2025)."""
LONGEST_WORD = 64
_LONGEST_DESCRIPTION = 200
_RATE_FLAGS: Mapping[str, bool] = {"is_fixed_rate": False, "is_fee_paid_by_user": False}
"""A minimum is only worth something if it is asked for with the flags that the payment is created with."""
_WORDS = {word.value: word for word in PaymentWord}


@attrs.frozen(kw_only=True)
class PaymentRequest:
    """What we ask `POST /payment` for."""

    order_id: OrderId
    price: Money
    coin: str
    description: str
    ipn_callback_url: str

    def body(self) -> dict[str, object]:
        """The JSON to send."""
        return {
            "price_amount": self.price.amount,
            "price_currency": self.price.currency.lower(),
            "pay_currency": self.coin,
            "ipn_callback_url": self.ipn_callback_url,
            "order_id": self.order_id,
            "order_description": in_ascii(self.description),
            **_RATE_FLAGS,
        }


def in_ascii(text: str) -> str:
    """
    Spell a text in printable ASCII: nobody can tell how a notice with other characters is signed.

    >>> in_ascii("Café 東京")
    'Cafe ??'
    """
    spelled = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return printable(spelled.encode("ascii", "replace").decode(), longest=_LONGEST_DESCRIPTION)


def invoice_of(document: object, request: PaymentRequest, *, needs_memo: bool, now: datetime) -> Invoice:
    """
    Read the answer to `POST /payment`, and hold it against what was asked.

    Args:
        document: the answer; ids are strings there, and `pay_amount` sometimes.
        request: what was asked for.
        needs_memo: whether deposits in the coin need `payin_extra_id` to be found.
        now: dates an answer that does not date itself.

    Raises:
        Unreadable: something is missing or differs. A payment exists all the same.
    """
    fields = _object(document)
    gateway_id = _payment_id(fields)
    coin = code_of(fields, "pay_currency")
    if coin != request.coin:
        raise Unreadable("pay_currency", "is not the coin that was asked for")
    if code_of(fields, "price_currency").upper() != request.price.currency:
        raise Unreadable("price_currency", "is not the currency that was asked for")
    if required_amount(fields, "price_amount") != request.price.amount:
        raise Unreadable("price_amount", "is not the price that was asked for")
    if text_of(fields, "order_id") not in {None, request.order_id}:
        raise Unreadable("order_id", "is not the order that was asked for")
    due = required_amount(fields, "pay_amount")
    if not due:
        raise Unreadable("pay_amount", "is zero")
    address = exact_text_of(fields, "pay_address")
    if address is None:
        raise Unreadable("pay_address", "is missing")
    extra_id = exact_text_of(fields, "payin_extra_id")
    if needs_memo and extra_id is None:
        raise Unreadable("payin_extra_id", "is missing, and deposits in this coin are not found without it")
    created_at = time_of(fields, "created_at") or now
    return Invoice(
        gateway_id=gateway_id,
        price=request.price,
        due=CoinAmount(amount=due, coin=coin),
        address=address,
        extra_id=extra_id,
        expires_at=time_of(fields, "expiration_estimate_date") or created_at + RATE_WINDOW,
        void_at=time_of(fields, "valid_until") or created_at + VALIDITY,
    )


def reading_of(document: object) -> PaymentReading:
    """
    Read a payment as `GET /payment/{id}` or a notice shows it; ids are numbers there.

    A payment without `actually_paid` has had no deposit that anybody told us of.

    Raises:
        Unreadable: what makes up a reading is missing or malformed.
    """
    fields = _object(document)
    raw_word = fields.get("payment_status")
    if not isinstance(raw_word, str) or not raw_word:
        raise Unreadable("payment_status", "is missing")
    return PaymentReading(
        gateway_id=_payment_id(fields),
        word=_WORDS.get(raw_word, PaymentWord.UNRECOGNISED),
        raw_word=printable(raw_word, longest=LONGEST_WORD),
        order_ref=text_of(fields, "order_id"),
        price_amount=required_amount(fields, "price_amount"),
        price_currency=code_of(fields, "price_currency").upper(),
        coin=code_of(fields, "pay_currency"),
        pay_amount=amount_of(fields, "pay_amount"),
        actually_paid=amount_of(fields, "actually_paid") or Decimal(0),
        parent_id=id_of(fields, "parent_payment_id"),
        updated_at=time_of(fields, "updated_at"),
        address=exact_text_of(fields, "pay_address"),
        extra_id=exact_text_of(fields, "payin_extra_id"),
    )


@attrs.frozen(kw_only=True)
class ListedCoin:
    """A coin of `GET /full-currencies` that payments can be made in."""

    coin: Coin
    needs_memo: bool


def chosen_coins(document: object) -> frozenset[str]:
    """
    Read `GET /merchant/coins`: the coins that the merchant ticked.

    **Source:** the documentation shows `currencies` in lower case; live answers, `selectedCurrencies` in upper case.

    Raises:
        Unreadable: it has neither.
    """
    fields = _object(document)
    codes = fields.get("selectedCurrencies", fields.get("currencies"))
    if not isinstance(codes, list):
        raise Unreadable("selectedCurrencies", "is not a list")
    return frozenset(code.strip().lower() for code in codes if isinstance(code, str))


def listed_coins(document: object) -> dict[str, ListedCoin]:
    """
    Read `GET /full-currencies`: the coins that can be paid with at all, by code; what makes no sense is left out.

    **Source:** about a third of the coins with `enable` have `available_for_payment: false` in live answers; the
    documentation does not know the field.

    Raises:
        Unreadable: it is no such list.
    """
    items = _object(document).get("currencies")
    if not isinstance(items, list):
        raise Unreadable("currencies", "is not a list")
    found = {}
    for item in items:
        if not isinstance(item, dict) or item.get("enable") is not True or item.get("available_for_payment") is False:
            continue
        try:
            code = code_of(item, "code")
        except Unreadable:
            continue
        found[code] = ListedCoin(
            coin=Coin(code=code, name=text_of(item, "name", longest=64) or code, network=text_of(item, "network")),
            needs_memo=item.get("extra_id_exists") is True and item.get("extra_id_optional") is not True,
        )
    return found


def minimum_query(coin: str, currency: str) -> dict[str, str]:
    """The query of `GET /min-amount`, with the flags that payments are created with."""
    flags = {name: str(flag).lower() for name, flag in _RATE_FLAGS.items()}
    return {"currency_from": coin, "fiat_equivalent": currency.lower(), **flags}


def minimum_of(document: object, currency: str) -> Money | None:
    """
    Read the smallest price from `GET /min-amount`, rounded up; None if it is not said in this currency.

    Raises:
        Unreadable: it is not a price.
    """
    equivalent = amount_of(_object(document), "fiat_equivalent")
    if equivalent is None:
        return None
    if equivalent >= LARGEST - 1:
        raise Unreadable("fiat_equivalent", "is out of range")
    step = Decimal(1).scaleb(-exponent_of(currency))
    return Money(amount=equivalent.quantize(step, rounding=ROUND_CEILING), currency=currency)


def _object(document: object) -> Fields:
    if not isinstance(document, dict):
        raise Unreadable("the answer", "is not an object")
    return document


def _payment_id(fields: Fields) -> GatewayPaymentId:
    gateway_id = id_of(fields, "payment_id")
    if gateway_id is None:
        raise Unreadable("payment_id", "is missing")
    return gateway_id
