"""The suites of what the staff reads (audit, backlog, figures) fail fakes that break a promise."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import attrs
import pytest

from bitloot_core.ports.audit import AccessFilter, AccessRow, ActFilter, ActRow, Head, Verdict
from bitloot_core.ports.backlog import FindingFilter, JobFilter
from bitloot_core.ports.figures import MoneyFigures, OpenFindings, OrderFigures, QueueFigures
from bitloot_core.ports.queries import FindingRow, JobRow, Page, Slice
from bitloot_core.testing.contracts.audit import AuditContract
from bitloot_core.testing.contracts.backlog import BacklogContract
from bitloot_core.testing.contracts.figures import FiguresContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.memory import MemoryStorage
from bitloot_core.testing.memory.audit import MemoryAudit
from bitloot_core.testing.memory.backlog import MemoryBacklog
from bitloot_core.testing.memory.figures import MemoryFigures
from bitloot_core.values.ids import FindingId

AUDIT, BACKLOG, FIGURES = AuditContract(), BacklogContract(), FiguresContract()
LONG_AGO = timedelta(days=3650)


class TrustsTheRows(MemoryAudit):
    """Counts the rows and takes them for whole."""

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """Look at no hash."""
        return attrs.evolve(await super().verify_accesses(earlier), broken_row=None)


class TrustsTheEnd(MemoryAudit):
    """Sees no tail that was cut."""

    async def verify_accesses(self, earlier: Head | None) -> Verdict:
        """Forget the earlier head."""
        return await super().verify_accesses(None)


class ShowsEverybodysActs(MemoryAudit):
    """Does not know who did what."""

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """Leave the actor out."""
        return await super().acts(attrs.evolve(which, actor=None), part)


class LosesAnAct(MemoryAudit):
    """Begins a page one row too late."""

    async def acts(self, which: ActFilter, part: Slice) -> Page[ActRow]:
        """Leave the first row of every page but the first out."""
        page = await super().acts(which, part)
        return page if part.cursor is None else attrs.evolve(page, items=page.items[1:])


class ShowsEverybodysLooks(MemoryAudit):
    """Does not know who looked."""

    async def accesses(self, which: AccessFilter, part: Slice) -> Page[AccessRow]:
        """Leave the actor out."""
        return await super().accesses(attrs.evolve(which, actor=None), part)


class LosesALook(MemoryAudit):
    """Begins a page one row too late."""

    async def accesses(self, which: AccessFilter, part: Slice) -> Page[AccessRow]:
        """Leave the first row of every page but the first out."""
        page = await super().accesses(which, part)
        return page if part.cursor is None else attrs.evolve(page, items=page.items[1:])


class ShowsWhatIsSettled(MemoryBacklog):
    """Takes what was settled for open."""

    async def findings(self, which: FindingFilter, part: Slice) -> Page[FindingRow]:
        """Leave the status out."""
        return await super().findings(attrs.evolve(which, status=None), part)


class InventsFindings(MemoryBacklog):
    """Answers with another where there is none."""

    async def finding(self, finding_id: FindingId) -> FindingRow:
        """Any will do."""
        rows = (await self.findings(FindingFilter(), Slice())).items
        return rows[0] if rows else None  # type: ignore[return-value]  # as broken as that


class ForgetsWhoSettled(MemoryBacklog):
    """Keeps the reason and not the person."""

    async def finding(self, finding_id: FindingId) -> FindingRow:
        """Leave the name out."""
        return attrs.evolve(await super().finding(finding_id), resolved_by=None)


class ShowsJobsOfAll(MemoryBacklog):
    """Does not know what a job is about."""

    async def jobs(self, which: JobFilter, part: Slice) -> Page[JobRow]:
        """Leave the order out."""
        return await super().jobs(attrs.evolve(which, order_id=None), part)


class LosesAJob(MemoryBacklog):
    """Begins a page one row too late."""

    async def jobs(self, which: JobFilter, part: Slice) -> Page[JobRow]:
        """Leave the first row of every page but the first out."""
        page = await super().jobs(which, part)
        return page if part.cursor is None else attrs.evolve(page, items=page.items[1:])


class CountsWhatIsWhole(MemoryFigures):
    """Takes an order with some of its keys for one with all."""

    async def orders(self, *, now: datetime) -> OrderFigures:
        """Nothing is owed."""
        figures = await super().orders(now=now)
        return attrs.evolve(figures, undelivered=tuple(attrs.evolve(one, count=0) for one in figures.undelivered))


class TakesLaterForDue(MemoryFigures):
    """Thinks that whatever will be due is."""

    async def queue(self, *, now: datetime) -> QueueFigures:
        """Look from far ahead."""
        return await super().queue(now=now + LONG_AGO)


class CountsTheSettled(MemoryFigures):
    """Counts one more of each reason."""

    async def findings(self) -> tuple[OpenFindings, ...]:
        """As if one that was settled were open."""
        return tuple(attrs.evolve(one, count=one.count + 1) for one in await super().findings())


class CountsWebhooksOfAllTime(MemoryFigures):
    """Does not know when they came."""

    async def webhooks(self, *, since: datetime) -> Mapping[str, int]:
        """Since ever."""
        return await super().webhooks(since=since - LONG_AGO)


class SpendsWhatCameBack(MemoryFigures):
    """Counts sales of all time."""

    async def money(self, *, sold_since: datetime, spent_since: datetime) -> MoneyFigures:
        """Since ever."""
        return await super().money(sold_since=sold_since - LONG_AGO, spent_since=spent_since - LONG_AGO)


Promise = Callable[[MemoryWorld], Awaitable[None]]
PORTS = {MemoryAudit: "audit", MemoryBacklog: "backlog", MemoryFigures: "figures"}


def world_with(broken: type) -> MemoryWorld:
    """The fakes, with one of them broken."""
    storage = MemoryStorage()
    (port,) = (name for sound, name in PORTS.items() if issubclass(broken, sound))
    setattr(storage, port, broken(storage.database))
    return MemoryWorld.around(storage)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (TrustsTheRows, AUDIT.test_a_row_that_was_written_over_shows),
        (TrustsTheEnd, AUDIT.test_a_cut_tail_shows_against_an_earlier_head),
        (TrustsTheEnd, AUDIT.test_a_head_of_another_chain_shows),
        (ShowsEverybodysActs, AUDIT.test_acts_are_filtered),
        (LosesAnAct, AUDIT.test_acts_are_read_page_by_page),
        (ShowsEverybodysLooks, AUDIT.test_looks_are_filtered),
        (LosesALook, AUDIT.test_looks_are_read_page_by_page),
        (ShowsWhatIsSettled, BACKLOG.test_findings_are_filtered),
        (InventsFindings, BACKLOG.test_what_is_not_there_is_not_found),
        (ForgetsWhoSettled, BACKLOG.test_a_resolved_finding_tells_who_settled_it_and_how),
        (ShowsJobsOfAll, BACKLOG.test_jobs_are_filtered),
        (LosesAJob, BACKLOG.test_jobs_are_read_page_by_page),
        (CountsWhatIsWhole, FIGURES.test_a_key_that_is_owed_counts_though_others_are_held),
        (CountsWhatIsWhole, FIGURES.test_what_is_paid_and_owed_is_grouped_by_age),
        (TakesLaterForDue, FIGURES.test_what_is_put_off_is_not_due),
        (CountsTheSettled, FIGURES.test_open_findings_are_counted_by_reason),
        (CountsWebhooksOfAllTime, FIGURES.test_webhooks_are_counted_by_status),
        (SpendsWhatCameBack, FIGURES.test_what_was_sold_is_set_against_what_it_cost),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type, promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so; a sound one keeps it."""
    (sound,) = (port for port in PORTS if issubclass(broken, port))
    await promise(world_with(sound))

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(world_with(broken))
