"""
The suite of the port `Audit`, and of what a write adds to the books that it reads.

Of the unhappy five: a write that fails at its commit point adds nothing, and so does one that is refused; a cursor or a
head without sense is told. The others do not apply.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import attrs
import pytest

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.ports.acts import StaffAct
from bitloot_core.ports.audit import AccessFilter, ActFilter, ActRow, Head, Verdict
from bitloot_core.ports.backlog import FindingFilter
from bitloot_core.ports.queries import Page, Slice
from bitloot_core.ports.store import Change, KeyAccess, SettledFinding
from bitloot_core.testing.contracts.storage import StorageWorld, failure_of, only, place, walk
from bitloot_core.testing.orders import PLACED_AT, placed, with_finding
from bitloot_core.testing.samples import a_change
from bitloot_core.values.errors import InvalidInput, StaleOrder
from bitloot_core.values.ids import FindingId, OrderId, UnitId

ACT = StaffAct(
    at=PLACED_AT,
    actor="admin:ann",
    action="refund",
    order_id=OrderId("o1"),
    subject="",
    reason="the buyer asked for it",
)
LOOK = KeyAccess(
    order_id=OrderId("o1"),
    unit_id=UnitId("1.1"),
    actor="admin:ann",
    address="192.0.2.7",
    agent="a browser",
    reason="the buyer cannot open it",
    at=PLACED_AT,
)


def loose_finding(name: str = "f1", *, reason: FindingReason = FindingReason.RECONCILIATION) -> Finding:
    """A finding about no order."""
    return Finding(
        id=FindingId(name),
        order_id=None,
        reason=reason,
        subject=name,
        text="The supplier speaks of a purchase that is none of ours.",
        amount="8.50 EUR",
        blocking=False,
        opened_at=PLACED_AT,
    )


async def looks(world: StorageWorld, count: int) -> None:
    """Somebody looks at a key so many times."""
    for _ in range(count):
        await world.store.commit(Change(at=world.clock.now(), accesses=(LOOK,)))


class AuditContract:
    """What every implementation of the books must do. The fixture `world` gives an empty shop."""

    async def test_an_act_is_kept_as_it_was(self, world: StorageWorld) -> None:
        """Who did what to which order, and why; also what is about no order."""
        loose = attrs.evolve(ACT, action="replay-webhook", order_id=None, subject="webhook:7")
        await world.store.commit(Change(at=ACT.at, acts=(ACT, loose)))

        page = await world.audit.acts(ActFilter(), Slice())

        assert Page(items=(ActRow(id=2, act=loose), ActRow(id=1, act=ACT)), next_cursor=None) == page

    async def test_acts_are_filtered(self, world: StorageWorld) -> None:
        """By who, what and which order."""
        bobs = attrs.evolve(ACT, actor="admin:bob", action="retry", order_id=OrderId("o2"))
        await world.store.commit(Change(at=ACT.at, acts=(ACT, bobs)))

        async def found(**fields: str) -> list[str]:
            return [row.act.actor for row in (await world.audit.acts(ActFilter(**fields), Slice())).items]

        assert await found(actor="admin:bob") == ["admin:bob"]
        assert await found(action="refund") == ["admin:ann"]
        assert await found(order_id="o2") == ["admin:bob"]
        assert await found(order_id="o2", actor="admin:ann") == []

    async def test_acts_are_read_page_by_page(self, world: StorageWorld) -> None:
        """Newest first, each once, also those of one moment; and within bounds of time."""
        for number in range(7):
            at = PLACED_AT + timedelta(minutes=number // 2)
            await world.store.commit(Change(at=at, acts=(attrs.evolve(ACT, at=at, subject=str(number)),)))

        seen = [row.act.subject for row in await walk(partial(world.audit.acts, ActFilter()), Slice(limit=3))]
        bounded = Slice(since=PLACED_AT + timedelta(minutes=1), until=PLACED_AT + timedelta(minutes=2))

        assert seen == ["6", "5", "4", "3", "2", "1", "0"]
        assert [row.act.subject for row in (await world.audit.acts(ActFilter(), bounded)).items] == ["3", "2"]

    async def test_a_cursor_without_sense_is_told(self, world: StorageWorld) -> None:
        """It is the reader's mistake."""
        with pytest.raises(InvalidInput) as told:
            await world.audit.acts(ActFilter(), Slice(cursor="nonsense"))
        with pytest.raises(InvalidInput) as of_looks:
            await world.audit.accesses(AccessFilter(), Slice(cursor="nonsense"))

        assert (told.value.field, of_looks.value.field) == ("cursor", "cursor")

    async def test_a_look_is_listed_as_it_was(self, world: StorageWorld) -> None:
        """Who saw which key of which order, from where, when and why; of all orders, newest first."""
        other = attrs.evolve(LOOK, order_id=OrderId("o2"), actor="link", reason="", at=LOOK.at + timedelta(minutes=1))
        await world.store.commit(Change(at=LOOK.at, accesses=(LOOK,)))
        await world.store.commit(Change(at=other.at, accesses=(other,)))

        page = await world.audit.accesses(AccessFilter(), Slice())

        assert [other, LOOK] == [row.access for row in page.items]
        assert page.items[0].id > page.items[1].id
        assert page.next_cursor is None

    async def test_looks_are_filtered(self, world: StorageWorld) -> None:
        """By who and which order, and by both."""
        bobs = attrs.evolve(LOOK, actor="admin:bob", order_id=OrderId("o2"))
        buyers = attrs.evolve(LOOK, actor="link", order_id=OrderId("o2"))
        await world.store.commit(Change(at=LOOK.at, accesses=(LOOK, bobs, buyers)))

        async def found(**fields: str) -> list[str]:
            rows = (await world.audit.accesses(AccessFilter(**fields), Slice())).items
            return sorted(row.access.actor for row in rows)

        assert await found(actor="admin:ann") == ["admin:ann"]
        assert await found(order_id="o2") == ["admin:bob", "link"]
        assert await found(order_id="o2", actor="link") == ["link"]
        assert await found(order_id="o1", actor="link") == []

    async def test_looks_are_read_page_by_page(self, world: StorageWorld) -> None:
        """Newest first, each once, also those of one moment; and within bounds of time."""
        for number in range(7):
            at = PLACED_AT + timedelta(minutes=number // 2)
            look = attrs.evolve(LOOK, at=at, reason=str(number))
            await world.store.commit(Change(at=at, accesses=(look,)))

        rows = await walk(partial(world.audit.accesses, AccessFilter()), Slice(limit=3))
        bounded = Slice(since=PLACED_AT + timedelta(minutes=1), until=PLACED_AT + timedelta(minutes=2))
        within = await world.audit.accesses(AccessFilter(), bounded)

        assert [row.access.reason for row in rows] == ["6", "5", "4", "3", "2", "1", "0"]
        assert [row.access.reason for row in within.items] == ["3", "2"]

    async def test_an_act_is_part_of_its_write(self, world: StorageWorld) -> None:
        """A write that is refused, or fails at its commit point, leaves no act behind."""
        order = await place(world, placed())
        after = with_finding(order)
        change = attrs.evolve(a_change(after, before=order), acts=(ACT,))
        await world.store.commit(a_change(after, before=order))

        stale = await failure_of(world.store.commit(change))
        await world.given_commit_fails_before()
        await failure_of(world.store.commit(Change(at=ACT.at, acts=(ACT,))))

        assert isinstance(stale, StaleOrder)
        assert (await world.audit.acts(ActFilter(), Slice())).items == ()

    async def test_a_loose_finding_is_settled_by_a_write(self, world: StorageWorld) -> None:
        """With who and why; the first word stands, and one that nobody opened is left alone."""
        await world.store.commit(Change(at=PLACED_AT, findings=(loose_finding(),)))
        ann = SettledFinding(id=FindingId("f1"), by="admin:ann", reason="it is from the test account")
        bob = SettledFinding(id=FindingId("f1"), by="admin:bob", reason="me too")
        nobody = SettledFinding(id=FindingId("f9"), by="admin:bob", reason="me too")
        later = PLACED_AT + timedelta(minutes=1)

        await world.store.commit(Change(at=later, settled=(ann, nobody)))
        await world.store.commit(Change(at=later + timedelta(minutes=1), settled=(bob,)))

        row = only((await world.backlog.findings(FindingFilter(), Slice())).items)
        assert (later, "admin:ann", ann.reason) == (row.resolved_at, row.resolved_by, row.resolution)

    async def test_of_many_who_settle_a_finding_one_has_done_so(self, world: StorageWorld) -> None:
        """The audit names whoever came first, and nobody else; nor whoever settles what nobody opened."""
        await world.store.commit(Change(at=PLACED_AT, findings=(loose_finding(),)))
        names = ("f1", "f1", "f1", "f9")
        ways = [
            SettledFinding(id=FindingId(name), by=f"admin:{who}", reason="seen", act=attrs.evolve(ACT, reason=str(who)))
            for who, name in enumerate(names)
        ]

        await asyncio.gather(*(world.store.commit(Change(at=PLACED_AT, settled=(one,))) for one in ways))

        row = only((await world.backlog.findings(FindingFilter(), Slice())).items)
        told = only((await world.audit.acts(ActFilter(), Slice())).items)
        assert f"admin:{told.act.reason}" == row.resolved_by

    async def test_a_settled_finding_is_told_anew(self, world: StorageWorld) -> None:
        """What was settled and is found again is a new finding."""
        await world.store.commit(Change(at=PLACED_AT, findings=(loose_finding(),)))
        settled = SettledFinding(id=FindingId("f1"), by="admin:ann", reason="seen")
        await world.store.commit(Change(at=PLACED_AT, settled=(settled,)))
        again = attrs.evolve(loose_finding("f2"), subject="f1")

        await world.store.commit(Change(at=PLACED_AT, findings=(again,)))
        await world.store.commit(Change(at=PLACED_AT, settled=(settled,)))

        assert list(await world.open_subjects()) == ["f1"]

    async def test_an_empty_chain_is_whole(self, world: StorageWorld) -> None:
        """Nobody has looked at a key yet."""
        expected = Verdict(rows=0, head=None, broken_row=None, is_cut=False)

        assert expected == await world.audit.verify_accesses(None)

    async def test_a_chain_that_grew_has_every_earlier_head(self, world: StorageWorld) -> None:
        """A head that was noted stays good for ever."""
        await looks(world, 2)
        early = (await world.audit.verify_accesses(None)).head
        await looks(world, 3)

        verdict = await world.audit.verify_accesses(early)

        assert (verdict.rows, verdict.is_whole) == (5, True)
        assert early != verdict.head

    async def test_a_row_that_was_written_over_shows(self, world: StorageWorld) -> None:
        """The first that does not follow is named."""
        await looks(world, 3)
        await world.given_access_rewritten(2)

        verdict = await world.audit.verify_accesses(None)

        assert (verdict.broken_row, verdict.is_whole) == (2, False)

    async def test_a_cut_tail_shows_against_an_earlier_head(self, world: StorageWorld) -> None:
        """What is left follows row by row; only who kept the head can tell that there was more."""
        await looks(world, 3)
        head = (await world.audit.verify_accesses(None)).head
        await world.given_accesses_cut(2)

        alone = await world.audit.verify_accesses(None)
        against_it = await world.audit.verify_accesses(head)

        assert (alone.is_whole, against_it.is_whole) == (True, False)
        assert against_it.is_cut

    async def test_a_head_of_another_chain_shows(self, world: StorageWorld) -> None:
        """A chain that was written anew, whole as it may be, does not have it; nor has an empty one."""
        stranger = Head(row=1, digest="0" * 64)
        empty = await world.audit.verify_accesses(stranger)
        await looks(world, 1)

        assert (empty.is_cut, (await world.audit.verify_accesses(stranger)).is_cut) == (True, True)

    async def test_a_head_is_read_as_it_is_written(self, world: StorageWorld) -> None:
        """`HASH@ROW`, to be noted on paper or in another system."""
        await looks(world, 1)
        head = (await world.audit.verify_accesses(None)).head
        assert head is not None

        assert head == Head.parse(f" {head}\n")
        for wrong in ("", "1", f"{head.digest}", f"{head.digest}@0", f"{head.digest[1:]}@1", f"{head} x"):
            with pytest.raises(InvalidInput):
                Head.parse(wrong)
