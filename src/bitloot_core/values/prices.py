"""
Prices made from costs: a margin, a floor under what a sale must bring, and endings that people expect on a price tag.

All of it is exact and in whole minor units; nothing here knows an exchange rate, so a price is in its cost's currency.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Self

import attrs

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.money import Money, exponent_of, parse_decimal

MOST_PERCENT = Decimal(1000)
"""A margin above this is a slip of the finger."""
_RULE_PARTS = 3
_ENDING = re.compile(r"x([0-9]{0,6})(\.[0-9]{1,2})?")


def _check_ending(instance: Rounding, _: object, value: Decimal) -> None:
    if not 0 <= value < instance.step:
        raise InvalidInput("rounding", "must end in less than its step")


def _check_step(_: object, __: object, value: Decimal) -> None:
    if not value.is_finite() or value <= 0:
        raise InvalidInput("rounding", "needs a step above 0")


@attrs.frozen(kw_only=True)
class Rounding:
    """
    Which prices may stand on a tag: those that are `ending` above a multiple of `step`. Rounding goes up, never down.

    Attributes:
        step: in major units; above 0.
        ending: in major units; from 0 to below `step`.

    >>> str(Rounding.parse("x.99").up(Money.of("12.30", "EUR")))
    '12.99 EUR'
    >>> str(Rounding.parse("0.05").up(Money.of("12.31", "EUR")))
    '12.35 EUR'
    """

    step: Decimal = attrs.field(validator=_check_step)
    ending: Decimal = attrs.field(default=Decimal(0), validator=_check_ending)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `0.05` (a multiple of five cents) or `x.99`, `x9.99` (ends like this, whatever stands before).

        Raises:
            InvalidInput: the text is neither.
        """
        ends = _ENDING.fullmatch(text)
        if ends is None or text == "x":
            step = parse_decimal(text, field="rounding")
            return cls(step=step)
        whole, cents = ends.groups(default="")
        return cls(step=Decimal(10) ** len(whole), ending=Decimal(f"{whole}{cents}"))

    @property
    def text(self) -> str:
        """
        As `parse` reads it, where it can be written so.

        >>> Rounding.parse("x9.99").text, Rounding.parse("0.05").text
        ('x9.99', '0.05')
        """
        if not self.ending:
            return f"{self.step:f}"
        whole, _, cents = f"{self.ending:f}".partition(".")
        digits = len(f"{self.step:f}") - 1
        return f"x{whole.zfill(digits) if digits else ''}{'.' + cents if cents else ''}"

    def up(self, least: Money) -> Money:
        """
        The lowest price that may stand on a tag and is not below `least`.

        Raises:
            InvalidInput: the currency has no such small change, or the price is out of range.
        """
        step, ending = _minor(self.step, least.currency), _minor(self.ending, least.currency)
        # The quotient of whole numbers, rounded up.
        steps = -((ending - least.minor) // step)
        return Money.from_minor(ending + step * steps, least.currency)


def _check_margin(_: object, __: object, value: Decimal) -> None:
    if not value.is_finite() or not 0 <= value <= MOST_PERCENT:
        raise InvalidInput("margin", f"must be from 0 to {MOST_PERCENT} per cent")


def _check_floor(_: object, __: object, value: Money) -> None:
    if value.amount < 0:
        raise InvalidInput("floor", "must not be below 0")


@attrs.frozen(kw_only=True)
class PriceRule:
    """
    How a price is made from a cost, and how high the cost may rise before a sale at that price is not worth it.

    The price is never below cost plus floor, and a higher cost never leads to a lower price.

    Attributes:
        margin_percent: added to the cost, in per cent of it.
        floor: the least that a sale must bring above its cost; what the gateway takes comes out of it.
        rounding: which prices may stand on a tag.

    >>> rule = PriceRule.parse("20%, 1.00, x.99")
    >>> price = rule.price_of(Money.of("10.00", "EUR"))
    >>> str(price), str(rule.cap_of(price))
    ('12.99 EUR', '11.99 EUR')
    """

    margin_percent: Decimal = attrs.field(validator=_check_margin)
    floor: Money = attrs.field(validator=_check_floor)
    rounding: Rounding

    @classmethod
    def parse(cls, text: str, *, currency: str = "EUR") -> Self:
        """
        Read `MARGIN%, FLOOR, ROUNDING`: `15%, 0.50, x.99`.

        Raises:
            InvalidInput: the text is no such rule.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != _RULE_PARTS or not parts[0].endswith("%"):
            raise InvalidInput("rule", "is not like 15%, 0.50, x.99 (margin, floor, rounding)")
        return cls(
            margin_percent=parse_decimal(parts[0].removesuffix("%").strip(), field="margin"),
            floor=Money.of(parts[1], currency, field="floor"),
            rounding=Rounding.parse(parts[2]),
        )

    @property
    def text(self) -> str:
        """The rule as `parse` reads it."""
        return f"{self.margin_percent:f}%, {self.floor.text}, {self.rounding.text}"

    def price_of(self, cost: Money) -> Money:
        """
        The price of something that costs this much.

        Raises:
            InvalidInput: the cost is not above 0, is in another currency than the floor, or leads out of range.
        """
        if cost.amount <= 0:
            raise InvalidInput("cost", "must be above 0")
        least = cost + self.floor
        with_margin = ceil(Fraction(cost.minor) * (100 + Fraction(self.margin_percent)) / 100)
        return self.rounding.up(max(least, Money.from_minor(with_margin, cost.currency)))

    def cap_of(self, price: Money) -> Money:
        """
        The highest cost at which a sale at this price still brings the floor: never below the cost it was made from.

        Raises:
            InvalidInput: the price is in another currency than the floor, or is not above it.
        """
        cap = price - self.floor
        if cap.amount <= 0:
            raise InvalidInput("price", f"must be above the floor of {self.floor}")
        return cap


def _minor(amount: Decimal, currency: str) -> int:
    scaled = amount.scaleb(exponent_of(currency))
    if scaled != int(scaled):
        raise InvalidInput("rounding", f"has more digits than {currency} has")
    return int(scaled)
