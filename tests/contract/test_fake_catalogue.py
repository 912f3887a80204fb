"""The fake supplier's catalogue keeps the promises of the port, and the suite notices one that does not."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import attrs
import pytest

from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier_catalogue import SupplierOffer, SupplierPage, SupplierProduct
from bitloot_core.testing.contracts.fake_catalogue_world import FakeCatalogueWorld
from bitloot_core.testing.contracts.supplier_catalogue import SupplierCatalogueContract
from bitloot_core.testing.supplier_catalogue import FakeSupplierCatalogue
from bitloot_core.values.errors import InvalidInput, PortError
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

SUITE = SupplierCatalogueContract()


class TestFakeCatalogue(SupplierCatalogueContract):
    """The suite, on the fake."""

    @pytest.fixture
    async def world(self) -> FakeCatalogueWorld:
        """A fresh fake."""
        return FakeCatalogueWorld()


class TakesTroubleForNothing(FakeSupplierCatalogue):
    """Shows an empty shelf when it cannot look."""

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """Search, and shrug."""
        try:
            return await super().search(text, page=page)
        except PortError:
            return SupplierPage(products=(), has_more=False)

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Look, and shrug."""
        try:
            return await super().products(ids)
        except PortError:
            return ()


class RemembersPrices(FakeSupplierCatalogue):
    """Looks once, and believes that for ever."""

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Tell what was seen first."""
        seen = self.__dict__.setdefault("seen", {})
        for one in await super().products(ids):
            seen.setdefault(one.id, one)
        return tuple(seen[one] for one in sorted(set(ids) & seen.keys()))


class TakesPicturesForText(FakeSupplierCatalogue):
    """Counts every key."""

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Call them all text."""
        shown = await super().products(ids)
        return tuple(
            attrs.evolve(one, offers=tuple(attrs.evolve(offer, text_stock=offer.stock) for offer in one.offers))
            for one in shown
        )


class ShowsOnePage(FakeSupplierCatalogue):
    """Does not turn the page."""

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """Show the first one, whichever was asked for."""
        if page < 1:
            raise InvalidInput("page", "must be 1 or more")
        return attrs.evolve(await super().search(text), has_more=False)

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Show as many as fit on it."""
        return (await super().products(ids))[:25]


class ShowsEverything(FakeSupplierCatalogue):
    """Does not look at what was asked for."""

    async def search(self, text: str, *, page: int = 1) -> SupplierPage:
        """Show the shelf."""
        await super().search("fake", page=1)
        return SupplierPage(products=self._shown(self._books.shelf), has_more=False)

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Show the shelf."""
        return self._shown(self._books.shelf)


class ShowsTheSoldOut(FakeSupplierCatalogue):
    """Keeps an offer up that has nothing behind it."""

    async def products(self, ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """Show an offer of yesterday."""
        yesterday = SupplierOffer(cost=Money.of("5.00", "EUR"), stock=0, text_stock=0)
        return tuple(attrs.evolve(one, offers=one.offers or (yesterday,)) for one in await super().products(ids))


class HearsProductsEverywhere(FakeSupplierCatalogue):
    """Takes any event for one about a product."""

    def changed_product(self, webhook: VerifiedWebhook) -> SupplierProductId | None:
        """Name something."""
        return SupplierProductId(webhook.external_id or "product-001")


def accident(which: str, read: str) -> Callable[[FakeCatalogueWorld], Awaitable[None]]:
    """The promise about one accident."""
    return partial(SUITE.test_an_answer_that_does_not_arrive_is_none, accident=which, read=read)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (TakesTroubleForNothing, accident("answer lost", "search")),
        (TakesTroubleForNothing, accident("half an answer", "products")),
        (TakesTroubleForNothing, partial(SUITE.test_a_supplier_that_cannot_be_reached_shows_nothing, read="products")),
        (TakesTroubleForNothing, partial(SUITE.test_a_supplier_that_is_busy_says_how_long, read="search")),
        (RemembersPrices, SUITE.test_a_price_that_moved_is_seen_at_once),
        (TakesPicturesForText, SUITE.test_pictures_are_no_text),
        (ShowsOnePage, SUITE.test_a_long_list_has_pages),
        (ShowsOnePage, SUITE.test_many_products_are_picked_at_once),
        (ShowsEverything, SUITE.test_a_search_finds_a_part_of_a_title),
        (ShowsEverything, SUITE.test_products_are_picked),
        (ShowsTheSoldOut, SUITE.test_what_is_sold_out_has_no_offer),
        (HearsProductsEverywhere, SUITE.test_another_event_names_no_product),
    ],
)
async def test_the_suite_fails_it(
    broken: type[FakeSupplierCatalogue], promise: Callable[[FakeCatalogueWorld], Awaitable[None]]
) -> None:
    """Each broken catalogue fails the promise that it breaks, and an honest one keeps it."""
    await promise(FakeCatalogueWorld())

    with pytest.raises((AssertionError, PortError, ValueError, pytest.fail.Exception)):
        await promise(FakeCatalogueWorld(kind=broken))
