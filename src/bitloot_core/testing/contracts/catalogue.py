"""
The suite of the port `Catalogue`: products come back as they were put, all of a batch or none.

Of the unhappy five, a slow peer and a malformed body do not apply: the port takes values and calls nobody.
"""

from __future__ import annotations

from datetime import date

import attrs

from bitloot_core.order.reservations import KeyType
from bitloot_core.testing.contracts.storage import StorageWorld, failure_of, place
from bitloot_core.testing.orders import placed
from bitloot_core.testing.samples import a_product
from bitloot_core.values.ids import ProductId
from bitloot_core.values.money import Money

GAME = a_product("game")
PREORDER = attrs.evolve(
    a_product("preorder"),
    title="Später, 🎮 'soon' \"%s\"",
    key_type=KeyType.ANY,
    release_date=date(2027, 3, 1),
    available=False,
)
IMPORT = attrs.evolve(a_product("import"), price=Money.of("1500", "JPY"))


class CatalogueContract:
    """What every catalogue must do. The fixture `world` gives an empty one."""

    async def test_products_come_back_as_they_were_put(self, world: StorageWorld) -> None:
        """Every field, those of a preorder and of a currency without cents too, by id."""
        await world.catalogue.put([PREORDER, GAME, IMPORT])

        assert await world.catalogue.products() == (GAME, IMPORT, PREORDER)

    async def test_an_empty_catalogue_has_nothing(self, world: StorageWorld) -> None:
        """Nothing was put, nothing is there; putting nothing changes nothing."""
        await world.catalogue.put([])

        assert await world.catalogue.products() == ()

    async def test_named_products_are_picked(self, world: StorageWorld) -> None:
        """Those of the named that exist, each once, by id; no name picks none."""
        await world.catalogue.put([PREORDER, GAME, IMPORT])

        wanted = [PREORDER.id, ProductId("nothing"), GAME.id, GAME.id]
        assert await world.catalogue.products(wanted) == (GAME, PREORDER)
        assert await world.catalogue.products([]) == ()

    async def test_a_product_is_replaced(self, world: StorageWorld) -> None:
        """Putting it again changes all its terms, and leaves the others."""
        await world.catalogue.put([GAME, IMPORT])
        dearer = attrs.evolve(PREORDER, id=GAME.id)

        await world.catalogue.put([dearer])

        assert (dearer, IMPORT) == await world.catalogue.products()

    async def test_an_order_keeps_its_terms(self, world: StorageWorld) -> None:
        """A new price is for new orders."""
        await world.catalogue.put([GAME])
        order = await place(world, placed())

        await world.catalogue.put([attrs.evolve(GAME, price=Money.of("99.00", "EUR"))])

        assert order == await world.store.get(order.id)

    async def test_a_batch_that_fails_leaves_nothing(self, world: StorageWorld) -> None:
        """A failure before the commit point: the catalogue is as it was."""
        await world.catalogue.put([GAME])
        await world.given_commit_fails_before()

        await failure_of(world.catalogue.put([attrs.evolve(GAME, available=False), PREORDER]))

        assert await world.catalogue.products() == (GAME,)

    async def test_a_batch_without_an_answer_can_be_put_again(self, world: StorageWorld) -> None:
        """A failure after the commit point: all of it is there, and once more changes nothing."""
        await world.given_commit_fails_after()
        await failure_of(world.catalogue.put([GAME, PREORDER]))
        found = await world.catalogue.products()

        await world.catalogue.put([GAME, PREORDER])

        assert (GAME, PREORDER) == found == await world.catalogue.products()
