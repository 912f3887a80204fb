"""
The part of the suite of the admin's reads about webhooks.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import product, starmap
from typing import Any

from bitloot_core.ports.inbox import ConsumedWebhook, Source, WebhookStatus
from bitloot_core.ports.jobs import Done, JobOutcome
from bitloot_core.ports.queries import Slice, WebhookFilter, WebhookRow
from bitloot_core.ports.store import Change
from bitloot_core.testing.contracts.storage import StorageWorld, claim, only, place, walk
from bitloot_core.testing.orders import placed
from bitloot_core.testing.samples import a_webhook


def _asked(source: str | None, subject: str | None, status: str | None) -> WebhookFilter:
    return WebhookFilter(source=source, type=subject, status=status)


def _fits(row: WebhookRow, which: WebhookFilter) -> bool:
    pairs = ((which.source, row.source), (which.type, row.type), (which.status, row.status))
    return all(wanted in {None, found} for wanted, found in pairs)


class WebhookListContract:
    """What every list of webhooks must do."""

    async def test_webhooks_are_read_page_by_page(self, world: StorageWorld) -> None:
        """The same for deliveries, of which many come in the same moment."""
        ids = []
        for number in range(7):
            received = await world.inbox.receive(a_webhook(b"%d" % number), now=world.clock.now())
            ids.append(received.id)

        rows = await walk(lambda part: world.queries.webhooks(WebhookFilter(), part), Slice(limit=3))

        assert sorted(ids) == sorted(row.id for row in rows)

    async def test_webhooks_are_filtered(self, world: StorageWorld) -> None:
        """By number, sender, type, status, order and the sender's name of the thing."""
        order = await place(world, placed())
        paid = await world.inbox.receive(a_webhook(b"1", external_id="77"), now=world.clock.now())
        bought = await world.inbox.receive(
            a_webhook(b"2", source=Source.KINGUIN, subject="order.status", external_id=None), now=world.clock.now()
        )
        spent = ConsumedWebhook(id=paid.id, status=WebhookStatus.PROCESSED, result="paid", order_id=order.id)
        await world.store.commit(Change(at=world.clock.now(), consumed=spent))

        async def found(**fields: Any) -> list[int]:
            return [row.id for row in (await world.queries.webhooks(WebhookFilter(**fields), Slice())).items]

        assert [bought.id] == await found(id=bought.id)
        assert [bought.id] == await found(source="kinguin")
        assert [paid.id] == await found(type="payment.finished")
        assert [bought.id] == await found(status="pending")
        assert [paid.id] == await found(order_id=order.id)
        assert [paid.id] == await found(external_id="77")
        assert await found(external_id="77", source="kinguin") == []

    async def test_webhooks_are_filtered_by_all_at_once(self, world: StorageWorld) -> None:
        """Sender, type and status in every combination: the rows that fit, newest first, over all pages."""
        fates = (WebhookStatus.PROCESSED, WebhookStatus.IGNORED, WebhookStatus.FAILED, None)
        for number in range(16):
            source, subject = list(Source)[number % 2], ("this", "that")[number // 2 % 2]
            hook = a_webhook(b"%d" % number, source=source, subject=subject, external_id=None)
            received = await world.inbox.receive(hook, now=world.clock.now())
            fate = fates[number // 4]
            if fate is not None:
                spent = ConsumedWebhook(id=received.id, status=fate, result="so", order_id=None)
                await world.store.commit(Change(at=world.clock.now(), consumed=spent))
            if number % 3 == 0:
                world.clock.advance(timedelta(seconds=1))
        every = (await world.queries.webhooks(WebhookFilter(), Slice(limit=100))).items

        for which in starmap(
            _asked, product((None, *Source, "nobody"), (None, "this", "that"), (None, *WebhookStatus))
        ):
            rows = await walk(partial(world.queries.webhooks, which), Slice(limit=3))

            assert [row.id for row in every if _fits(row, which)] == [row.id for row in rows], which

    async def test_webhooks_of_an_order_are_filtered_further(self, world: StorageWorld) -> None:
        """What else is asked for holds for its webhooks, too."""
        order = await place(world, placed())
        received = await world.inbox.receive(a_webhook(external_id="77"), now=world.clock.now())
        spent = ConsumedWebhook(id=received.id, status=WebhookStatus.PROCESSED, result="so", order_id=order.id)
        await world.store.commit(Change(at=world.clock.now(), consumed=spent))

        async def found(**fields: Any) -> list[int]:
            which = WebhookFilter(order_id=order.id, **fields)
            return [row.id for row in (await world.queries.webhooks(which, Slice())).items]

        assert [received.id] == await found(
            external_id="77", source="nowpayments", type="payment.finished", status="processed"
        )
        assert await found(source="kinguin") == []
        assert await found(type="payment.waiting") == []
        assert await found(status="failed") == []

    async def test_a_webhook_row_tells_its_fate(self, world: StorageWorld) -> None:
        """How often it came, how often it was worked on, and what became of it."""
        order = await place(world, placed())
        received = await world.inbox.receive(a_webhook(), now=world.clock.now())
        await world.inbox.receive(a_webhook(), now=world.clock.now())
        assert received.job_id is not None
        job = await claim(world, received.job_id)
        spent = ConsumedWebhook(id=received.id, status=WebhookStatus.PROCESSED, result="paid", order_id=order.id)
        await world.store.commit(
            Change(at=world.clock.now(), consumed=spent, outcome=JobOutcome(lease=job.lease, end=Done()))
        )

        row = only((await world.queries.webhooks(WebhookFilter(), Slice())).items)

        assert (2, 1, "processed", "paid", order.id) == (
            row.deliveries,
            row.attempts,
            row.status,
            row.result,
            row.order_id,
        )
        assert (row,) == (await world.queries.dossier(order.id)).webhooks
