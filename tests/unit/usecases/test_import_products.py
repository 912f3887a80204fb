"""Products taken over from the supplier: planned, shown, and only then done."""

from collections.abc import Sequence
from datetime import date

import attrs
import pytest

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.ports.supplier_catalogue import SupplierOffer, SupplierProduct
from bitloot_core.testing.overridden import Overridden
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.testing.supplier_books import PREORDERS_COME
from bitloot_core.usecases.import_products import (
    MOST_AT_ONCE,
    AddedProduct,
    ChangedProduct,
    FallingCaps,
    ImportLine,
    RefusedProduct,
    SameProduct,
    import_products,
    plan_import,
)
from bitloot_core.values.errors import InvalidInput, Refused, Unavailable, Unknown
from bitloot_core.values.ids import ProductId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_core.values.prices import PriceRule

RULE = PriceRule.parse("20%, 1.00, x.99")
QUEST = SupplierProductId("5c9b")
ANN = {"by": "admin:ann", "reason": "spring range"}


def eur(text: str) -> Money:
    """So many euros."""
    return Money.of(text, "EUR")


async def planned(
    shop: FakeShop, *ids: str, rule: PriceRule = RULE, falling_caps: FallingCaps = FallingCaps.KEPT
) -> tuple[ImportLine, ...]:
    """What an import of these would do."""
    wanted = [SupplierProductId(one) for one in ids]
    return await plan_import(shop.shop, wanted, rule=rule, falling_caps=falling_caps)


async def done(shop: FakeShop, *ids: str) -> int:
    """Import these."""
    return await import_products(shop.shop, await planned(shop, *ids), **ANN)


async def test_a_new_product_is_priced_by_the_rule() -> None:
    """Under the supplier's id and title, with a cap that leaves the floor; a plan alone changes nothing."""
    shop = FakeShop()
    shop.supplier.in_stock(QUEST, 5, cost="10.00", title="The Quest")

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, AddedProduct)
    assert (line.product.id, line.product.title, line.cost) == ("5c9b", "The Quest", eur("10.00"))
    assert (line.product.price, line.product.max_cost) == (eur("12.99"), eur("11.99"))
    assert (line.product.key_type, line.product.release_date, line.product.available) == (KeyType.TEXT, None, True)
    assert await shop.shop.catalogue.products() == ()


async def test_an_import_is_written_down_and_done() -> None:
    """A line in the audit for each product that comes or changes."""
    shop = FakeShop()
    shop.supplier.in_stock(QUEST, 5)
    shop.supplier.in_stock(SupplierProductId("5c9c"), 5)

    count = await done(shop, QUEST, "5c9c")

    acts = (await shop.storage.audit.acts(ActFilter(), Slice())).items
    assert count == 2
    assert [one.id for one in await shop.shop.catalogue.products()] == ["5c9b", "5c9c"]
    assert {("admin:ann", "change-product", "5c9b"), ("admin:ann", "change-product", "5c9c")} == {
        (row.act.actor, row.act.action, row.act.subject) for row in acts
    }


async def test_an_import_again_changes_nothing() -> None:
    """Not even the audit; a name twice is a name once."""
    shop = FakeShop()
    shop.supplier.in_stock(QUEST, 5)
    await done(shop, QUEST)

    lines = await planned(shop, QUEST, QUEST)
    count = await import_products(shop.shop, lines, **ANN)

    (line,) = lines
    assert isinstance(line, SameProduct)
    assert not line.keeps_cap
    assert count == 0
    assert len((await shop.storage.audit.acts(ActFilter(), Slice())).items) == 1


async def test_a_product_of_ours_keeps_what_is_ours() -> None:
    """Its id, its title, its form of keys, and that it is off sale; every product behind one supplier's id changes."""
    shop = FakeShop()
    ours = attrs.evolve(a_product(), supplier_product_id=QUEST, available=False, key_type=KeyType.ANY)
    twin = attrs.evolve(ours, id=ProductId("twin"), title="A twin")
    await shop.shop.catalogue.put([ours, twin])
    shop.supplier.in_stock(QUEST, 5, cost="20.00", title="In their words")

    lines = await planned(shop, QUEST)
    await import_products(shop.shop, lines, **ANN)

    first, second = await shop.shop.catalogue.products()
    assert [ChangedProduct, ChangedProduct] == [type(line) for line in lines]
    assert first == attrs.evolve(ours, price=eur("24.99"), max_cost=eur("23.99"))
    assert second == attrs.evolve(twin, price=eur("24.99"), max_cost=eur("23.99"))


async def test_a_cap_never_falls_by_itself() -> None:
    """Orders to come would not be bought any more, and nobody would know why."""
    shop = FakeShop()
    await shop.shop.catalogue.put([attrs.evolve(a_product(max_cost="30.00"), supplier_product_id=QUEST)])
    shop.supplier.in_stock(QUEST, 5, cost="10.00")

    (kept,) = await planned(shop, QUEST)
    (lowered,) = await planned(shop, QUEST, falling_caps=FallingCaps.LOWERED)

    assert isinstance(kept, SameProduct)
    assert kept.keeps_cap
    assert (kept.product.max_cost, kept.rule_cap) == (eur("30.00"), eur("11.99"))
    assert isinstance(lowered, ChangedProduct)
    assert not lowered.keeps_cap
    assert (lowered.before.max_cost, lowered.product.max_cost) == (eur("30.00"), eur("11.99"))


async def test_a_price_changes_while_a_cap_is_kept() -> None:
    """And the line says so."""
    shop = FakeShop()
    await shop.shop.catalogue.put([attrs.evolve(a_product(price="50.00", max_cost="30.00"), supplier_product_id=QUEST)])
    shop.supplier.in_stock(QUEST, 5, cost="10.00")

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, ChangedProduct)
    assert line.keeps_cap
    assert (line.product.price, line.product.max_cost) == (eur("12.99"), eur("30.00"))


async def test_pictures_come_as_they_are() -> None:
    """A product without text keys can only be sold in any form."""
    shop = FakeShop()
    shop.supplier.pictures_in_stock(QUEST, 5)

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, AddedProduct)
    assert line.product.key_type is KeyType.ANY


async def test_a_preorder_comes_with_its_date() -> None:
    """It is bought alone, and no form of key is asked for."""
    shop = FakeShop()
    shop.supplier.preorder_open(QUEST, 5)

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, AddedProduct)
    assert line.product.release_date == PREORDERS_COME


async def test_a_preorder_that_is_out_is_one_no_more() -> None:
    """The date goes with the next import."""
    shop = FakeShop()
    before = attrs.evolve(a_product(), supplier_product_id=QUEST, release_date=date(2026, 1, 1))
    await shop.shop.catalogue.put([before])
    shop.supplier.in_stock(QUEST, 5)

    await done(shop, QUEST)

    (after,) = await shop.shop.catalogue.products()
    assert after.release_date is None


async def test_what_cannot_be_priced_is_told() -> None:
    """Unknown, sold out, in another currency, or a name that is taken: each with its reason, and nothing is done."""
    shop = FakeShop()
    await shop.shop.catalogue.put(
        [
            attrs.evolve(a_product("dollar"), price=Money.of("9.00", "USD")),
            attrs.evolve(a_product("taken"), supplier_product_id=SupplierProductId("elsewhere")),
        ]
    )
    shop.supplier.in_stock(SupplierProductId("empty"), 0)
    shop.supplier.in_stock(SupplierProductId("supplier-dollar"), 5)
    shop.supplier.in_stock(SupplierProductId("taken"), 5)
    shop.supplier.in_stock(QUEST, 5)

    lines = await planned(shop, "nothing", "empty", "supplier-dollar", "taken", QUEST)
    with pytest.raises(Refused) as caught:
        await import_products(shop.shop, lines, **ANN)

    told = {line.supplier_product_id: line.reason for line in lines if isinstance(line, RefusedProduct)}
    assert told == {
        "nothing": "the supplier shows no such product now",
        "empty": "price is not known: there is none in stock",
        "supplier-dollar": "price is in USD, and a rule makes prices in EUR only",
        "taken": "id is that of another product of ours",
    }
    assert caught.value.code == "not-importable"
    assert len(await shop.shop.catalogue.products()) == 2


async def test_a_preorder_without_a_date_is_told() -> None:
    """It could not be told from what can be delivered today."""
    shop = FakeShop()
    shop.supplier.preorder_open(QUEST, 5)
    (undated,) = await shop.supplier.catalogue.products([QUEST])

    async def products(_: object) -> object:
        """What the supplier shows."""
        return (attrs.evolve(undated, release_date=None),)

    catalogue = Overridden(shop.supplier.catalogue, products=products)
    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=catalogue)

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, RefusedProduct)
    assert line.reason == "release date of the preorder is not known"


@pytest.mark.parametrize("count", [0, MOST_AT_ONCE + 1])
async def test_an_import_has_a_size(count: int) -> None:
    """Nothing is no import, and a whole range is one for a file."""
    with pytest.raises(InvalidInput):
        await planned(FakeShop(), *(f"p{number}" for number in range(count)))


async def test_a_supplier_that_is_away_changes_nothing() -> None:
    """A plan is never made of what could be had."""
    shop = FakeShop()
    shop.supplier.is_down = True

    with pytest.raises(Unavailable):
        await planned(shop, QUEST)


async def test_nothing_changes_unless_it_is_written_down() -> None:
    """The audit comes first."""
    shop = FakeShop()
    shop.supplier.in_stock(QUEST, 5)
    shop.storage.database.fail_next_commit(before=True, of="store.commit")

    with pytest.raises(Unknown):
        await done(shop, QUEST)

    assert await shop.shop.catalogue.products() == ()


@pytest.mark.parametrize(("key_type", "cost"), [(KeyType.TEXT, "9.00"), (KeyType.ANY, "4.00")])
async def test_the_cost_is_that_of_one_key_of_its_form(shop: FakeShop, key_type: KeyType, cost: str) -> None:
    """A price made from the cost of a picture would not pay for text; the form of ours stays as it is."""
    await shop.storage.catalogue.put([attrs.evolve(a_product("game"), key_type=key_type)])
    shop.supplier.in_stock(QUEST, 5)
    offers = [("4.00", 1, 0), ("9.00", 1, 1), ("20.00", 5, 5)]

    async def products(ids: Sequence[SupplierProductId]) -> tuple[SupplierProduct, ...]:
        """What the supplier shows."""
        shown = tuple(SupplierOffer(cost=eur(one), stock=stock, text_stock=text) for one, stock, text in offers)
        return tuple(attrs.evolve(one, offers=shown) for one in await shop.supplier.catalogue.products(ids))

    catalogue = Overridden(shop.supplier.catalogue, products=products)
    shop.shop = attrs.evolve(shop.shop, supplier_catalogue=catalogue)

    (known,) = await planned(shop, "supplier-game")
    (fresh,) = await planned(shop, QUEST)

    assert isinstance(known, ChangedProduct)
    assert isinstance(fresh, AddedProduct)
    assert (known.cost, known.product.key_type, known.product.price) == (eur(cost), key_type, RULE.price_of(eur(cost)))
    assert (fresh.cost, fresh.product.key_type) == (eur("9.00"), KeyType.TEXT)


@pytest.mark.parametrize(
    ("count", "is_refused"), [(0, True), (1, False), (MOST_AT_ONCE, False), (MOST_AT_ONCE + 1, True)]
)
async def test_so_many_are_looked_at_in_one_go(shop: FakeShop, count: int, *, is_refused: bool) -> None:
    """The supplier is asked for each."""
    ids = [f"s{number}" for number in range(count)]

    if is_refused:
        with pytest.raises(InvalidInput, match=rf"^products must be 1 to {MOST_AT_ONCE} "):
            await planned(shop, *ids)
    else:
        assert len(await planned(shop, *ids)) == count


async def test_a_preorder_that_is_taken_over_again_stays_one(shop: FakeShop) -> None:
    """With its day: without it, it would be looked for and alarmed about long before."""
    shop.supplier.preorder_open(QUEST, 5, cost="10.00")
    await done(shop, QUEST)
    shop.supplier.preorder_open(QUEST, 5, cost="20.00")

    (line,) = await planned(shop, QUEST)

    assert isinstance(line, ChangedProduct)
    assert (line.product.release_date, line.cost) == (PREORDERS_COME, eur("20.00"))
