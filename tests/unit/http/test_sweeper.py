"""Lost jobs are looked for now and then, whatever is in the way meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from bitloot_core.order.upkeep import MEMORY
from bitloot_core.ports.loose_ends import PendingWebhook
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import JobId
from bitloot_http.caretaker import DONE_JOBS_KEPT
from bitloot_http.sweeper import Sweeper

MINUTE = timedelta(minutes=1)


class Bell:
    """A doorbell that can be waited for."""

    def __init__(self) -> None:
        self.rang = asyncio.Event()

    async def ring(self, job_ids: Sequence[JobId]) -> None:
        """Note that somebody rang."""
        self.rang.set()


async def a_shop_without_jobs() -> tuple[FakeShop, Bell]:
    """A shop whose one order is paid, and lost its job more than a minute ago; and its doorbell."""
    shop, bell = FakeShop(), Bell()
    await shop.offer(a_product("game"))
    await shop.settle((await shop.place()).id)
    shop.lose_jobs()
    shop.clock.advance(MINUTE + timedelta(seconds=1))
    shop.shop = attrs.evolve(shop.shop, notifier=bell)
    return shop, bell


async def run(sweeper: Sweeper, *, until: Bell) -> None:
    """Let it sweep by itself until somebody rings."""
    sweeper.start()
    async with asyncio.timeout(10):
        await until.rang.wait()
    await sweeper.stop()


async def test_a_sweep_asks_again_for_what_was_lost() -> None:
    """And says how much it was; a second one finds nothing."""
    shop, _ = await a_shop_without_jobs()
    sweeper = Sweeper(shop.shop, every=MINUTE)

    assert (await sweeper.sweep(), await sweeper.sweep()) == (1, 0)


async def test_it_sweeps_at_the_start() -> None:
    """A service that begins on a backup that was put back need not wait."""
    shop, bell = await a_shop_without_jobs()

    await run(Sweeper(shop.shop, every=MINUTE), until=bell)

    assert shop.living() == ["reserve:order1-1"]


async def test_a_store_that_is_away_is_asked_again() -> None:
    """With the next sweep."""
    shop, bell = await a_shop_without_jobs()
    away = [Unavailable("database", "it is closed")]

    async def webhooks(*, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """Fail once."""
        if away:
            raise away.pop()
        return await shop.storage.loose_ends.webhooks(before=before, limit=limit)

    shop.shop = attrs.evolve(shop.shop, loose_ends=Overridden(shop.storage.loose_ends, webhooks=webhooks))

    await run(Sweeper(shop.shop, every=timedelta(microseconds=1)), until=bell)

    assert shop.living() == ["reserve:order1-1"]


async def test_one_that_was_never_begun_can_be_stopped() -> None:
    """A service that could not start stops what it has."""
    await Sweeper(FakeShop().shop, every=MINUTE).stop()


def test_done_jobs_are_kept_for_longer_than_a_mail_can_be_missed() -> None:
    """A mail whose job was cleared away must not look like one that was never sent."""
    assert MEMORY < DONE_JOBS_KEPT
