"""Each suite of the storage ports fails fakes that break a promise: a suite that lets all pass proves nothing."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import attrs
import pytest

from bitloot_core.order.jobs import JobRequest
from bitloot_core.order.order import Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.ports.inbox import Received, Source, VerifiedWebhook
from bitloot_core.ports.jobs import ClaimedJob, JobOutcome, Retry, Snooze
from bitloot_core.ports.queries import OrderFilter, OrderRow, Page, Slice
from bitloot_core.ports.requests import Begun
from bitloot_core.ports.store import Change, Committed, LinkUse
from bitloot_core.testing.contracts.audit import AuditContract
from bitloot_core.testing.contracts.catalogue import CatalogueContract
from bitloot_core.testing.contracts.inbox import InboxContract
from bitloot_core.testing.contracts.jobs import JobsContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.queries import QueriesContract
from bitloot_core.testing.contracts.requests import RequestsContract
from bitloot_core.testing.contracts.store import OrderStoreContract
from bitloot_core.testing.memory import (
    MemoryCatalogue,
    MemoryInbox,
    MemoryJobs,
    MemoryOrderStore,
    MemoryQueries,
    MemoryRequests,
    MemoryStorage,
)
from bitloot_core.testing.memory.jobs import ask
from bitloot_core.values.errors import Unavailable
from bitloot_core.values.ids import JobId, OrderId, WebhookId

STORE, JOBS, INBOX = OrderStoreContract(), JobsContract(), InboxContract()
REQUESTS, CATALOGUE, QUERIES = RequestsContract(), CatalogueContract(), QueriesContract()


class ForgetsTheVersion(MemoryOrderStore):
    """The last writer wins."""

    def _check_version(self, change: Change) -> None:
        """Look at nothing."""


class AsksForJobsFirst(MemoryOrderStore):
    """Has two transactions where one was promised."""

    async def commit(self, change: Change) -> Committed:
        """Let the jobs go before it is known whether the order can be written."""
        for request in change.jobs:
            ask(self._database, request, change.at)
        return await super().commit(attrs.evolve(change, jobs=()))


class ForgetsTheLease(MemoryOrderStore):
    """Lets a worker write that was given up for dead."""

    async def commit(self, change: Change) -> Committed:
        """Write without a look at the fence."""
        return await super().commit(attrs.evolve(change, fence=None))


class ForgetsTheEnd(MemoryOrderStore):
    """Leaves the job to be ended by somebody else, who may die before."""

    async def commit(self, change: Change) -> Committed:
        """Write all but the job's end."""
        return await super().commit(attrs.evolve(change, outcome=None))


class LetsNamesBeShared(MemoryOrderStore):
    """Sells one key to two buyers."""

    def _check_names(self, order: Order) -> None:
        """Look at nothing."""


class KeepsEveryLinkGood(MemoryOrderStore):
    """Opens for whoever has ever had a link."""

    def _check_link(self, use: LinkUse) -> None:
        """Look at nothing."""


class CommitsByHalves(MemoryOrderStore):
    """Writes the order although the commit failed."""

    async def commit(self, change: Change) -> Committed:
        """Write before the point at which it can fail."""
        if change.before is not None:
            self._write_order(change, change.after)
        return await super().commit(change)


class LosesFindings(MemoryOrderStore):
    """Keeps what it has a column for."""

    async def get(self, order_id: OrderId) -> Order:
        """Read all but the findings."""
        return attrs.evolve(await super().get(order_id), findings=())


class BooksTwice(MemoryOrderStore):
    """Counts the same money each time that it is told of it."""

    async def commit(self, change: Change) -> Committed:
        """Give each entry a name of its own."""
        seen = len(self._database.ledger)
        entries = (attrs.evolve(entry, external_id=f"{entry.external_id}#{seen}") for entry in change.ledger)
        return await super().commit(attrs.evolve(change, ledger=tuple(entries)))


class HandsOutTwice(MemoryJobs):
    """Forgets that a job is at work."""

    async def claim(self, job_id: JobId, *, now: datetime, lease: timedelta, token: str) -> ClaimedJob | None:
        """Claim, and leave the job ready."""
        claimed = await super().claim(job_id, now=now, lease=lease, token=token)
        if claimed is not None:
            self._database.jobs[job_id] = attrs.evolve(self._database.jobs[job_id], status="ready")
        return claimed


class TakesAllForNew(MemoryJobs):
    """Tells nobody what a dead worker had in hand, so that a job which kills its workers takes others along."""

    async def lapsed(self, *, now: datetime, limit: int) -> tuple[JobId, ...]:
        """Know of none."""
        return ()


class LetsAnybodyEnd(MemoryJobs):
    """Believes whoever says that a job is over."""

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """End it under the lease of its owner."""
        job = self._database.jobs[outcome.lease.job_id]
        lease = attrs.evolve(outcome.lease, token=job.token)
        await super().end(attrs.evolve(outcome, lease=lease), now=now)


class SleepsThroughWakes(MemoryJobs):
    """Ends a job although something has come while it ran."""

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """Take the wakes of the meantime for seen."""
        job = self._database.jobs[outcome.lease.job_id]
        lease = attrs.evolve(outcome.lease, wake=job.wake)
        await super().end(attrs.evolve(outcome, lease=lease), now=now)


class ChargesForWaiting(MemoryJobs):
    """Takes waiting for failing, so that a slow supplier makes a dead letter."""

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """Turn a snooze into a retry."""
        match outcome.end:
            case Snooze(until=until):
                outcome = attrs.evolve(outcome, end=Retry(at=until, error="waiting"))
            case _:
                pass
        await super().end(outcome, now=now)


class ForgivesEverything(MemoryJobs):
    """Lets a job that waits begin anew, so that one which kills its workers by turns never ends."""

    async def end(self, outcome: JobOutcome, *, now: datetime) -> None:
        """Forget how often it was claimed."""
        await super().end(outcome, now=now)
        if isinstance(outcome.end, Snooze):
            job = self._database.jobs[outcome.lease.job_id]
            self._database.jobs[job.id] = attrs.evolve(job, attempts=0)


class PutsOff(MemoryJobs):
    """Lets the last one who asks say when."""

    async def ask(self, request: JobRequest, *, now: datetime) -> JobId:
        """Ask, and set the time."""
        job_id = await super().ask(request, now=now)
        self._database.jobs[job_id] = attrs.evolve(self._database.jobs[job_id], due_at=request.due_at)
        return job_id


class AnswersBeforeStoring(MemoryInbox):
    """Says thanks for what it may have dropped."""

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Answer well, whatever came of it."""
        try:
            return await super().receive(webhook, now=now)
        except Unavailable:
            return Received(id=WebhookId(1), duplicate=False, job_id=None)


class KeepsEveryDelivery(MemoryInbox):
    """Takes a repeat for news."""

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Give each delivery a dedupe key of its own."""
        count = len(self._database.webhooks)
        return await super().receive(attrs.evolve(webhook, dedupe_key=f"{webhook.dedupe_key}{count}"), now=now)


class MixesSenders(MemoryInbox):
    """Tells deliveries apart by their bodies alone."""

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Take every sender for the same."""
        return await super().receive(attrs.evolve(webhook, source=Source.KINGUIN), now=now)


class KeepsBodiesAsText(MemoryInbox):
    """Keeps what a text column can hold."""

    async def receive(self, webhook: VerifiedWebhook, *, now: datetime) -> Received:
        """Drop what is no text."""
        body = webhook.body.replace(b"\x00", b"").decode(errors="replace").encode()
        return await super().receive(attrs.evolve(webhook, body=body), now=now)


class AlwaysBegins(MemoryRequests):
    """Places the order again when the buyer clicks twice."""

    async def begin(self, key_hash: str, body_hash: str, order_id: OrderId, *, now: datetime) -> Begun:
        """Let everybody begin."""
        return Begun(order_id=order_id)


class NamesWhoeverSettles(MemoryOrderStore):
    """Writes the act of somebody who came too late."""

    async def commit(self, change: Change) -> Committed:
        """Take every act for one that had an effect."""
        acts = tuple(one.act for one in change.settled if one.act is not None)
        settled = tuple(attrs.evolve(one, act=None) for one in change.settled)
        return await super().commit(attrs.evolve(change, settled=settled, acts=(*change.acts, *acts)))


class PutsOneByOne(MemoryCatalogue):
    """Has a transaction for each product."""

    async def put(self, products: Sequence[Product]) -> None:
        """Put the first before the rest can fail."""
        for product in products[:1]:
            self._database.products[product.id] = product
        await super().put(products)


class CountsRows(MemoryQueries):
    """Pages by offset."""

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Skip as many rows as were read before."""
        skip = int(part.cursor or 0)
        whole = await super().orders(which, attrs.evolve(part, cursor=None, limit=100))
        more = skip + part.limit < len(whole.items)
        return Page(items=whole.items[skip : skip + part.limit], next_cursor=str(skip + part.limit) if more else None)


class TakesOwedForPaid(MemoryQueries):
    """Thinks that whoever is owed a key has paid."""

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Look at what is owed alone."""
        whole = await super().orders(attrs.evolve(which, undelivered=False), part)
        return attrs.evolve(whole, items=tuple(row for row in whole.items if row.owed or not which.undelivered))


class StartsOver(MemoryQueries):
    """Takes a cursor without sense for none."""

    async def orders(self, which: OrderFilter, part: Slice) -> Page[OrderRow]:
        """Give the first page instead."""
        return await super().orders(which, attrs.evolve(part, cursor=None))


Promise = Callable[[MemoryWorld], Awaitable[None]]
PORTS = {
    MemoryOrderStore: "store",
    MemoryJobs: "jobs",
    MemoryInbox: "inbox",
    MemoryRequests: "requests",
    MemoryCatalogue: "catalogue",
    MemoryQueries: "queries",
}


def world_with(broken: type) -> MemoryWorld:
    """The fakes, with one of them broken."""
    storage = MemoryStorage()
    (port,) = (name for sound, name in PORTS.items() if issubclass(broken, sound))
    setattr(storage, port, broken(storage.database))
    return MemoryWorld.around(storage)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (ForgetsTheVersion, STORE.test_a_stale_writer_is_refused),
        (ForgetsTheVersion, STORE.test_of_many_writers_one_wins),
        (ForgetsTheVersion, STORE.test_a_change_without_events_asserts_the_version),
        (AsksForJobsFirst, partial(STORE.test_one_refused_part_refuses_all, broken="stale")),
        (ForgetsTheLease, STORE.test_a_lost_fence_writes_nothing),
        (ForgetsTheEnd, STORE.test_the_job_ends_with_the_write),
        (LetsNamesBeShared, partial(STORE.test_a_name_belongs_to_one_order, what="supplier key id")),
        (KeepsEveryLinkGood, STORE.test_views_are_counted_until_the_link_is_used_up),
        (KeepsEveryLinkGood, STORE.test_a_newer_link_revokes_the_earlier_ones),
        (KeepsEveryLinkGood, STORE.test_a_link_expires),
        (CommitsByHalves, STORE.test_a_commit_that_fails_leaves_nothing),
        (LosesFindings, partial(STORE.test_an_order_comes_back_as_it_was_placed, state="finding")),
        (BooksTwice, STORE.test_the_same_money_is_one_ledger_row),
        (NamesWhoeverSettles, AuditContract().test_of_many_who_settle_a_finding_one_has_done_so),
        (HandsOutTwice, JOBS.test_a_claimed_job_is_not_handed_out_again),
        (HandsOutTwice, JOBS.test_of_many_that_claim_a_job_one_gets_it),
        (TakesAllForNew, JOBS.test_what_a_dead_worker_had_in_hand_is_told_from_what_is_new),
        (LetsAnybodyEnd, partial(JOBS.test_who_lost_the_lease_ends_nothing, how="done")),
        (SleepsThroughWakes, partial(JOBS.test_a_job_that_is_woken_while_it_runs_is_due_again, how="done")),
        (ChargesForWaiting, JOBS.test_a_snoozed_job_costs_no_attempt),
        (ForgivesEverything, JOBS.test_a_snooze_pays_for_no_attempt_but_its_own),
        (PutsOff, JOBS.test_asking_again_moves_the_due_time_forward_only),
        (AnswersBeforeStoring, INBOX.test_what_is_not_stored_is_not_acknowledged),
        (KeepsEveryDelivery, INBOX.test_a_repeat_is_counted),
        (MixesSenders, INBOX.test_the_same_from_another_sender_is_another),
        (KeepsBodiesAsText, partial(INBOX.test_any_bytes_come_back, body=b"\x00\xff")),
        (AlwaysBegins, REQUESTS.test_of_many_at_once_one_begins),
        (AlwaysBegins, REQUESTS.test_an_answer_is_given_again),
        (PutsOneByOne, CATALOGUE.test_a_batch_that_fails_leaves_nothing),
        (CountsRows, QUERIES.test_rows_that_come_meanwhile_shift_nothing),
        (
            TakesOwedForPaid,
            partial(QUERIES.test_the_undelivered_are_those_that_are_paid_and_owed_a_key, state="placed"),
        ),
        (StartsOver, partial(QUERIES.test_a_cursor_without_sense_is_told, cursor="x")),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type, promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so."""
    world = world_with(broken)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(world)
