"""
The suite of the port `Backlog`: every finding and every job is found, once.

Of the unhappy five, the malformed one is a cursor without sense. The others do not apply to reads.
"""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.jobs import JobName
from bitloot_core.ports.backlog import FindingFilter, JobFilter
from bitloot_core.ports.jobs import Dead, Done, JobOutcome
from bitloot_core.ports.queries import JobRow, Slice
from bitloot_core.ports.store import Change, SettledFinding
from bitloot_core.testing.contracts.audit import loose_finding
from bitloot_core.testing.contracts.storage import StorageWorld, claim, only, place, rewrite, walk
from bitloot_core.testing.orders import PLACED_AT, a_finding, placed, with_finding
from bitloot_core.testing.samples import a_job
from bitloot_core.values.errors import InvalidInput, NotFound
from bitloot_core.values.ids import FindingId, JobId

MINUTE = timedelta(minutes=1)


class BacklogContract:
    """What every implementation of the lists of findings and jobs must do. The fixture `world` gives an empty shop."""

    async def test_findings_of_orders_and_of_none_are_listed(self, world: StorageWorld) -> None:
        """Newest first, with what is known of them."""
        order = await place(world, with_finding(placed()))
        loose = attrs.evolve(loose_finding(), opened_at=a_finding(order).opened_at + MINUTE)
        await world.store.commit(Change(at=loose.opened_at, findings=(loose,)))

        rows = (await world.backlog.findings(FindingFilter(), Slice())).items

        assert [loose, order.findings[0]] == [row.finding for row in rows]
        assert {None} == {row.resolved_at for row in rows}

    async def test_findings_are_filtered(self, world: StorageWorld) -> None:
        """By whether they are open, by reason and by order; a word without meaning admits none."""
        order = await place(world, with_finding(placed()))
        stray = a_finding(order, reason=FindingReason.PAYMENT_STRAY, subject="pay-2")
        order = await rewrite(world, order, with_finding(order, stray))
        await world.store.commit(Change(at=PLACED_AT, findings=(loose_finding(),)))
        settled = SettledFinding(id=FindingId("f1"), by="admin:ann", reason="seen")
        await world.store.commit(Change(at=PLACED_AT, settled=(settled,)))
        ids = [one.id for one in order.findings]

        async def found(**fields: str) -> list[str]:
            return sorted(
                row.finding.id for row in (await world.backlog.findings(FindingFilter(**fields), Slice())).items
            )

        assert sorted(ids) == await found(status="open")
        assert await found(status="resolved") == ["f1"]
        assert await found(status="closed") == []
        assert [ids[1]] == await found(reason="payment-stray")
        assert await found(reason="reconciliation", status="open") == []
        assert sorted(ids) == await found(order_id=order.id)
        assert await found(order_id="o2") == []

    async def test_a_resolved_finding_tells_who_settled_it_and_how(self, world: StorageWorld) -> None:
        """Found by its name, open or not."""
        before = await place(world, with_finding(placed()))
        open_row = await world.backlog.finding(before.findings[0].id)
        world.clock.advance(MINUTE)
        await rewrite(world, before, attrs.evolve(before, findings=()))

        row = await world.backlog.finding(before.findings[0].id)

        assert open_row.resolved_at is None
        assert row.finding == before.findings[0]
        assert row.resolved_at is not None
        assert row.resolved_by is not None
        assert row.resolution is not None

    async def test_what_is_not_there_is_not_found(self, world: StorageWorld) -> None:
        """Neither a finding nor a job."""
        with pytest.raises(NotFound):
            await world.backlog.finding(FindingId("f9"))
        with pytest.raises(NotFound):
            await world.backlog.job(JobId(9))

    async def test_findings_are_read_page_by_page(self, world: StorageWorld) -> None:
        """Each once, also those of one moment; within bounds of time, the first included."""
        for number in range(7):
            opened_at = PLACED_AT + MINUTE * (number // 2)
            told = attrs.evolve(loose_finding(f"f{number}"), opened_at=opened_at)
            await world.store.commit(Change(at=opened_at, findings=(told,)))

        rows = await walk(lambda part: world.backlog.findings(FindingFilter(), part), Slice(limit=2))
        bounded = Slice(since=PLACED_AT + MINUTE, until=PLACED_AT + 2 * MINUTE)

        assert [f"f{number}" for number in reversed(range(7))] == [row.finding.id for row in rows]
        within = (await world.backlog.findings(FindingFilter(), bounded)).items
        assert [row.finding.id for row in within] == ["f3", "f2"]

    @pytest.mark.parametrize("cursor", ["x", "", "nonsense", "~"])
    async def test_a_cursor_without_sense_is_told(self, world: StorageWorld, cursor: str) -> None:
        """In every list, and in either order."""
        part = Slice(cursor=cursor)

        with pytest.raises(InvalidInput):
            await world.backlog.findings(FindingFilter(), part)
        for status in (None, "ready", "dead"):
            with pytest.raises(InvalidInput):
                await world.backlog.jobs(JobFilter(status=status), part)

    async def test_a_job_row_tells_its_job(self, world: StorageWorld) -> None:
        """What it is about, how it stands and how often it was tried; the same by its number."""
        order = await place(world, placed())
        request = a_job("o1-1", order_id=order.id, due_at=world.clock.now() + MINUTE)
        job_id = await world.jobs.ask(request, now=world.clock.now())

        row = only((await world.backlog.jobs(JobFilter(), Slice())).items)

        expected = JobRow(
            id=job_id,
            name=str(request.name),
            ref="o1-1",
            order_id=order.id,
            status="ready",
            attempts=0,
            due_at=request.due_at,
            last_error=None,
            created_at=world.clock.now(),
        )
        assert expected == row
        assert expected == await world.backlog.job(job_id)

    async def test_jobs_are_filtered(self, world: StorageWorld) -> None:
        """By how they stand, by name and by order."""
        now = world.clock.now()
        order = await place(world, placed())
        ready = await world.jobs.ask(a_job("1", order_id=order.id, due_at=now), now=now)
        asked = {word: await world.jobs.ask(a_job(word, due_at=now), now=now) for word in ("running", "done", "dead")}
        mail = await world.jobs.ask(a_job("m", name=JobName.SEND_MAIL, due_at=now + MINUTE), now=now)
        leases = {word: (await claim(world, job_id, token=word)).lease for word, job_id in asked.items()}
        await world.jobs.end(JobOutcome(lease=leases["done"], end=Done()), now=now)
        await world.jobs.end(JobOutcome(lease=leases["dead"], end=Dead(error="no", finding=None)), now=now)

        async def found(**fields: str) -> list[int]:
            return [row.id for row in (await world.backlog.jobs(JobFilter(**fields), Slice())).items]

        assert [ready, mail] == await found(status="ready")
        for word, job_id in asked.items():
            assert [job_id] == await found(status=word)
        assert [mail] == await found(name="send-mail")
        assert [mail] == await found(name="send-mail", status="ready")
        assert [*reversed(asked.values()), ready] == await found(name="reserve")
        assert [ready] == await found(order_id=order.id)
        assert await found(status="lost") == []

    async def test_jobs_are_read_page_by_page(self, world: StorageWorld) -> None:
        """The ready ones by when they are due, all others newest first; each once."""
        now = world.clock.now()
        ids = [
            await world.jobs.ask(a_job(str(number), due_at=now + MINUTE * (7 - number // 2)), now=now)
            for number in range(8)
        ]

        ready = await walk(lambda part: world.backlog.jobs(JobFilter(status="ready"), part), Slice(limit=3))
        newest = await walk(lambda part: world.backlog.jobs(JobFilter(), part), Slice(limit=3))
        named = await walk(lambda part: world.backlog.jobs(JobFilter(name="reserve"), part), Slice(limit=3))
        bounds = Slice(since=now + 4 * MINUTE, until=now + 5 * MINUTE)

        assert [ids[n] for n in (6, 7, 4, 5, 2, 3, 0, 1)] == [row.id for row in ready]
        assert ids[::-1] == [row.id for row in newest]
        assert newest == named
        assert ids[6:8] == [row.id for row in (await world.backlog.jobs(JobFilter(status="ready"), bounds)).items]
        assert (await world.backlog.jobs(JobFilter(), bounds)).items == ()
