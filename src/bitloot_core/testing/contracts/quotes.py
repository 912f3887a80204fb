"""
The suite of the port `Quotes`: the newest look counts, and no mark is lost.

Of the unhappy five, a slow peer and a malformed body do not apply: the port takes values and calls nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bitloot_core.ports.quotes import Quote
from bitloot_core.testing.contracts.storage import StorageWorld, failure_of
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
GAME, OTHER = SupplierProductId("game"), SupplierProductId("other")


def a_look(
    name: SupplierProductId = GAME, *, at: datetime = NOON, cost: str = "5.00", stock: int = 3, text: bool = True
) -> Quote:
    """A look at a product."""
    money = Money.of(cost, "EUR")
    return Quote(supplier_product_id=name, at=at, stock=stock, cost=money, text_cost=money if text else None)


class QuotesContract:
    """What must be true of what is kept of looks. The fixture `world` gives an empty store."""

    async def test_looks_come_back_as_they_were_kept(self, world: StorageWorld) -> None:
        """Each by the supplier's id; one with nothing in stock, too."""
        looks = [a_look(), a_look(OTHER, text=False), Quote.gone(SupplierProductId("gone"), at=NOON)]

        await world.quotes.keep(looks)

        assert await world.quotes.quotes() == {look.supplier_product_id: look for look in looks}

    async def test_nothing_is_known_at_first(self, world: StorageWorld) -> None:
        """Keeping and marking nothing changes nothing."""
        await world.quotes.keep([])
        await world.quotes.mark([], at=NOON)

        assert await world.quotes.quotes() == {}
        assert await world.quotes.marked(10) == ()

    async def test_only_the_looks_that_are_asked_for_are_read(self, world: StorageWorld) -> None:
        """An order asks about its own products, and not about the whole catalogue."""
        look = a_look()
        await world.quotes.keep([look, a_look(OTHER)])

        assert await world.quotes.quotes([GAME, SupplierProductId("unknown")]) == {GAME: look}
        assert await world.quotes.quotes([]) == {}

    async def test_the_newest_look_counts(self, world: StorageWorld) -> None:
        """Answers can come out of order; an older one replaces nothing."""
        newer = a_look(at=LATER, cost="7.00")
        await world.quotes.keep([a_look(at=NOON)])
        await world.quotes.keep([newer])

        await world.quotes.keep([a_look(at=NOON, cost="1.00")])

        assert await world.quotes.quotes() == {GAME: newer}

    async def test_marks_are_listed_the_oldest_first(self, world: StorageWorld) -> None:
        """So many at a time."""
        await world.quotes.mark([OTHER], at=LATER)
        await world.quotes.mark([GAME], at=NOON)

        assert await world.quotes.marked(10) == (GAME, OTHER)
        assert await world.quotes.marked(1) == (GAME,)

    async def test_a_product_is_marked_once(self, world: StorageWorld) -> None:
        """However often it changes; the last time counts, in whatever order they come."""
        await world.quotes.mark([GAME], at=LATER)
        await world.quotes.mark([GAME, GAME], at=NOON)
        await world.quotes.mark([OTHER], at=NOON + timedelta(minutes=1))

        assert await world.quotes.marked(10) == (OTHER, GAME)

    async def test_a_look_takes_away_an_older_mark(self, world: StorageWorld) -> None:
        """Of its own product alone."""
        await world.quotes.mark([GAME, OTHER], at=NOON)

        await world.quotes.keep([a_look(at=LATER)])

        assert await world.quotes.marked(10) == (OTHER,)

    async def test_a_mark_that_came_after_the_look_stays(self, world: StorageWorld) -> None:
        """The price changed while the answer was under way: it is looked at again."""
        await world.quotes.mark([GAME], at=LATER)
        await world.quotes.mark([OTHER], at=NOON)

        await world.quotes.keep([a_look(at=NOON), a_look(OTHER, at=NOON)])

        assert await world.quotes.marked(10) == (OTHER, GAME)

    async def test_looks_that_fail_leave_nothing(self, world: StorageWorld) -> None:
        """A failure before the commit point: looks and marks are as they were."""
        await world.quotes.mark([GAME], at=NOON)
        await world.given_commit_fails_before()

        await failure_of(world.quotes.keep([a_look(at=LATER), a_look(OTHER, at=LATER)]))

        assert await world.quotes.quotes() == {}
        assert await world.quotes.marked(10) == (GAME,)

    async def test_looks_without_an_answer_can_be_kept_again(self, world: StorageWorld) -> None:
        """A failure after the commit point: once more changes nothing."""
        look = a_look(at=LATER)
        await world.quotes.mark([GAME], at=NOON)
        await world.given_commit_fails_after()
        await failure_of(world.quotes.keep([look]))

        await world.quotes.keep([look])

        assert await world.quotes.quotes() == {GAME: look}
        assert await world.quotes.marked(10) == ()

    async def test_marks_that_fail_leave_nothing(self, world: StorageWorld) -> None:
        """All or none."""
        await world.given_commit_fails_before()

        await failure_of(world.quotes.mark([GAME, OTHER], at=NOON))

        assert await world.quotes.marked(10) == ()

    async def test_what_was_in_stock_can_be_gone(self, world: StorageWorld) -> None:
        """A later look without an offer replaces one with one."""
        await world.quotes.keep([a_look(at=NOON)])
        gone = Quote.gone(GAME, at=LATER)

        await world.quotes.keep([gone])

        assert await world.quotes.quotes() == {GAME: gone}
