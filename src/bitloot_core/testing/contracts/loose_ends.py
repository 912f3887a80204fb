"""
The suite of the port `LooseEnds`: whatever lacks a job is found, page by page, and what lacks none is left alone.

Of the unhappy five, a retried key, a lost answer and a failure at the commit do not apply to a read; a slow peer and a
malformed body neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.jobs import JobName, JobRequest
from bitloot_core.order.order import Order
from bitloot_core.order.policy import Policy
from bitloot_core.order.upkeep import needs_of
from bitloot_core.ports.inbox import ConsumedWebhook, Source, WebhookStatus
from bitloot_core.ports.jobs import Dead, Done, JobEnd, JobOutcome
from bitloot_core.ports.loose_ends import Horizon, KnownJob, PendingWebhook
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import StorageWorld, claim, place
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import PLACED_AT
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.ids import JobId, OrderId, WebhookId

STATES = sorted(every_state())
USUAL = (
    "placed",
    "payment-open",
    "payment-confirming",
    "payment-short",
    "expired",
    "payment-void-failed",
    "reservation-planned",
    "reservation-claimed",
    "reservation-doubtful",
    "unit-held",
    "fulfilled",
    "refunded",
    "cancelled",
)
"""States in which most orders are."""
MOMENT = timedelta(seconds=1)
DAYS = timedelta(days=3)


class LooseEndsContract:
    """What whoever finds lost jobs must do. The fixture `world` gives an empty store."""

    @pytest.mark.parametrize("state", STATES)
    async def test_an_order_that_lacks_a_job_is_named(self, world: StorageWorld, state: str) -> None:
        """Whatever state its parts are in, if that calls for a job."""
        order = await given(world, state)
        needs = needs_of(order, now=world.clock.now(), policy=Policy())
        lacking: list[OrderId] = []

        for need in needs:
            order = await given(world, state, f"without{len(lacking)}")
            all_needs = needs_of(order, now=world.clock.now(), policy=Policy())
            await ask(world, [one.job for one in all_needs if one.job.name != need.job.name], of=order)
            lacking.append(order.id)

        assert set(lacking) <= set(await named(world))

    @pytest.mark.parametrize("state", USUAL)
    async def test_an_order_all_of_whose_jobs_live_is_not_named(self, world: StorageWorld, state: str) -> None:
        """So that a look at a healthy shop costs a few pages and nothing more."""
        order = await given(world, state)
        needs = needs_of(order, now=world.clock.now(), policy=Policy())
        await ask(world, [need.job for need in needs], of=order)

        assert await named(world) == []

    @pytest.mark.parametrize("ends", [Done(), Dead(error="given up", finding=None)])
    async def test_a_job_that_is_over_does_not_live(self, world: StorageWorld, ends: JobEnd) -> None:
        """The state still calls for it: whoever asks decides what that means."""
        order = await given(world, "unit-held")
        (need,) = needs_of(order, now=world.clock.now(), policy=Policy())
        await finish(world, *await ask(world, [need.job], of=order), end=ends)

        assert [order.id] == await named(world)

    async def test_a_mail_that_was_sent_is_not_missed(self, world: StorageWorld) -> None:
        """Its job is done, and leaves no other trace."""
        order = await given(world, "fulfilled")
        jobs = [need.job for need in needs_of(order, now=world.clock.now(), policy=Policy())]
        (mail,) = await ask(world, [job for job in jobs if job.name is JobName.SEND_MAIL], of=order)
        await ask(world, [job for job in jobs if job.name is not JobName.SEND_MAIL], of=order)
        await finish(world, mail)

        assert await named(world) == []

    async def test_an_order_that_was_changed_just_now_is_left_out(self, world: StorageWorld) -> None:
        """Its jobs may be on their way."""
        order = await given(world, "placed", ages=timedelta(0))
        horizon = a_horizon(world)

        fresh = await world.loose_ends.orders(horizon, after=None, limit=10)
        aged = await world.loose_ends.orders(
            attrs.evolve(horizon, before=horizon.before + MOMENT), after=None, limit=10
        )

        assert ((), (order.id,)) == (fresh.orders, aged.orders)

    async def test_an_order_that_ended_long_ago_is_left_out(self, world: StorageWorld) -> None:
        """There are many of them, and nothing more happens to them."""
        order = await given(world, "expired", ages=DAYS)
        horizon = a_horizon(world)
        later = attrs.evolve(horizon, ended_since=world.clock.now() - DAYS + MOMENT)

        assert [order.id] == await named(world, attrs.evolve(horizon, ended_since=world.clock.now() - DAYS))
        assert await named(world, later) == []

    async def test_a_mail_of_long_ago_is_not_missed(self, world: StorageWorld) -> None:
        """Jobs that are done are cleared away some day: the mail must not go out again because of that."""
        written_at = world.clock.now()
        order = await given_order(world, attrs.evolve(every_state()["fulfilled"], reservations=()), ages=DAYS)
        horizon = a_horizon(world)

        assert [order.id] == await named(world, attrs.evolve(horizon, recalled_since=written_at))
        assert await named(world, attrs.evolve(horizon, recalled_since=world.clock.now())) == []

    @pytest.mark.parametrize("limit", [1, 2, 5])
    async def test_every_order_is_looked_at_once(self, world: StorageWorld, limit: int) -> None:
        """Page after page, whatever the orders are and how many there are of each."""
        wanted = []
        for number in range(3):
            for state in ("placed", "payment-open", "payment-short", "expired", "reservation-planned", "unit-held"):
                wanted.append((await given(world, state, f"o{number}", ages=timedelta(0))).id)
                world.clock.advance(MOMENT if number else timedelta(0))
        horizon = attrs.evolve(a_horizon(world), before=world.clock.now() + MOMENT)

        pages = await all_pages(world, horizon, limit=limit)

        assert sorted(wanted) == sorted(order_id for page in pages for order_id in page)
        assert max(len(page) for page in pages) <= limit

    async def test_pages_without_suspects_are_no_end(self, world: StorageWorld) -> None:
        """Behind ten sound orders of each kind there may be one that is not."""
        for number in range(10):
            for state in ("placed", "unit-held"):
                sound = await given(world, state, f"a{number}", ages=timedelta(0))
                needs = needs_of(sound, now=world.clock.now(), policy=Policy())
                await ask(world, [need.job for need in needs], of=sound)
        world.clock.advance(MOMENT)
        lacking = [(await given(world, state, "z")).id for state in ("placed", "unit-held", "expired")]

        pages = await all_pages(world, a_horizon(world), limit=4)

        assert sorted(lacking) == sorted(order_id for page in pages for order_id in page)

    async def test_an_empty_shop_is_one_page(self, world: StorageWorld) -> None:
        """And names nobody."""
        page = await world.loose_ends.orders(a_horizon(world), after=None, limit=10)

        assert (page.orders, page.after) == ((), None)

    async def test_the_jobs_of_an_order_are_known(self, world: StorageWorld) -> None:
        """Those that live and those that are over; those of others are not its own."""
        order = await given(world, "payment-open")
        other = await given(world, "payment-open", "other")
        done, _ = await ask(world, [a_job(JobName.EXPIRE, order.id), a_job(JobName.RESERVE, "o1-1")], of=order)
        await ask(world, [a_job(JobName.EXPIRE, other.id)], of=other)
        await finish(world, done)

        found = await world.loose_ends.jobs_of(order.id)

        assert {
            KnownJob(name="expire", ref=order.id, lives=False),
            KnownJob(name="reserve", ref="o1-1", lives=True),
        } == set(found)

    async def test_nobody_has_no_jobs(self, world: StorageWorld) -> None:
        """An order that is not there was never asked a job for."""
        assert await world.loose_ends.jobs_of(OrderId("nobody")) == ()

    async def test_a_webhook_that_lost_its_job_is_found(self, world: StorageWorld) -> None:
        """It was acknowledged, so it is processed (I5)."""
        webhook_id = await received(world, Source.NOWPAYMENTS, ended=True)

        assert (
            PendingWebhook(id=webhook_id, source=Source.NOWPAYMENTS, order_id=None),
        ) == await world.loose_ends.webhooks(before=world.clock.now() + MOMENT, limit=10)

    async def test_a_webhook_whose_job_lives_is_not_found(self, world: StorageWorld) -> None:
        """Nor one that came just now."""
        await received(world, Source.KINGUIN, ended=False)
        await received(world, Source.NOWPAYMENTS, ended=True)

        assert await world.loose_ends.webhooks(before=world.clock.now(), limit=10) == ()

    @pytest.mark.parametrize("status", [status for status in WebhookStatus if status is not WebhookStatus.PENDING])
    async def test_a_webhook_that_is_over_is_not_found(self, world: StorageWorld, status: WebhookStatus) -> None:
        """Also one that was given up: a person was told."""
        webhook_id = await received(world, Source.KINGUIN, ended=True)
        consumed = ConsumedWebhook(id=webhook_id, status=status, result="over", order_id=None)
        await world.store.commit(Change(at=world.clock.now(), consumed=consumed))

        assert await world.loose_ends.webhooks(before=world.clock.now() + MOMENT, limit=10) == ()

    async def test_lost_webhooks_come_oldest_first(self, world: StorageWorld) -> None:
        """As many as were asked for."""
        ids = []
        for source in (Source.KINGUIN, Source.NOWPAYMENTS, Source.KINGUIN):
            ids.append(await received(world, source, ended=True))
            world.clock.advance(MOMENT)

        found = await world.loose_ends.webhooks(before=world.clock.now(), limit=2)

        assert ids[:2] == [one.id for one in found]


def a_horizon(world: StorageWorld) -> Horizon:
    """Everything that was not changed in this very moment."""
    now = world.clock.now()
    return Horizon(before=now, ended_since=now - timedelta(days=10), recalled_since=now - timedelta(days=3))


async def given(world: StorageWorld, state: str, name: str = "o1", *, ages: timedelta = MOMENT) -> Order:
    """An order in a state, without a job, written so long ago."""
    return await given_order(world, every_state(f"{name}{state.replace('-', '')}")[state], ages=ages)


async def given_order(world: StorageWorld, order: Order, *, ages: timedelta = MOMENT) -> Order:
    """That order, without a job, written so long ago."""
    stored = await place(world, order)
    world.clock.advance(ages)
    return stored


async def named(world: StorageWorld, horizon: Horizon | None = None) -> list[OrderId]:
    """The orders that are named on one page."""
    return list((await world.loose_ends.orders(horizon or a_horizon(world), after=None, limit=1000)).orders)


async def all_pages(world: StorageWorld, horizon: Horizon, *, limit: int) -> list[tuple[OrderId, ...]]:
    """Whom each page names, until there is no next one."""
    page = await world.loose_ends.orders(horizon, after=None, limit=limit)
    pages = [page.orders]
    while page.after is not None:
        page = await world.loose_ends.orders(horizon, after=page.after, limit=limit)
        pages.append(page.orders)
    return pages


def a_job(name: JobName, ref: str) -> JobRequest:
    """A job on a subject; for which order is said when it is asked for."""
    return JobRequest(name=name, ref=ref, order_id=None, due_at=PLACED_AT)


async def ask(world: StorageWorld, jobs: Iterable[JobRequest], *, of: Order) -> list[JobId]:
    """Ask for jobs for an order."""
    now = world.clock.now()
    return [await world.jobs.ask(attrs.evolve(job, order_id=of.id, due_at=now), now=now) for job in jobs]


async def finish(world: StorageWorld, job_id: JobId, *, end: JobEnd | None = None) -> None:
    """Claim a job and end it."""
    claimed = await claim(world, job_id)
    await world.jobs.end(JobOutcome(lease=claimed.lease, end=end or Done()), now=world.clock.now())


async def received(world: StorageWorld, source: Source, *, ended: bool) -> WebhookId:
    """A pending webhook whose job is over, though it does not say so, or still lives."""
    got = await world.inbox.receive(a_webhook(source=source), now=world.clock.now())
    assert got.job_id is not None
    if ended:
        await finish(world, got.job_id)
    return got.id
