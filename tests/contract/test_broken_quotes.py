"""The suite of the looks fails a store that breaks a promise: a suite that lets everything pass proves nothing."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

import attrs
import pytest

from bitloot_core.ports.quotes import Quote
from bitloot_core.testing.contracts.memory_world import MemoryWorld
from bitloot_core.testing.contracts.quotes import QuotesContract
from bitloot_core.testing.contracts.storage import StorageWorld
from bitloot_core.testing.memory import MemoryQuotes, MemoryStorage
from bitloot_core.values.ids import SupplierProductId

SUITE = QuotesContract()


class KeepsTheLastToCome(MemoryQuotes):
    """Does not look at when a look was made."""

    async def keep(self, looks: Sequence[Quote]) -> None:
        """Write over whatever is there."""
        self._database.quotes.clear()
        await super().keep(looks)


class ForgetsEveryMark(MemoryQuotes):
    """Takes a mark away that came after the look."""

    async def keep(self, looks: Sequence[Quote]) -> None:
        """Wipe."""
        await super().keep(looks)
        for look in looks:
            self._database.stale.pop(look.supplier_product_id, None)


class KeepsEveryMark(MemoryQuotes):
    """Never takes one away: a product is looked at for ever."""

    async def keep(self, looks: Sequence[Quote]) -> None:
        """Put them back."""
        marks = dict(self._database.stale)
        await super().keep(looks)
        self._database.stale.update(marks)


class MarksBackwards(MemoryQuotes):
    """Lets an older mark replace a newer one."""

    async def mark(self, ids: Collection[SupplierProductId], *, at: datetime) -> None:
        """Forget what is there."""
        for one in ids:
            self._database.stale.pop(one, None)
        await super().mark(ids, at=at)


class WritesOneByOne(MemoryQuotes):
    """Has written a part when it fails."""

    async def mark(self, ids: Collection[SupplierProductId], *, at: datetime) -> None:
        """Begin before the commit point."""
        self._database.stale.update(dict.fromkeys(list(ids)[:1], at))
        await super().mark(ids, at=at)

    async def keep(self, looks: Sequence[Quote]) -> None:
        """The same."""
        self._database.quotes.update({look.supplier_product_id: look for look in looks[:1]})
        await super().keep(looks)


class ReadsThemAll(MemoryQuotes):
    """Does not look at what is asked for."""

    async def quotes(self, ids: Collection[SupplierProductId] | None = None) -> Mapping[SupplierProductId, Quote]:
        """Everything."""
        del ids
        return await super().quotes()


def a_world(kind: type[MemoryQuotes]) -> MemoryWorld:
    """An empty shop with looks of this kind."""
    storage = MemoryStorage()
    return attrs.evolve(MemoryWorld.around(storage), quotes=kind(storage.database))


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (ReadsThemAll, SUITE.test_only_the_looks_that_are_asked_for_are_read),
        (KeepsTheLastToCome, SUITE.test_the_newest_look_counts),
        (ForgetsEveryMark, SUITE.test_a_mark_that_came_after_the_look_stays),
        (KeepsEveryMark, SUITE.test_a_look_takes_away_an_older_mark),
        (MarksBackwards, SUITE.test_a_product_is_marked_once),
        (WritesOneByOne, SUITE.test_marks_that_fail_leave_nothing),
        (WritesOneByOne, SUITE.test_looks_that_fail_leave_nothing),
    ],
)
async def test_the_suite_fails_it(
    broken: type[MemoryQuotes], promise: Callable[[StorageWorld], Awaitable[None]]
) -> None:
    """Each broken store fails the promise that it breaks, and an honest one keeps it."""
    await promise(a_world(MemoryQuotes))

    with pytest.raises(AssertionError):
        await promise(a_world(broken))
