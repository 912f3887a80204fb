"""
The suite of the port `SupplierCatalogue`: prices and stock as they are now, all pages, and no guess after an accident.

Of the unhappy five, the retried key and the failure at the commit point do not apply: the port only reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import pytest

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier_catalogue import SupplierCatalogue
from bitloot_core.values.errors import InvalidInput, Unavailable
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

MANY = 60
"""More than fit on two pages of any supplier that we know."""
READS: dict[str, Callable[[SupplierCatalogue, SupplierProductId], Awaitable[object]]] = {
    "search": lambda catalogue, _: catalogue.search("quest"),
    "products": lambda catalogue, product_id: catalogue.products([product_id]),
}


class SupplierCatalogueWorld(Protocol):
    """
    A supplier's catalogue and its given-verbs; where one is not possible, it skips.

    `call` is the name of the port's method that shall meet the accident: the next call of it, once.
    """

    @property
    def catalogue(self) -> SupplierCatalogue:
        """The catalogue itself; asked for anew for each call."""
        ...

    async def in_stock(self, title: str, count: int = 5, *, cost: str = "5.00") -> SupplierProductId:
        """Given a new product with `count` text keys at `cost` EUR each."""
        ...

    async def pictures_in_stock(self, title: str, count: int) -> SupplierProductId:
        """Given a new product whose keys are pictures."""
        ...

    async def preorder_open(self, title: str) -> SupplierProductId:
        """Given a new product that is not released yet."""
        ...

    async def costs(self, product_id: SupplierProductId, cost: str) -> None:
        """Given that it costs this now, in EUR."""
        ...

    async def sells_out(self, product_id: SupplierProductId) -> None:
        """Given that there is none left."""
        ...

    async def lose_next_answer(self, call: str) -> None:
        """Given that the answer gets lost."""
        ...

    async def fail_next(self, call: str) -> None:
        """Given an error of the supplier's own in the place of an answer."""
        ...

    async def garble_next(self, call: str) -> None:
        """Given that half of the answer arrives."""
        ...

    async def stall_next(self, call: str) -> None:
        """Given that the answer comes after our deadline."""
        ...

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given that the call is refused without a look at it, with a word on how long to wait."""
        ...

    async def go_down(self) -> None:
        """Given a supplier that cannot be reached."""
        ...

    async def change_of(self, product_id: SupplierProductId) -> VerifiedWebhook:
        """The webhook that says that a product has changed, proved to be the supplier's."""
        ...

    async def other_event(self) -> VerifiedWebhook:
        """A webhook about something else, proved to be the supplier's."""
        ...


ACCIDENTS: dict[str, Callable[[SupplierCatalogueWorld, str], Awaitable[None]]] = {
    "answer lost": lambda world, call: world.lose_next_answer(call),
    "failed": lambda world, call: world.fail_next(call),
    "half an answer": lambda world, call: world.garble_next(call),
    "slow": lambda world, call: world.stall_next(call),
}


class SupplierCatalogueContract:
    """What every supplier's catalogue must do. The fixture `world` gives one with nothing in it."""

    @pytest.fixture
    async def world(self) -> SupplierCatalogueWorld:
        """The catalogue under test."""
        raise NotImplementedError

    async def test_a_product_is_shown_as_it_is_sold(self, world: SupplierCatalogueWorld) -> None:
        """Its id, its title, what one costs, and how many there are."""
        product_id = await world.in_stock("The Quest of Orélie", 7, cost="4.35")

        (shown,) = await world.catalogue.products([product_id])

        assert (product_id, "The Quest of Orélie") == (shown.id, shown.title)
        assert shown.stock_of(KeyType.TEXT) == shown.stock_of(KeyType.ANY) == 7
        assert shown.cost_of(7, KeyType.TEXT) == Money.of("4.35", "EUR")
        assert shown.cost_of(8, KeyType.TEXT) is None
        assert not shown.is_preorder

    async def test_a_search_finds_a_part_of_a_title(self, world: SupplierCatalogueWorld) -> None:
        """In any case; what has it not in its title is left out."""
        wanted = [await world.in_stock("Quest One"), await world.in_stock("The second quest")]
        await world.in_stock("Something else")

        found = await world.catalogue.search("QUEST")

        assert sorted(wanted) == sorted(one.id for one in found.products)
        assert not found.has_more

    async def test_a_search_shows_what_a_look_shows(self, world: SupplierCatalogueWorld) -> None:
        """One truth about a product."""
        product_id = await world.in_stock("Quest One", 3, cost="9.99")

        found = await world.catalogue.search("quest")

        assert found.products == await world.catalogue.products([product_id])

    async def test_a_search_without_a_find_is_an_answer(self, world: SupplierCatalogueWorld) -> None:
        """Nothing is found, and nothing is wrong."""
        await world.in_stock("Something else")

        found = await world.catalogue.search("quest")

        assert (found.products, found.has_more) == ((), False)

    async def test_a_long_list_has_pages(self, world: SupplierCatalogueWorld) -> None:
        """Each product on one of them; a page beyond the last is empty."""
        wanted = [await world.in_stock(f"Quest {number}") for number in range(MANY)]

        found, page = [], 0
        while page < MANY:
            page += 1
            shown = await world.catalogue.search("quest", page=page)
            found += [one.id for one in shown.products]
            if not shown.has_more:
                break

        assert 1 < page < MANY
        assert sorted(wanted) == sorted(found)
        assert (await world.catalogue.search("quest", page=page + 1)).products == ()

    @pytest.mark.parametrize(("text", "page"), [("", 1), ("  a  ", 1), ("quest", 0)])
    async def test_what_cannot_be_searched_for_is_refused(
        self, world: SupplierCatalogueWorld, text: str, page: int
    ) -> None:
        """Too short a text would find the whole catalogue."""
        with pytest.raises(InvalidInput):
            await world.catalogue.search(text, page=page)

    async def test_products_are_picked(self, world: SupplierCatalogueWorld) -> None:
        """Those that were asked for and exist, each once, by id; no name picks none."""
        first, second = await world.in_stock("Quest One"), await world.in_stock("Quest Two")
        await world.in_stock("Quest Three")

        shown = await world.catalogue.products([second, first, second, SupplierProductId("nothing")])

        assert sorted([first, second]) == [one.id for one in shown]
        assert await world.catalogue.products([]) == ()

    async def test_many_products_are_picked_at_once(self, world: SupplierCatalogueWorld) -> None:
        """However many the supplier shows at a time."""
        wanted = [await world.in_stock(f"Quest {number}") for number in range(MANY)]

        assert sorted(wanted) == [one.id for one in await world.catalogue.products(wanted)]

    async def test_a_price_that_moved_is_seen_at_once(self, world: SupplierCatalogueWorld) -> None:
        """Every look is a fresh one."""
        product_id = await world.in_stock("Quest One", cost="5.00")
        (before,) = await world.catalogue.products([product_id])

        await world.costs(product_id, "7.50")

        (after,) = await world.catalogue.products([product_id])
        costs = [one.cost_of(1, KeyType.TEXT) for one in (before, after)]
        assert [Money.of("5.00", "EUR"), Money.of("7.50", "EUR")] == costs

    async def test_what_is_sold_out_has_no_offer(self, world: SupplierCatalogueWorld) -> None:
        """Or is not shown at all."""
        product_id = await world.in_stock("Quest One")
        await world.sells_out(product_id)

        shown = await world.catalogue.products([product_id])

        assert [one.offers for one in shown] in ([], [()])

    async def test_pictures_are_no_text(self, world: SupplierCatalogueWorld) -> None:
        """Whoever needs text cannot buy them."""
        product_id = await world.pictures_in_stock("Quest in pictures", 4)

        (shown,) = await world.catalogue.products([product_id])

        assert (shown.stock_of(KeyType.TEXT), shown.stock_of(KeyType.ANY)) == (0, 4)
        assert shown.cost_of(1, KeyType.TEXT) is None
        assert shown.cost_of(1, KeyType.ANY) is not None

    async def test_a_preorder_says_when_it_comes(self, world: SupplierCatalogueWorld) -> None:
        """Its keys have no form yet."""
        product_id = await world.preorder_open("Quest of tomorrow")

        (shown,) = await world.catalogue.products([product_id])

        assert shown.is_preorder
        assert shown.release_date is not None
        assert shown.cost_of(1, KeyType.TEXT) is not None

    @pytest.mark.parametrize("read", READS)
    @pytest.mark.parametrize("accident", ACCIDENTS)
    async def test_an_answer_that_does_not_arrive_is_none(
        self, world: SupplierCatalogueWorld, accident: str, read: str
    ) -> None:
        """The answer lost, the slow peer, the malformed body: no price by mistake, and the next look is good."""
        product_id = await world.in_stock("Quest One")
        await ACCIDENTS[accident](world, read)

        with pytest.raises(Unavailable):
            await READS[read](world.catalogue, product_id)

        assert [product_id] == [one.id for one in await world.catalogue.products([product_id])]

    @pytest.mark.parametrize("read", READS)
    async def test_a_supplier_that_is_busy_says_how_long(self, world: SupplierCatalogueWorld, read: str) -> None:
        """Whoever asks again, asks then."""
        product_id = await world.in_stock("Quest One")
        await world.turn_away_next(read, wait=timedelta(seconds=7))

        with pytest.raises(Unavailable) as caught:
            await READS[read](world.catalogue, product_id)

        assert caught.value.retry_after == timedelta(seconds=7)

    @pytest.mark.parametrize("read", READS)
    async def test_a_supplier_that_cannot_be_reached_shows_nothing(
        self, world: SupplierCatalogueWorld, read: str
    ) -> None:
        """Which is not the same as having nothing."""
        product_id = await world.in_stock("Quest One")
        await world.go_down()

        with pytest.raises(Unavailable):
            await READS[read](world.catalogue, product_id)

    async def test_a_change_names_its_product(self, world: SupplierCatalogueWorld) -> None:
        """And is nothing that a purchase could follow from."""
        product_id = await world.in_stock("Quest One")

        webhook = await world.change_of(product_id)

        assert world.catalogue.changed_product(webhook) == product_id
        assert not webhook.worth_processing

    async def test_changes_of_one_product_are_equal_deliveries(self, world: SupplierCatalogueWorld) -> None:
        """A flood about one product is one webhook, delivered often; another product is another one."""
        first, second = await world.in_stock("Quest One"), await world.in_stock("Quest Two")

        before = await world.change_of(first)
        await world.costs(first, "7.50")
        after, other = await world.change_of(first), await world.change_of(second)

        assert before.dedupe_key == after.dedupe_key
        assert before.dedupe_key != other.dedupe_key

    async def test_another_event_names_no_product(self, world: SupplierCatalogueWorld) -> None:
        """Whatever is in it."""
        assert world.catalogue.changed_product(await world.other_event()) is None
