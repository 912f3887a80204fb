"""
The suite of the port `Figures`: the counts are those of the rows, and cost no more for a large shop.

The unhappy five do not apply to counting.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.ledger import LedgerEntry, LedgerKind
from bitloot_core.order.order import Order
from bitloot_core.order.status import shown_status
from bitloot_core.ports.figures import AGES, AgeGroup, MoneyFigures, OpenFindings, OrderFigures, QueueFigures
from bitloot_core.ports.inbox import ConsumedWebhook, WebhookStatus
from bitloot_core.ports.jobs import Dead, JobOutcome
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.testing.contracts.audit import loose_finding
from bitloot_core.testing.contracts.storage import StorageWorld, claim, place
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import PLACED_AT, fulfilled, held, placed, reserved, settled
from bitloot_core.testing.samples import a_job, a_webhook
from bitloot_core.values.ids import FindingId, OrderId
from bitloot_core.values.money import Money

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOBODY = tuple(AgeGroup(up_to=up_to, count=0) for up_to in (*AGES, None))


def paid_now(world: StorageWorld, name: str, *, quantity: int = 1) -> Order:
    """An order whose payment counts from this very moment on."""
    return settled(placed(name, quantity=quantity, at=world.clock.now() - 5 * MINUTE))


class FiguresContract:
    """What every implementation of the figures must do. The fixture `world` gives an empty shop."""

    async def test_an_empty_shop_has_nothing_to_count(self, world: StorageWorld) -> None:
        """Nothing stands anywhere, and nothing is the oldest."""
        now = world.clock.now()

        assert await world.figures.orders(now=now) == OrderFigures(
            by_status={}, undelivered=NOBODY, oldest_paid_at=None, at_stake=()
        )
        assert await world.figures.queue(now=now) == QueueFigures(
            due=0, due_since=None, later=0, running=0, overrun=0, dead=0
        )
        assert await world.figures.findings() == ()
        assert await world.figures.webhooks(since=PLACED_AT) == {}
        assert MoneyFigures(sold=(), cost=(), spent=()) == await world.figures.money(
            sold_since=PLACED_AT, spent_since=PLACED_AT
        )

    @pytest.mark.parametrize("state", sorted(every_state()))
    async def test_every_order_is_counted_under_the_word_that_it_shows(self, world: StorageWorld, state: str) -> None:
        """In whatever state it is; and as undelivered exactly if it is paid, owes a key and has not come to rest."""
        order = await place(world, every_state()[state])

        found = await world.figures.orders(now=world.clock.now())

        waits = order.is_settled and bool(order.owed) and not order.at_rest
        assert {str(shown_status(order)): 1} == found.by_status
        assert int(waits) == sum(group.count for group in found.undelivered)
        assert ((order.total,) if waits else ()) == found.at_stake

    async def test_what_is_paid_and_owed_is_grouped_by_age(self, world: StorageWorld) -> None:
        """From when the payment counted; each bound belongs to the older group."""
        start = world.clock.now()
        for number, age in enumerate((*reversed(AGES), timedelta(0))):
            world.clock.advance(start + 24 * HOUR - age - world.clock.now())
            await place(world, paid_now(world, f"o{number}", quantity=number + 1))
        await place(world, fulfilled(held(reserved(settled(placed("done"))))))

        found = await world.figures.orders(now=start + 24 * HOUR)

        assert [group.count for group in found.undelivered] == [1] * 5
        assert [*AGES, None] == [group.up_to for group in found.undelivered]
        assert start == found.oldest_paid_at
        assert (Money.of("194.85", "EUR"),) == found.at_stake

    async def test_a_key_that_is_owed_counts_though_others_are_held(self, world: StorageWorld) -> None:
        """A part of a delivery is none."""
        await place(world, held(reserved(paid_now(world, "o1", quantity=2)), units=1))

        found = await world.figures.orders(now=world.clock.now())

        assert sum(group.count for group in found.undelivered) == 1

    async def test_the_queue_is_counted(self, world: StorageWorld) -> None:
        """What is due and since when, what is put off, in hand, lapsed, and given up."""
        now = world.clock.now()
        dues = {"due": now - MINUTE, "also due": now, "later": now + MINUTE}
        for name, due_at in dues.items():
            await world.jobs.ask(a_job(name, due_at=due_at), now=now)
        ids = {name: await world.jobs.ask(a_job(name, due_at=now), now=now) for name in ("old", "new", "dead")}
        await world.jobs.claim(ids["old"], now=now, lease=timedelta(0), token="t")
        await claim(world, ids["new"])
        dead = await claim(world, ids["dead"])
        await world.jobs.end(JobOutcome(lease=dead.lease, end=Dead(error="no", finding=None)), now=now)

        found = await world.figures.queue(now=now)

        assert QueueFigures(due=2, due_since=now - MINUTE, later=1, running=2, overrun=1, dead=1) == found

    async def test_what_is_put_off_is_not_due(self, world: StorageWorld) -> None:
        """A queue in which everything waits for its time has no age."""
        now = world.clock.now()
        await world.jobs.ask(a_job("later", due_at=now + MINUTE), now=now)

        found = await world.figures.queue(now=now)

        assert (found.due, found.due_since, found.later) == (0, None, 1)

    async def test_open_findings_are_counted_by_reason(self, world: StorageWorld) -> None:
        """With the oldest of each; settled ones are not."""
        late = FindingReason.PAYMENT_LATE
        told = (
            attrs.evolve(loose_finding("f1"), opened_at=PLACED_AT + HOUR),
            loose_finding("f2"),
            attrs.evolve(loose_finding("f3", reason=late), opened_at=PLACED_AT + MINUTE),
            loose_finding("f4", reason=FindingReason.MAIL_REFUSED),
        )
        await world.store.commit(Change(at=PLACED_AT, findings=told))
        settled_one = settled_finding("f4")
        await world.store.commit(Change(at=PLACED_AT, settled=(settled_one,)))

        found = await world.figures.findings()

        assert (
            OpenFindings(reason=late, count=1, oldest_at=PLACED_AT + MINUTE),
            OpenFindings(reason=FindingReason.RECONCILIATION, count=2, oldest_at=PLACED_AT),
        ) == found

    async def test_webhooks_are_counted_by_status(self, world: StorageWorld) -> None:
        """Those that came at a time or later; a repeat of one is no other."""
        await world.inbox.receive(a_webhook(b"old"), now=PLACED_AT)
        since = PLACED_AT + MINUTE
        for body in (b"1", b"2", b"2"):
            await world.inbox.receive(a_webhook(body), now=since)
        received = await world.inbox.receive(a_webhook(b"3"), now=since)
        done = ConsumedWebhook(id=received.id, status=WebhookStatus.PROCESSED, result="paid", order_id=None)
        await world.store.commit(Change(at=since, consumed=done))
        await world.inbox.receive(a_webhook(b"4", worth_processing=False), now=since)

        assert await world.figures.webhooks(since=since) == {"pending": 2, "processed": 1, "ignored": 1}

    async def test_what_was_sold_is_set_against_what_it_cost(self, world: StorageWorld) -> None:
        """Orders that are fulfilled and were placed since, and the purchases of those alone."""
        since = PLACED_AT + HOUR
        await place(world, fulfilled(held(reserved(settled(placed("old"))))))
        for name in ("o1", "o2"):
            await place(world, fulfilled(held(reserved(settled(placed(name, at=since))))))
        await place(world, reserved(settled(placed("owed", at=since))))

        found = await world.figures.money(sold_since=since, spent_since=since)

        assert ((Money.of("25.98", "EUR"),), (Money.of("17.00", "EUR"),)) == (found.sold, found.cost)

    async def test_what_was_spent_is_what_the_supplier_kept(self, world: StorageWorld) -> None:
        """Charged less returned since a time, currency by currency; what buyers paid is not among it."""
        moves = (
            (LedgerKind.CHARGED, "K0", "8.50", "EUR", PLACED_AT),
            (LedgerKind.CHARGED, "K1", "8.50", "EUR", PLACED_AT + HOUR),
            (LedgerKind.CHARGED, "K2", "0.07", "EUR", PLACED_AT + 2 * HOUR),
            (LedgerKind.RETURNED, "K1", "8.50", "EUR", PLACED_AT + 3 * HOUR),
            (LedgerKind.CHARGED, "K3", "12.30", "USD", PLACED_AT + HOUR),
            (LedgerKind.RECEIVED, "5001", "99.99", "EUR", PLACED_AT + HOUR),
        )
        entries = tuple(
            LedgerEntry(
                order_id=OrderId("o1"), kind=kind, external_id=name, amount=Decimal(amount), currency=currency, at=at
            )
            for kind, name, amount, currency, at in moves
        )
        await place(world, placed())
        await world.store.commit(Change(at=PLACED_AT, ledger=entries))

        found = await world.figures.money(sold_since=PLACED_AT, spent_since=PLACED_AT + HOUR)

        assert (Money.of("0.07", "EUR"), Money.of("12.30", "USD")) == found.spent


def settled_finding(name: str) -> SettledFinding:
    """A person says that it is settled."""
    return SettledFinding(id=FindingId(name), by="admin:ann", reason="seen")
