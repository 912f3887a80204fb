"""
The suite of the port `Inbox`: an authentic webhook is stored once, and never answered before it is.

Of the unhappy five, the slow peer is left out: a deadline of the store's own is a thing of each implementation. The
body is raw bytes here; whether it makes sense is for the job to say.
"""

from __future__ import annotations

import asyncio

import attrs
import pytest

from bitloot_core.order.jobs import JobName
from bitloot_core.ports.inbox import ConsumedWebhook, Received, Source, WebhookStatus
from bitloot_core.ports.jobs import Dead, Done, JobEnd, JobOutcome, Snooze
from bitloot_core.ports.queries import Slice, WebhookFilter
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import LEASE, StorageWorld, claim, due, only, place
from bitloot_core.testing.orders import placed
from bitloot_core.testing.samples import a_webhook
from bitloot_core.values.errors import Corrupt, NotFound, Refused, Unavailable
from bitloot_core.values.ids import OrderId, WebhookId

LARGEST_BYTES = 64 * 1024


async def receive(world: StorageWorld, body: bytes = b"{}", *, worth_processing: bool = True) -> Received:
    """Receive a webhook with this body."""
    return await world.inbox.receive(a_webhook(body, worth_processing=worth_processing), now=world.clock.now())


async def process(
    world: StorageWorld,
    received: Received,
    status: WebhookStatus = WebhookStatus.PROCESSED,
    *,
    order_id: OrderId | None = None,
    end: JobEnd | None = None,
) -> None:
    """Do what its worker does: claim its job, and write what became of it."""
    assert received.job_id is not None
    job = await claim(world, received.job_id)
    spent = ConsumedWebhook(id=received.id, status=status, result="seen", order_id=order_id)
    outcome = JobOutcome(lease=job.lease, end=end or Done())
    await world.store.commit(Change(at=world.clock.now(), consumed=spent, outcome=outcome))


class InboxContract:
    """What every inbox must do. The fixture `world` gives an empty one."""

    async def test_a_webhook_comes_back_as_it_was_received(self, world: StorageWorld) -> None:
        """Body, headers and what was read off them, with the time, a first delivery, and no result yet."""
        webhook = attrs.evolve(a_webhook(b'{"a": 1}'), headers={"content-type": "application/json", "x-event": "ü"})

        received = await world.inbox.receive(webhook, now=world.clock.now())

        stored = await world.inbox.get(received.id)
        assert (webhook, received.id) == (stored.webhook, stored.id)
        assert (WebhookStatus.PENDING, 1, world.clock.now()) == (stored.status, stored.deliveries, stored.received_at)
        assert (stored.order_id, stored.result, stored.processed_at) == (None, None, None)

    @pytest.mark.parametrize(
        "body", [b"", b"\x00", b'{"a":"\\u0000"}\x00\xff\xfe', b"\r\n", "ключ 🎮".encode(), b"x" * LARGEST_BYTES]
    )
    async def test_any_bytes_come_back(self, world: StorageWorld, body: bytes) -> None:
        """Empty, with NUL bytes, no UTF-8, as large as we accept: the body is what was signed, byte for byte."""
        received = await receive(world, body)

        assert body == (await world.inbox.get(received.id)).webhook.body

    async def test_a_nul_in_a_field_does_not_keep_a_webhook_out(self, world: StorageWorld) -> None:
        r"""JSON can carry `\u0000` into fields that a database cannot hold as text; the body still says it."""
        strange = attrs.evolve(a_webhook(b"strange"), type="pay\x00ment", external_id="1\x002")

        received = await world.inbox.receive(strange, now=world.clock.now())

        assert (await world.inbox.get(received.id)).webhook.body == b"strange"

    @pytest.mark.parametrize("source", Source)
    async def test_a_webhook_brings_its_job(self, world: StorageWorld, source: Source) -> None:
        """In the same commit: due at once, named after the sender, with the webhook's id as its subject."""
        received = await world.inbox.receive(a_webhook(source=source), now=world.clock.now())

        job_id = only(await due(world))
        job = await claim(world, job_id)
        assert (received.job_id, False) == (job_id, received.duplicate)
        assert (source.job, str(received.id)) == (JobName(job.name), job.ref)

    async def test_a_repeat_is_counted(self, world: StorageWorld) -> None:
        """The same delivery again is the same row and the same job."""
        first = await receive(world)
        world.clock.advance(LEASE)

        again = await receive(world)

        stored = await world.inbox.get(first.id)
        assert (first.id, True, first.job_id) == (again.id, again.duplicate, again.job_id)
        assert (2, world.clock.now() - LEASE) == (stored.deliveries, stored.received_at)
        assert len(await due(world)) == 1

    async def test_the_same_from_another_sender_is_another(self, world: StorageWorld) -> None:
        """Two senders may sign equal bodies; both are kept."""
        first = await world.inbox.receive(a_webhook(source=Source.NOWPAYMENTS), now=world.clock.now())
        second = await world.inbox.receive(a_webhook(source=Source.KINGUIN), now=world.clock.now())

        assert (first.duplicate, second.duplicate) == (False, False)
        assert first.id != second.id
        assert len(await due(world)) == 2

    async def test_a_repeat_wakes_a_job_that_waits(self, world: StorageWorld) -> None:
        """The sender insists: a webhook that was put off is looked at now."""
        received = await receive(world)
        await process(world, received, WebhookStatus.PENDING, end=Snooze(until=world.clock.now() + LEASE))
        assert await due(world) == ()

        await receive(world)

        assert (received.job_id,) == await due(world)

    async def test_a_repeat_wakes_a_job_that_runs(self, world: StorageWorld) -> None:
        """What comes while its job runs makes it run once more, unless that run has settled it."""
        received = await receive(world)
        assert received.job_id is not None
        job = await claim(world, received.job_id)

        await receive(world)
        await world.jobs.end(JobOutcome(lease=job.lease, end=Done()), now=world.clock.now())

        assert (received.job_id,) == await due(world)

    async def test_a_repeat_revives_one_that_failed(self, world: StorageWorld) -> None:
        """A dead letter whose sender tries again gets another chance."""
        received = await receive(world)
        await process(world, received, WebhookStatus.FAILED, end=Dead(error="no", finding=None))

        again = await receive(world)

        assert again.job_id is not None
        assert (again.job_id,) == await due(world)

    @pytest.mark.parametrize("status", [WebhookStatus.PROCESSED, WebhookStatus.IGNORED])
    async def test_a_repeat_of_one_that_is_over_is_only_counted(
        self, world: StorageWorld, status: WebhookStatus
    ) -> None:
        """What was settled is not done again because its sender did not hear us."""
        received = await receive(world)
        await process(world, received, status)

        again = await receive(world)

        stored = await world.inbox.get(received.id)
        assert (again.duplicate, again.job_id) == (True, None)
        assert (status, 2) == (stored.status, stored.deliveries)
        assert await due(world) == ()

    async def test_what_is_not_worth_processing_is_kept_without_a_job(self, world: StorageWorld) -> None:
        """A probe is stored as ignored: it can be seen, and nobody works on it, however often it comes."""
        received = await receive(world, b"probe", worth_processing=False)
        await receive(world, b"probe", worth_processing=False)

        stored = await world.inbox.get(received.id)
        assert (stored.status, stored.deliveries, stored.webhook.body) == (WebhookStatus.IGNORED, 2, b"probe")
        assert received.job_id is None
        assert await due(world) == ()

    async def test_what_became_of_it_can_be_read(self, world: StorageWorld) -> None:
        """Status, result, order and time of the commit that consumed it."""
        order = await place(world, placed())
        received = await receive(world)
        world.clock.advance(LEASE)

        await process(world, received, order_id=order.id)

        stored = await world.inbox.get(received.id)
        assert (WebhookStatus.PROCESSED, "seen", order.id) == (stored.status, stored.result, stored.order_id)
        assert world.clock.now() == stored.processed_at

    async def test_many_at_once_are_all_kept(self, world: StorageWorld) -> None:
        """Fifty deliveries of ten webhooks and a strange one at the same moment: eleven rows and jobs."""
        bodies = [b"%d" % (number % 10) for number in range(50)]
        strange = attrs.evolve(a_webhook(b"strange"), external_id="\x00")

        answers = await asyncio.gather(
            *(receive(world, body) for body in bodies), world.inbox.receive(strange, now=world.clock.now())
        )

        ids = dict(zip(bodies, (answer.id for answer in answers), strict=False))
        assert 11 == len({answer.id for answer in answers}) == len(await due(world))
        assert sum(not answer.duplicate for answer in answers) == 11
        for body, webhook_id in ids.items():
            stored = await world.inbox.get(webhook_id)
            assert (body, 5) == (stored.webhook.body, stored.deliveries)

    async def test_an_unknown_one_is_not_found(self, world: StorageWorld) -> None:
        """Reading or replaying what nobody sent raises `NotFound`."""
        with pytest.raises(NotFound):
            await world.inbox.get(WebhookId(4711))
        with pytest.raises(NotFound):
            await world.inbox.replay(WebhookId(4711), now=world.clock.now())

    @pytest.mark.parametrize("status", [WebhookStatus.PROCESSED, WebhookStatus.IGNORED, WebhookStatus.FAILED])
    async def test_a_replay_runs_the_job_again(self, world: StorageWorld, status: WebhookStatus) -> None:
        """Whatever became of it: the same webhook goes the same way once more."""
        received = await receive(world)
        await process(world, received, status)

        job_id = await world.inbox.replay(received.id, now=world.clock.now())

        assert (job_id,) == await due(world)
        assert str(received.id) == (await claim(world, job_id)).ref

    async def test_what_was_never_worth_a_job_can_be_replayed(self, world: StorageWorld) -> None:
        """A later version may make sense of it."""
        received = await receive(world, worth_processing=False)

        job_id = await world.inbox.replay(received.id, now=world.clock.now())

        assert (job_id,) == await due(world)

    async def test_a_replay_of_one_that_waits_is_the_same_job(self, world: StorageWorld) -> None:
        """Asking twice, by two people or one, is one run."""
        received = await receive(world)

        ids = [await world.inbox.replay(received.id, now=world.clock.now()) for _ in range(2)]

        assert [received.job_id] * 2 == ids
        assert len(await due(world)) == 1

    async def test_what_was_pruned_cannot_be_replayed(self, world: StorageWorld) -> None:
        """Without its body there is nothing to run; the row stays to be read."""
        received = await receive(world, b"long ago")
        await process(world, received)
        await world.given_body_pruned(received.id)

        with pytest.raises(Refused):
            await world.inbox.replay(received.id, now=world.clock.now())

        assert (await world.inbox.get(received.id)).webhook.body == b""
        assert await due(world) == ()

    async def test_a_body_that_does_not_open_is_told(self, world: StorageWorld) -> None:
        """Never another body and never an empty one; its row is still in the list, and its neighbour opens."""
        received = await receive(world, b"damaged")
        other = await receive(world, b"whole")
        await world.given_body_spoilt(received.id)

        with pytest.raises(Corrupt):
            await world.inbox.get(received.id)

        rows = (await world.queries.webhooks(WebhookFilter(), Slice())).items
        assert {received.id, other.id} == {row.id for row in rows}
        assert (await world.inbox.get(other.id)).webhook.body == b"whole"

    async def test_what_is_not_stored_is_not_acknowledged(self, world: StorageWorld) -> None:
        """A failure before the commit point is `Unavailable`; the sender's next try is the first that counts."""
        await world.given_commit_fails_before()

        with pytest.raises(Unavailable):
            await receive(world)

        again = await receive(world)
        assert (again.duplicate, (await world.inbox.get(again.id)).deliveries) == (False, 1)
        assert (again.job_id,) == await due(world)

    async def test_what_may_be_stored_is_not_acknowledged(self, world: StorageWorld) -> None:
        """A failure after the commit point is `Unavailable` too; the sender's next try is a repeat, with one job."""
        await world.given_commit_fails_after()

        with pytest.raises(Unavailable):
            await receive(world)

        again = await receive(world)
        assert again.duplicate
        assert (again.job_id,) == await due(world)
