"""The suite of whoever reads the books through fails fakes that break a promise."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from bitloot_core.order.findings import Finding, FindingReason
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.ports.books import Extent, HeldKey, PlacedOrders
from bitloot_core.testing.contracts.books import BooksContract
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.memory import MemoryBooks, MemoryStorage
from bitloot_core.values.ids import OrderId, StorageRef

SUITE = BooksContract()


class CountsAllOrders(MemoryBooks):
    """Does not look at the dates."""

    async def extent(self, since: datetime, until: datetime) -> Extent:
        """Count everything."""
        return await super().extent(datetime.min.replace(tzinfo=since.tzinfo), until)


class SkipsRows(MemoryBooks):
    """Pages by offset."""

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """Skip as many as were shown."""
        skip = int(after or 0)
        whole = (await super().orders(since, until, after=None, limit=10_000)).orders
        more = skip + limit < len(whole)
        return PlacedOrders(orders=whole[skip : skip + limit], after=str(skip + limit) if more else None)


class KeepsOneAMoment(MemoryBooks):
    """Goes on after the time of the last order, and not after the order."""

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """Leave the rest of that moment out."""
        later = None if after is None else after.partition("/")[0] + "~"
        return await super().orders(since, until, after=later, limit=limit)


class IncludesTheEnd(MemoryBooks):
    """Counts the last moment in."""

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """Look a little further."""
        return await super().orders(since, until + timedelta(microseconds=1), after=after, limit=limit)


class MixesTheLedgers(MemoryBooks):
    """Has one ledger for all."""

    async def ledger_of(self, order_id: OrderId) -> tuple[LedgerEntry, ...]:
        """Show it."""
        return tuple(self._database.ledger.values())


class ShowsAllKeys(MemoryBooks):
    """Does not turn the page."""

    async def keys(self, *, after: StorageRef | None, limit: int) -> tuple[HeldKey, ...]:
        """Show the first page again, without its last row."""
        page = await super().keys(after=after, limit=limit)
        return page if after is None else page[1:]


class RemembersTheSubject(MemoryBooks):
    """Takes a new figure for an old one."""

    async def was_answered(self, finding: Finding) -> bool:
        """Look at the subject alone."""
        rows = self._database.findings.values()
        return any(row.resolved_at is not None and row.finding.subject == finding.subject for row in rows)


class RemembersNothing(MemoryBooks):
    """Asks again every night."""

    async def was_answered(self, finding: Finding) -> bool:
        """Know of no answer."""
        return False


class TakesAnOpenOneForAnswered(MemoryBooks):
    """Is content when somebody was asked."""

    async def was_answered(self, finding: Finding) -> bool:
        """Look whether there is such a finding."""
        alike = (row.finding for row in self._database.findings.values())
        return any((one.reason, one.subject) == (finding.reason, finding.subject) for one in alike)


Promise = Callable[[MemoryWorld], Awaitable[None]]


def world_with(broken: type[MemoryBooks]) -> MemoryWorld:
    """The fakes, with this one of them."""
    storage = MemoryStorage()
    storage.books = broken(storage.database)
    return MemoryWorld.around(storage)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (CountsAllOrders, SUITE.test_the_extent_counts_orders_of_the_time_and_all_keys),
        (SkipsRows, SUITE.test_orders_that_come_meanwhile_shift_nothing),
        (KeepsOneAMoment, partial(SUITE.test_every_order_is_on_one_page, limit=2)),
        (IncludesTheEnd, SUITE.test_orders_of_other_times_are_left_out),
        (MixesTheLedgers, SUITE.test_the_ledger_of_an_order_comes_back),
        (ShowsAllKeys, partial(SUITE.test_every_held_key_is_on_one_page, limit=2)),
        (RemembersTheSubject, partial(SUITE.test_another_question_was_not_answered, other={"text": "More."})),
        (RemembersTheSubject, partial(SUITE.test_what_came_right_by_itself_is_no_answer, by="system")),
        (RemembersNothing, partial(SUITE.test_what_a_person_answered_is_remembered, of="none")),
        (
            TakesAnOpenOneForAnswered,
            partial(
                SUITE.test_another_question_was_not_answered,
                other={"reason": FindingReason.PAYMENT_SURPLUS, "text": "More."},
            ),
        ),
        (TakesAnOpenOneForAnswered, SUITE.test_an_open_finding_has_no_answer),
    ],
)
async def test_the_suite_sees_what_is_broken(broken: type[MemoryBooks], promise: Promise) -> None:
    """The fake breaks the promise, and the suite says so; a sound one keeps it."""
    await promise(world_with(MemoryBooks))

    with pytest.raises(AssertionError):
        await promise(world_with(broken))
