"""
The coins on offer with their minimums, kept for a while: a front page must not wait for one question a coin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from bitloot_core.ports.payment_gateway import Coin
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError
from bitloot_core.values.money import Money
from bitloot_http.ending import end

_LOG = structlog.get_logger("bitloot.coins")
_GOOD_FOR_SECONDS = 600.0
_PATIENCE_SECONDS = 1.0


class CoinShelf:
    """
    Knows the coins, and as many of their minimums as could be asked for so far.

    Minimums move and are only hints, and the gateway allows few questions a second. So they are asked for one after
    another in the background, and whoever looks waits for them a second at most.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._minimums: dict[tuple[str, str], Money | None] = {}
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def coins(self) -> tuple[Coin, ...]:
        """
        The coins that can be paid with.

        Raises:
            Unavailable: the gateway cannot be asked, and the adapter remembers none.
        """
        return await self._shop.gateway.coins()

    async def with_minimums(self) -> tuple[tuple[Coin, Money | None], ...]:
        """
        The coins, each with the smallest order that it can pay as far as that is known.

        Raises:
            Unavailable: as above.
        """
        coins = await self.coins()
        currency = await self._currency()
        if currency is None:
            return tuple((coin, None) for coin in coins)
        await self._refresh(coins, currency)
        known: Mapping[tuple[str, str], Money | None] = self._minimums
        return tuple((coin, known.get((coin.code, currency))) for coin in coins)

    async def close(self) -> None:
        """Stop asking."""
        await end(self._asking)

    async def _currency(self) -> str | None:
        """The currency of the shop: that of its first product."""
        products = await self._shop.catalogue.products()
        return products[0].price.currency if products else None

    async def _refresh(self, coins: tuple[Coin, ...], currency: str) -> None:
        now = self._shop.clock.monotonic()
        stale = self._asked_at is None or now - self._asked_at >= _GOOD_FOR_SECONDS
        if stale and (self._asking is None or self._asking.done()):
            self._asked_at = now
            self._asking = asyncio.get_running_loop().create_task(self._ask(coins, currency), name="minimums")
        if self._asking is not None and not self._asking.done():
            await asyncio.wait({self._asking}, timeout=_PATIENCE_SECONDS)

    async def _ask(self, coins: tuple[Coin, ...], currency: str) -> None:
        for coin in coins:
            try:
                self._minimums[coin.code, currency] = await self._shop.gateway.minimum(coin.code, currency)
            except PortError as error:
                _LOG.info("minimum not known", coin=coin.code, error=error)
