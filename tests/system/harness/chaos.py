"""Everything at random that can befall a shop in the shape of production; the same seed gives the same plan."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import attrs

from bitloot_adapters import kinguin_simulator as kinguin
from bitloot_adapters import nowpayments_simulator as gateway
from harness.fault_proxy import FaultProxy
from harness.production import Production
from harness.s3_proxy import Fault, damage_answer, damage_upload, lose_answer, lose_request, refuse
from harness.waiting import pause

_BUCKET: tuple[tuple[Fault, str | None], ...] = (
    (lose_request, None),
    (lose_answer, "PUT"),
    (damage_answer, "GET"),
    (damage_upload, "PUT"),
    (refuse(503, "SlowDown"), None),
)
_AT_THE_SUPPLIER: tuple[kinguin.Fault, ...] = (
    kinguin.AcceptThenDrop(),
    kinguin.AcceptThenFail(),
    kinguin.AcceptThenGarble(),
    kinguin.DropUnheard(),
    kinguin.GatewayPage(status=502),
    kinguin.GatewayPage(status=429, retry_after=1),
    kinguin.WebhookFirst(within=timedelta(seconds=1)),
)
_AT_THE_GATEWAY: tuple[gateway.ApiFault, ...] = (
    gateway.AcceptThenDrop(),
    gateway.DropConnection(),
    gateway.BAD_GATEWAY,
    gateway.TOO_MANY_REQUESTS,
)
_CALLS_OF_THE_GATEWAY = ("POST /payment", "GET /payment/{id}", "GET /min-amount", "GET /estimate")


@attrs.frozen(kw_only=True)
class Chaos:
    """
    What befalls a shop.

    Attributes:
        shop: with web process and workers running; they are started again when they were killed.
        way: stands before its database.
        dice: decides what, and when.
        longest_pause_seconds: between two blows.
        done: how often each of them fell.
    """

    shop: Production
    way: FaultProxy
    dice: random.Random
    longest_pause_seconds: float
    done: Counter[str] = attrs.field(factory=Counter)

    def let_vendors_loose(self) -> None:
        """From now on their webhooks are lost, doubled, late, swapped and forged, and some of their answers bad."""
        vendors = self.shop.system.vendors
        for fault, probability in (
            (kinguin.SkipWebhook(), 0.2),
            (kinguin.DuplicateWebhook(times=3), 0.2),
            (kinguin.DelayWebhook(by=timedelta(seconds=0.5)), 0.1),
            (kinguin.SwapWebhook(), 0.1),
            (kinguin.ForgeWebhook(), 0.05),
        ):
            vendors.kinguin.webhooks.faults.rate(fault, probability)
        for call in kinguin.CALLS:
            for fault_of_a_call in _AT_THE_SUPPLIER:
                vendors.kinguin.faults.rate(call, fault_of_a_call, 0.01)
        vendors.gateway.notice_faults.odds = gateway.NoticeOdds(
            duplicate=0.2, drop=0.2, reorder=0.2, delay=0.2, replay=0.1, wrong_signature=0.05
        )

    async def calm(self) -> None:
        """Everything works from now on."""
        vendors = self.shop.system.vendors
        vendors.kinguin.webhooks.faults.clear()
        vendors.kinguin.faults.clear()
        vendors.gateway.faults.clear()
        vendors.gateway.notice_faults.clear()
        self.shop.bucket.heal()
        self.shop.mail.answers.clear()
        self.shop.mail.drops_next_answer = False
        await self.shop.post.pass_on()

    @asynccontextmanager
    async def reigning(self) -> AsyncIterator[None]:
        """Let one blow after another fall while the block lasts."""
        self.let_vendors_loose()
        stopping = asyncio.Event()
        rages = asyncio.create_task(self._rage(stopping))
        try:
            yield
        finally:
            # A blow that has begun is ended: whoever was killed is started again.
            stopping.set()
            await rages
            await self.calm()

    async def _rage(self, stopping: asyncio.Event) -> None:
        blows: tuple[Callable[[], Awaitable[None]], ...] = (
            self._kill_the_web,
            self._kill_a_worker,
            self._kill_a_worker,
            self._cut_off_the_database,
            self._wipe_redis,
            self._kill_redis,
            self._cut_the_bell,
            self._trouble_the_bucket,
            self._trouble_the_bucket,
            self._trouble_the_mail,
            self._trouble_the_gateway,
        )
        while not stopping.is_set():
            await pause(self.dice.uniform(0, self.longest_pause_seconds))
            blow = self.dice.choice(blows)
            self.done[blow.__name__.strip("_")] += 1
            await blow()

    async def _kill_the_web(self) -> None:
        await self.shop.system.service.kill()
        await self.shop.system.service.start()

    async def _kill_a_worker(self) -> None:
        worker = self.dice.choice(self.shop.workers)
        await worker.kill()
        await worker.start()

    async def _cut_off_the_database(self) -> None:
        self.way.cut()

    async def _wipe_redis(self) -> None:
        async with self.shop.redis.client() as client:
            await client.flushall()

    async def _kill_redis(self) -> None:
        self.shop.redis.kill()
        await pause(self.dice.uniform(0, 1))
        await self.shop.redis.start()

    async def _cut_the_bell(self) -> None:
        self.shop.bell.cut()

    async def _trouble_the_bucket(self) -> None:
        fault, method = self.dice.choice(_BUCKET)
        self.shop.bucket.plan(fault, method=method, times=self.dice.randint(1, 5))

    async def _trouble_the_mail(self) -> None:
        match self.dice.randrange(3):
            case 0:
                self.shop.mail.drops_next_answer = True
            case 1:
                self.shop.post.cut()
            case _:
                self.shop.mail.answers["RCPT"] = "450 4.2.0 greylisted"
                await pause(self.dice.uniform(0, 0.5))
                self.shop.mail.answers.clear()

    async def _trouble_the_gateway(self) -> None:
        call = self.dice.choice(_CALLS_OF_THE_GATEWAY)
        self.shop.system.vendors.gateway.faults.next(call, self.dice.choice(_AT_THE_GATEWAY))
