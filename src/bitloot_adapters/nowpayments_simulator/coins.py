"""
The coins that the simulated gateway knows, and their exchange rates.

What lives here: a small fixed table and the arithmetic on it. What must not: anything about a particular payment.
The figures are invented but plausible; none of them moves unless a test moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import attrs

from . import errors

FIAT_IN_USD = {"usd": Decimal(1), "eur": Decimal("1.08"), "gbp": Decimal("1.27")}
CAP_IN_USD = Decimal(2000)
_FIXED_RATE_MINIMUM_FACTOR = Decimal("2.2")


@attrs.frozen(kw_only=True)
class Coin:
    """
    One coin of the table.

    Attributes:
        usd: the price of one whole coin in US dollars.
        minimum_usd: the least payment at a floating rate, in US dollars; a fixed rate asks about twice that.
        due_decimals: decimals of `pay_amount`.
        chain_decimals: decimals that the chain can move; fewer than `due_decimals` makes an exact payment impossible.
        has_memo: deposits need `payin_extra_id`.
        is_enabled: `enable` in the full list.
        is_available_for_payment: about a third of the enabled coins are not.
        is_capped: refuses payments above 2000 USD.
    """

    code: str
    name: str
    network: str
    usd: Decimal
    address_prefix: str
    minimum_usd: Decimal = Decimal(3)
    due_decimals: int = 8
    chain_decimals: int = 8
    smart_contract: str | None = None
    has_memo: bool = False
    is_enabled: bool = True
    is_available_for_payment: bool = True
    is_capped: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether a payment in this coin can be created."""
        return self.is_enabled and self.is_available_for_payment

    def due(self, amount: Decimal) -> Decimal:
        """An amount as `pay_amount` prints it."""
        return amount.quantize(Decimal(1).scaleb(-self.due_decimals), ROUND_HALF_UP)

    def movable(self, amount: Decimal) -> Decimal:
        """The most that the chain can move without exceeding the amount."""
        return amount.quantize(Decimal(1).scaleb(-self.chain_decimals), ROUND_DOWN)


def _coin(code: str, name: str, network: str, usd: str, address_prefix: str, **more: Any) -> Coin:  # attrs checks names
    return attrs.evolve(
        Coin(code=code, name=name, network=network, usd=Decimal(usd), address_prefix=address_prefix), **more
    )


COINS: tuple[Coin, ...] = (
    _coin("btc", "Bitcoin", "btc", "94750.5", "bc1q", minimum_usd=Decimal("4.2")),
    _coin("eth", "Ethereum", "eth", "3046.12", "0x"),
    _coin("ltc", "Litecoin", "ltc", "82.41", "ltc1q", minimum_usd=Decimal("0.4")),
    _coin("xmr", "Monero", "xmr", "331.6", "8", minimum_usd=Decimal("1.1")),
    _coin("trx", "Tron", "trx", "0.2871", "T", due_decimals=6, chain_decimals=6, minimum_usd=Decimal("1.9")),
    _coin("sol", "Solana", "sol", "141.07", "So", minimum_usd=Decimal("0.8")),
    _coin("doge", "Dogecoin", "doge", "0.1532", "D", minimum_usd=Decimal("1.5")),
    _coin(
        "xrp", "Ripple", "xrp", "2.1873", "r", due_decimals=6, chain_decimals=6, has_memo=True, minimum_usd=Decimal(1)
    ),
    _coin(
        "xlm", "Stellar", "xlm", "0.2514", "G", due_decimals=7, chain_decimals=7, has_memo=True, minimum_usd=Decimal(1)
    ),
    _coin("bnbbsc", "Binance Coin (BSC)", "bsc", "868.33", "0x", minimum_usd=Decimal("0.6")),
    _coin(
        "usdttrc20",
        "Tether USD (Tron)",
        "trx",
        "1.0004",
        "T",
        due_decimals=6,
        chain_decimals=6,
        minimum_usd=Decimal(9),
        smart_contract="TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    ),
    _coin(
        "usdterc20",
        "Tether USD (Ethereum)",
        "eth",
        "1.0004",
        "0x",
        due_decimals=6,
        chain_decimals=6,
        smart_contract="0xdAC17F958D2ee523a2206206994597C13D831ec7",
    ),
    _coin("usdtbsc", "Tether USD (BSC)", "bsc", "1.0004", "0x", minimum_usd=Decimal("0.5")),
    _coin("usdcbsc", "USD Coin (BSC)", "bsc", "0.9998", "0x", chain_decimals=6, minimum_usd=Decimal("0.5")),
    _coin("shib", "Shiba Inu", "eth", "0.00000871", "0x", minimum_usd=Decimal(6), is_capped=True),
    _coin("aave", "Aave", "eth", "182.9", "0x", is_available_for_payment=False),
    _coin("maticmainnet", "Polygon", "matic", "0.2352", "0x", is_available_for_payment=False),
    _coin("luna", "Terra", "luna", "0.1021", "terra1", is_enabled=False),
)


class RateTable:
    """
    Coins by code, with rates that a test may move.

    Args:
        coins: the table to start from.
    """

    def __init__(self, coins: Iterable[Coin] = COINS) -> None:
        self._coins = {coin.code: coin for coin in coins}

    @property
    def coins(self) -> tuple[Coin, ...]:
        """All coins, in the order of the table."""
        return tuple(self._coins.values())

    def change(self, code: str, **changes: Any) -> Coin:  # attrs checks the names
        """
        Replace fields of one coin: another rate, another minimum, switched off.

        Raises:
            ApiError: the coin is unknown.
        """
        changed = attrs.evolve(self.coin(code), **changes)
        self._coins[changed.code] = changed
        return changed

    def coin(self, code: str) -> Coin:
        """
        A coin by its code in any case.

        Raises:
            ApiError: the coin is unknown.
        """
        try:
            return self._coins[code.lower()]
        except KeyError:
            raise errors.currency_unavailable(code) from None

    def in_usd(self, code: str) -> Decimal:
        """
        The price of one unit of a coin or of a fiat currency.

        Raises:
            ApiError: neither a coin nor a fiat currency of the table.
        """
        fiat = FIAT_IN_USD.get(code.lower())
        return self.coin(code).usd if fiat is None else fiat

    def convert(self, amount: Decimal, source: str, target: str) -> Decimal:
        """
        An amount in another currency, at the precision of the target.

        Raises:
            ApiError: a currency is unknown, or the coin is switched off.
        """
        converted = amount * self.in_usd(source) / self.in_usd(target)
        for code in (source, target):
            if code.lower() not in FIAT_IN_USD and not self.coin(code).is_enabled:
                raise errors.not_convertible(source.lower(), target.lower())
        return self.rounded(converted, target)

    def rounded(self, amount: Decimal, code: str) -> Decimal:
        """An amount as the gateway prints it in that currency: two decimals for fiat, the coin's own otherwise."""
        if code.lower() in FIAT_IN_USD:
            return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
        return self.coin(code).due(amount)

    def minimum(self, code: str, *, is_fixed_rate: bool) -> Decimal:
        """
        The least payment in units of the coin; dearer at a fixed rate.

        **Source**: min-amount as merchants measure it (USDTTRC20 about 9 floating, about 20 fixed).
        """
        coin = self.coin(code)
        factor = _FIXED_RATE_MINIMUM_FACTOR if is_fixed_rate else Decimal(1)
        return coin.due(coin.minimum_usd * factor / coin.usd)
