"""The suite of whoever finds lost jobs fails fakes that break a promise."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import attrs
import pytest

from bitloot_core.ports.loose_ends import Horizon, KnownJob, PendingWebhook, Suspects
from bitloot_core.testing.contracts.loose_ends import LooseEndsContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.memory import MemoryLooseEnds, MemoryStorage
from bitloot_core.values.ids import OrderId

SUITE = LooseEndsContract()


class TakesDeadForLiving(MemoryLooseEnds):
    """Is content with a job that was asked for at some time."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Name only those that never had a job."""
        page = await super().orders(which, after=after, limit=limit)
        alone = [order_id for order_id in page.orders if not await self.jobs_of(order_id)]
        return attrs.evolve(page, orders=tuple(alone))


class NamesEverybody(MemoryLooseEnds):
    """Leaves the work to whoever asks."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Name all."""
        page = await super().orders(which, after=after, limit=limit)
        return attrs.evolve(page, orders=tuple(self._database.orders))


class ShowsTheFirstPage(MemoryLooseEnds):
    """Does not turn the page."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Call the first page the last one."""
        return attrs.evolve(await super().orders(which, after=after, limit=limit), after=None)


class CountsWhatItNames(MemoryLooseEnds):
    """Takes a page without suspects for the last one."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Stop where nobody is named."""
        page = await super().orders(which, after=after, limit=limit)
        return page if page.orders else attrs.evolve(page, after=None)


class DoesNotWait(MemoryLooseEnds):
    """Takes what is under way for lost."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Look at everything."""
        ever = attrs.evolve(which, before=datetime.max.replace(tzinfo=which.before.tzinfo))
        return await super().orders(ever, after=after, limit=limit)

    async def webhooks(self, *, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """Look at everything."""
        return await super().webhooks(before=datetime.max.replace(tzinfo=before.tzinfo), limit=limit)


class LooksAtThePast(MemoryLooseEnds):
    """Goes through all that ever was."""

    async def orders(self, which: Horizon, *, after: str | None, limit: int) -> Suspects:
        """Never leave an order out."""
        ever = datetime.min.replace(tzinfo=which.before.tzinfo)
        return await super().orders(
            attrs.evolve(which, ended_since=ever, recalled_since=ever), after=after, limit=limit
        )


class ForgetsWhatIsOver(MemoryLooseEnds):
    """Knows the living only."""

    async def jobs_of(self, order_id: OrderId) -> tuple[KnownJob, ...]:
        """Leave out what is done."""
        return tuple(job for job in await super().jobs_of(order_id) if job.lives)


class DoesNotLookForWebhooks(MemoryLooseEnds):
    """Trusts that each has its job."""

    async def webhooks(self, *, before: datetime, limit: int) -> tuple[PendingWebhook, ...]:
        """Find none."""
        return ()


Promise = Callable[[MemoryWorld], Awaitable[None]]


def world_with(broken: type[MemoryLooseEnds]) -> MemoryWorld:
    """The fakes, with this one of them."""
    storage = MemoryStorage()
    storage.loose_ends = broken(storage.database)
    return MemoryWorld.around(storage)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (TakesDeadForLiving, partial(SUITE.test_an_order_that_lacks_a_job_is_named, state="payment-open")),
        (NamesEverybody, partial(SUITE.test_an_order_all_of_whose_jobs_live_is_not_named, state="unit-held")),
        (NamesEverybody, SUITE.test_a_mail_that_was_sent_is_not_missed),
        (ShowsTheFirstPage, partial(SUITE.test_every_order_is_looked_at_once, limit=5)),
        (CountsWhatItNames, SUITE.test_pages_without_suspects_are_no_end),
        (DoesNotWait, SUITE.test_an_order_that_was_changed_just_now_is_left_out),
        (DoesNotWait, SUITE.test_a_webhook_whose_job_lives_is_not_found),
        (LooksAtThePast, SUITE.test_an_order_that_ended_long_ago_is_left_out),
        (LooksAtThePast, SUITE.test_a_mail_of_long_ago_is_not_missed),
        (ForgetsWhatIsOver, SUITE.test_the_jobs_of_an_order_are_known),
        (DoesNotLookForWebhooks, SUITE.test_a_webhook_that_lost_its_job_is_found),
        (DoesNotLookForWebhooks, SUITE.test_lost_webhooks_come_oldest_first),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type[MemoryLooseEnds], promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so; a sound one keeps it."""
    await promise(world_with(MemoryLooseEnds))

    with pytest.raises(AssertionError):
        await promise(world_with(broken))
