"""
The part of the order store's suite that holds a write together: all of it, or nothing.
"""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.ports.inbox import ConsumedWebhook, Received, WebhookStatus
from bitloot_core.ports.jobs import ClaimedJob, Done, JobOutcome
from bitloot_core.ports.store import Change, KeyAccess
from bitloot_core.testing.contracts.jobs_wakes import ENDS, an_end
from bitloot_core.testing.contracts.storage import LEASE, StorageWorld, claim, due, only, place, rewrite, try_claim
from bitloot_core.testing.orders import PLACED_AT, a_finding, held, opened, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_change, a_job, a_webhook
from bitloot_core.values.errors import AlreadyTaken, BitlootError, LeaseLost, StaleOrder
from bitloot_core.values.ids import FindingId, OrderId, unit_id


def received(order: Order, *, amount: str = "0.00012345", external_id: str = "pay-1") -> LedgerEntry:
    """Coins that arrived for an order."""
    return LedgerEntry(
        order_id=order.id,
        kind=LedgerKind.RECEIVED,
        external_id=external_id,
        amount=Decimal(amount),
        currency="btc",
        at=PLACED_AT,
    )


def an_access(order: Order, *, reason: str = "") -> KeyAccess:
    """A look of the buyer at the first key of an order."""
    return KeyAccess(
        order_id=order.id,
        unit_id=unit_id(1, 1),
        actor="link",
        address="2001:db8::7",
        agent="Mozilla/5.0",
        reason=reason,
        at=PLACED_AT,
    )


def a_loose_finding(finding_id: str = "f1", *, subject: str = "payment 99") -> Finding:
    """A finding about no order."""
    return Finding(
        id=FindingId(finding_id),
        order_id=None,
        reason=FindingReason.PAYMENT_STRAY,
        subject=subject,
        text="Nobody knows it.",
        amount=None,
        blocking=False,
        opened_at=PLACED_AT,
    )


def consumed(webhook: Received, order_id: OrderId | None = None) -> ConsumedWebhook:
    """What became of a webhook that made sense."""
    return ConsumedWebhook(id=webhook.id, status=WebhookStatus.PROCESSED, result="settled", order_id=order_id)


class OneWriteContract:
    """State, jobs, ledger, findings, audit, webhook and the end of the job are written together."""

    async def test_a_whole_change_is_written(self, world: StorageWorld) -> None:
        """Every part of one change is there afterwards."""
        before, change, _, webhook = await _a_whole_change(world)

        committed = await world.store.commit(change)

        dossier = await world.queries.dossier(before.id)
        assert attrs.evolve(settled(before), version=2) == dossier.order == committed.order
        assert {"reserve"} == {job.name for job in dossier.jobs if job.status == "ready"}
        assert set(committed.due) == set(await due(world))
        assert (received(before),) == dossier.ledger
        assert WebhookStatus.PROCESSED is (await world.inbox.get(webhook.id)).status
        assert [an_access(before)] == [access for _, access in await world.queries.accesses(before.id)]

    @pytest.mark.parametrize("broken", ["stale", "lease", "taken"])
    async def test_one_refused_part_refuses_all(self, world: StorageWorld, broken: str) -> None:
        """Stale order, lost lease or a name that is taken: nothing of the change is there, and the webhook waits."""
        before, change, job, webhook = await _a_whole_change(world)
        error: type[BitlootError]
        match broken:
            case "stale":
                error = StaleOrder
                await rewrite(world, before, opened(before, gateway_id="in-between"))
            case "lease":
                error = LeaseLost
                world.clock.advance(LEASE * 2)
                await claim(world, job.lease.job_id, token="token-2")
            case _:
                error = AlreadyTaken
                await place(world, settled(placed("o2"), gateway_id=f"pay-{before.id}-1"))
        stored, waiting = await world.store.get(before.id), await due(world)

        with pytest.raises(error):
            await world.store.commit(change)

        dossier = await world.queries.dossier(before.id)
        assert stored == dossier.order
        assert waiting == await due(world)
        assert dossier.ledger == ()
        assert WebhookStatus.PENDING is (await world.inbox.get(webhook.id)).status
        assert await world.queries.accesses(before.id) == ()
        if broken != "lease":
            await world.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=world.clock.now())

    async def test_the_job_ends_with_the_write(self, world: StorageWorld) -> None:
        """What a job led to and its end are one commit: it is not handed out again."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))

        await world.store.commit(
            attrs.evolve(a_change(opened(before), before=before), outcome=JobOutcome(lease=job.lease, end=Done()))
        )

        world.clock.advance(LEASE * 2)
        assert await due(world) == ()

    async def test_a_change_without_an_order_is_written(self, world: StorageWorld) -> None:
        """A webhook that led to nothing is consumed, and its job ends."""
        webhook = await world.inbox.receive(a_webhook(), now=world.clock.now())
        job = await claim(world, (await due(world))[0])
        spent = ConsumedWebhook(id=webhook.id, status=WebhookStatus.IGNORED, result="nothing of ours", order_id=None)

        committed = await world.store.commit(
            Change(at=world.clock.now(), consumed=spent, outcome=JobOutcome(lease=job.lease, end=Done()))
        )

        stored = await world.inbox.get(webhook.id)
        assert committed.order is None
        assert (WebhookStatus.IGNORED, "nothing of ours", world.clock.now()) == (
            stored.status,
            stored.result,
            stored.processed_at,
        )

    async def test_a_write_under_a_fence_leaves_the_job_running(self, world: StorageWorld) -> None:
        """What is written in the middle of a job asserts the lease and ends nothing."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))

        await world.store.commit(attrs.evolve(a_change(opened(before), before=before), fence=job.lease))

        assert await try_claim(world, job.lease.job_id, token="token-2") is None
        await world.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=world.clock.now())

    async def test_a_lost_fence_writes_nothing(self, world: StorageWorld) -> None:
        """A worker whose job was taken over cannot write, neither as the owner before nor after the job ended."""
        before = await place(world, placed())
        slow = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))
        world.clock.advance(LEASE * 2)
        quick = await claim(world, slow.lease.job_id, token="token-2")
        change = attrs.evolve(a_change(opened(before), before=before), fence=slow.lease)

        with pytest.raises(LeaseLost):
            await world.store.commit(change)
        await world.jobs.end(JobOutcome(lease=quick.lease, end=Done()), now=world.clock.now())
        with pytest.raises(LeaseLost):
            await world.store.commit(change)

        assert before == await world.store.get(before.id)

    async def test_a_slow_owner_that_nobody_replaced_may_write(self, world: StorageWorld) -> None:
        """A lease that ran out is lost only once somebody else has claimed the job: the outcome of a call is kept."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))
        world.clock.advance(LEASE * 2)

        await world.store.commit(
            attrs.evolve(a_change(opened(before), before=before), outcome=JobOutcome(lease=job.lease, end=Done()))
        )

        assert await due(world) == ()

    async def test_a_job_that_asks_for_itself_waits(self, world: StorageWorld) -> None:
        """A job that ends and asks for its own name again is due at the time that it named, not at once."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job(), now=world.clock.now()))
        again = a_job(due_at=world.clock.now() + LEASE * 3)

        await world.store.commit(
            attrs.evolve(
                a_change(opened(before), before=before),
                jobs=(again,),
                outcome=JobOutcome(lease=job.lease, end=Done()),
            )
        )

        assert await due(world) == ()
        world.clock.advance(LEASE * 3)
        assert len(await due(world)) == 1

    async def test_jobs_that_are_due_later_are_not_rung(self, world: StorageWorld) -> None:
        """The answer names the jobs that a worker can take now, and no others."""
        now = world.clock.now()
        later = a_job("later", due_at=now + LEASE)

        committed = await world.store.commit(
            attrs.evolve(a_change(placed(), at=now), jobs=(a_job("now", due_at=now), later))
        )

        assert await due(world) == committed.due

    @pytest.mark.parametrize("end", ENDS)
    async def test_every_end_can_be_part_of_a_write(self, world: StorageWorld, end: str) -> None:
        """A job may also be put off, tried again or given up in the commit that writes what it led to."""
        before = await place(world, placed())
        job = await claim(world, await world.jobs.ask(a_job(order_id=before.id), now=world.clock.now()))
        later = world.clock.now() + LEASE

        await world.store.commit(
            attrs.evolve(
                a_change(opened(before), before=before), outcome=JobOutcome(lease=job.lease, end=an_end(end, world))
            )
        )

        row = only((await world.queries.dossier(before.id)).jobs)
        assert {"snooze": "ready", "retry": "ready"}.get(end, end) == row.status
        assert row.status != "ready" or later == row.due_at

    async def test_the_same_money_is_one_ledger_row(self, world: StorageWorld) -> None:
        """A movement that is told twice is left as it was first told: (kind, external id) names it."""
        before = await place(world, placed())
        first = attrs.evolve(a_change(opened(before), before=before), ledger=(received(before),))
        committed = await world.store.commit(first)
        assert committed.order is not None
        other = received(before, external_id="pay-2")

        await world.store.commit(
            attrs.evolve(
                a_change(settled(before), before=committed.order), ledger=(received(before, amount="5"), other, other)
            )
        )

        assert (received(before), other) == (await world.queries.dossier(before.id)).ledger

    async def test_findings_of_an_order_come_and_go(self, world: StorageWorld) -> None:
        """A finding is a row from when it is opened; resolving it says who and when, and the order has it no more."""
        before = await place(world, placed())
        found = await rewrite(world, before, with_finding(before))
        world.clock.advance(LEASE)

        settled_one = await rewrite(world, found, attrs.evolve(found, findings=()))

        row = only((await world.queries.dossier(before.id)).findings)
        assert settled_one.findings == ()
        assert (a_finding(before), world.clock.now(), "admin:ann") == (row.finding, row.resolved_at, row.resolved_by)

    async def test_a_finding_about_no_order_is_kept_once(self, world: StorageWorld) -> None:
        """The same reason on the same subject is one open finding, however often it is seen."""
        for finding in (a_loose_finding("f1"), a_loose_finding("f1"), a_loose_finding("f2")):
            await world.store.commit(Change(at=PLACED_AT, findings=(finding,)))
        await world.store.commit(Change(at=PLACED_AT, findings=(a_loose_finding("f3", subject="payment 98"),)))

        assert sorted(await world.open_subjects()) == ["payment 98", "payment 99"]

    async def test_a_refused_change_opens_no_finding(self, world: StorageWorld) -> None:
        """A finding is part of its write, also where it is about no order."""
        before = await place(world, placed())
        await rewrite(world, before, opened(before))

        with pytest.raises(StaleOrder):
            await world.store.commit(
                attrs.evolve(a_change(settled(before), before=before), findings=(a_loose_finding(),))
            )

        assert list(await world.open_subjects()) == []

    async def test_audit_rows_keep_their_order(self, world: StorageWorld) -> None:
        """Each access is a row of its own with a growing id, oldest first, and of its own order only."""
        order = await place(world, held(reserved(settled(placed()))))
        other = await place(world, held(reserved(settled(placed("o2")))))
        looks = [an_access(order), an_access(order, reason="the buyer called"), an_access(order)]
        for look in looks:
            await world.store.commit(Change(at=PLACED_AT, before=order, accesses=(look,)))
            await world.store.commit(Change(at=PLACED_AT, before=other, accesses=(an_access(other),)))

        rows = await world.queries.accesses(order.id)

        assert looks == [access for _, access in rows]
        assert sorted({number for number, _ in rows}) == [number for number, _ in rows]


async def _a_whole_change(world: StorageWorld) -> tuple[Order, Change, ClaimedJob, Received]:
    """A change that has every part, with the job and the webhook that it ends; the order is the first it changes."""
    before = await place(world, placed())
    webhook = await world.inbox.receive(a_webhook(), now=world.clock.now())
    job_id = only(await due(world))
    job = await claim(world, job_id)
    change = attrs.evolve(
        a_change(settled(before), before=before),
        jobs=(a_job(order_id=before.id),),
        ledger=(received(before),),
        findings=(a_loose_finding(),),
        consumed=consumed(webhook, before.id),
        outcome=JobOutcome(lease=job.lease, end=Done()),
        accesses=(an_access(before),),
    )
    return before, change, job, webhook
