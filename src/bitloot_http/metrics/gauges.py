"""
How the shop stands: read from the database every few seconds at most, and from the supplier every few minutes.

Whoever asks is answered at once with what is known, and with how old it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import attrs
import structlog

from bitloot_core.order.buying import Balance
from bitloot_core.ports.alerts import ChannelId
from bitloot_core.ports.figures import OpenFindings, OrderFigures, QueueFigures
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import PortError
from bitloot_http.alert_channels import ChannelStanding, standings
from bitloot_http.ending import end

GOOD_FOR = timedelta(seconds=10)
BALANCE_GOOD_FOR = timedelta(minutes=5)
_PATIENCE_SECONDS = 3.0
_EPOCH_AGO = timedelta(days=365)
_LOG = structlog.get_logger("bitloot.metrics")


@attrs.frozen(kw_only=True)
class Standing:
    """
    How the shop stood at one moment.

    Attributes:
        at: when it was read.
        webhooks: how many of the last year's have each status.
        paused_by: who holds buying up, by their word; empty if it goes on.
        channels: how each channel of alerts stands; empty if none is set.
    """

    at: datetime
    orders: OrderFigures
    queue: QueueFigures
    findings: tuple[OpenFindings, ...]
    webhooks: Mapping[str, int]
    paused_by: tuple[str, ...]
    channels: tuple[ChannelStanding, ...] = ()


@attrs.frozen(kw_only=True)
class Reading:
    """
    What is known now.

    Attributes:
        now: the time.
        standing: None if the database could not be read.
        balance: the newest reading of our balance at the supplier; None if there was none yet.
    """

    now: datetime
    standing: Standing | None
    balance: Balance | None


class Gauges:
    """
    Knows how the shop stands.

    Args:
        shop: what is looked at.
        channels: the channels of alerts that are set.
    """

    def __init__(self, shop: Shop, channels: Sequence[ChannelId] = ()) -> None:
        self._shop = shop
        self._channels = tuple(channels)
        self._standing: Standing | None = None
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._balance: Balance | None = None
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def read(self) -> Reading:
        """
        What is known now; reads the database anew if that was long ago, but waits for it a few seconds at most.

        The supplier is asked in the background: whoever asks next has the answer.
        """
        self._ask_supplier()
        monotonic = self._shop.clock.monotonic()
        if self._read_at is None or monotonic - self._read_at >= GOOD_FOR.total_seconds():
            if self._reading is None or self._reading.done():
                self._reading = asyncio.get_running_loop().create_task(self._look(), name="figures")
            await asyncio.wait({self._reading}, timeout=_PATIENCE_SECONDS)
        return Reading(now=self._shop.clock.now(), standing=self._standing, balance=self._balance)

    async def close(self) -> None:
        """Stop whatever is being asked."""
        await end(self._reading, self._asking)

    async def _look(self) -> None:
        shop, now = self._shop, self._shop.clock.now()
        try:
            buying = await shop.switches.buying()
            self._standing = Standing(
                at=now,
                orders=await shop.figures.orders(now=now),
                queue=await shop.figures.queue(now=now),
                findings=await shop.figures.findings(),
                webhooks=await shop.figures.webhooks(since=now - _EPOCH_AGO),
                paused_by=tuple(str(pause.holder) for pause in buying.pauses if not pause.is_over(now)),
                channels=await standings(shop.alerts, self._channels, now=now),
            )
            self._note(buying.balance)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is not known is not shown
            self._standing = None
            _LOG.warning("figures not known", error=type(error).__name__)
        self._read_at = self._shop.clock.monotonic()

    def _ask_supplier(self) -> None:
        monotonic = self._shop.clock.monotonic()
        is_old = self._asked_at is None or monotonic - self._asked_at >= BALANCE_GOOD_FOR.total_seconds()
        if is_old and (self._asking is None or self._asking.done()):
            self._asked_at = monotonic
            self._asking = asyncio.get_running_loop().create_task(self._ask(), name="balance")

    async def _ask(self) -> None:
        now = self._shop.clock.now()
        try:
            self._note(Balance(left=await self._shop.supplier.balance(), at=now))
        except PortError as error:
            _LOG.info("balance not known", error=error)

    def _note(self, balance: Balance | None) -> None:
        """Keep the newest reading, whoever made it."""
        if balance is not None and (self._balance is None or balance.at > self._balance.at):
            self._balance = balance
