"""
Money and coin amounts: exact decimals with their currency, parsed from text and never from a float.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Self

import attrs

from bitloot_core.values.errors import InvalidInput

_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,18})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COIN = re.compile(r"[a-z0-9]{2,20}")
_NO_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
LARGEST = Decimal(10) ** 12
"""No price and no sum of this shop is larger; a number beyond it is a mistake or an attack."""


def exponent_of(currency: str) -> int:
    """
    Digits after the point that a currency has (ISO 4217, minor unit).

    >>> exponent_of("EUR"), exponent_of("JPY")
    (2, 0)
    """
    return 0 if currency in _NO_CENTS else 2


def parse_decimal(text: str, *, field: str = "amount") -> Decimal:
    """
    Read a plain decimal number: digits, at most one point, no exponent, no thousands separator.

    >>> parse_decimal("12.90")
    Decimal('12.90')

    Raises:
        InvalidInput: the text is not such a number, or is larger than a shop could mean.
    """
    if not isinstance(text, str) or _PLAIN.fullmatch(text) is None:
        raise InvalidInput(field, "is not a plain decimal number")
    value = Decimal(text)
    if abs(value) >= LARGEST:
        raise InvalidInput(field, "is out of range")
    return value


def _check_currency(_: object, __: object, value: str) -> None:
    if _CURRENCY.fullmatch(value) is None:
        raise InvalidInput("currency", "is not a three-letter code in capitals")


def _check_amount(instance: Money, _: object, value: Decimal) -> None:
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= LARGEST:
        raise InvalidInput("amount", "is not a finite decimal within range")
    if value != value.quantize(Decimal(1).scaleb(-exponent_of(instance.currency))):
        raise InvalidInput("amount", f"has more digits than {instance.currency} has")


@attrs.frozen(order=False)
class Money:
    """
    An exact amount of a fiat currency.

    Attributes:
        amount: in major units, with no more digits than the currency has.
        currency: ISO 4217 code in capitals.

    >>> Money.of("12.99", "EUR") + Money.of("0.01", "EUR")
    Money(amount=Decimal('13.00'), currency='EUR')
    """

    currency: str = attrs.field(validator=_check_currency, kw_only=True)
    amount: Decimal = attrs.field(validator=_check_amount, kw_only=True)

    def __repr__(self) -> str:
        return f"Money(amount={self.amount!r}, currency={self.currency!r})"

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    @classmethod
    def of(cls, text: str, currency: str, *, field: str = "amount") -> Self:
        """Parse an amount from text; see `parse_decimal` for what is refused."""
        value = parse_decimal(text, field=field)
        return cls(amount=value, currency=currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Self:
        """
        Build an amount from its minor units (cents).

        >>> str(Money.from_minor(1299, "EUR"))
        '12.99 EUR'
        """
        return cls(amount=Decimal(minor).scaleb(-exponent_of(currency)), currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls.from_minor(0, currency)

    @property
    def minor(self) -> int:
        """The amount in minor units (cents): what a database holds."""
        return int(self.amount.scaleb(exponent_of(self.currency)))

    @property
    def text(self) -> str:
        """The amount as the wire shows it, with all digits of the currency."""
        return f"{self.amount:.{exponent_of(self.currency)}f}"

    def __add__(self, other: Money) -> Money:
        return Money(amount=self.amount + self._same(other).amount, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(amount=self.amount - self._same(other).amount, currency=self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(amount=self.amount * count, currency=self.currency)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InvalidInput("currency", f"is {other.currency}, expected {self.currency}")
        return other


def parse_coin(text: str, *, field: str = "payCurrency") -> str:
    """
    Read a coin's code as payment gateways write it, lower case.

    >>> parse_coin("USDTTRC20")
    'usdttrc20'

    Raises:
        InvalidInput: it is not 2 to 20 letters and digits.
    """
    coin = text.strip().lower()
    if _COIN.fullmatch(coin) is None:
        raise InvalidInput(field, "is not a coin's code", code="unknown-coin")
    return coin


def _check_coin(_: object, __: object, value: str) -> None:
    if _COIN.fullmatch(value) is None:
        raise InvalidInput("coin", "is not a coin's code")


def _check_coin_amount(_: object, __: object, value: Decimal) -> None:
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0 or value >= Decimal(10) ** 30:
        raise InvalidInput("amount", "is not a finite amount of a coin")


@attrs.frozen(kw_only=True)
class CoinAmount:
    """
    An exact amount of a crypto coin.

    Attributes:
        amount: in whole coins; never negative.
        coin: the gateway's code, lower case (`btc`, `usdttrc20`).

    >>> CoinAmount(amount=Decimal("1E-8"), coin="btc").text
    '0.00000001'
    """

    amount: Decimal = attrs.field(validator=_check_coin_amount)
    coin: str = attrs.field(validator=_check_coin)

    @property
    def text(self) -> str:
        """The amount as plain digits, never with an exponent."""
        plain = f"{self.amount:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain

    def __str__(self) -> str:
        return f"{self.text} {self.coin}"
