"""
The form of the variable that says how prices are made; see `variables` for what a parser promises.
"""

from __future__ import annotations

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.prices import PriceRule


def price_rule(text: str) -> PriceRule:
    """Margin in per cent, floor in EUR, and rounding, separated by commas."""
    try:
        return PriceRule.parse(text)
    except InvalidInput as refusal:
        raise ValueError("must be like 15%, 0.50, x.99: margin, floor in EUR, rounding") from refusal
