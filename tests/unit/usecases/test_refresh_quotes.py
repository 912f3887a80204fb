"""The supplier's prices are followed by marks and looks, however many changes are told of."""

from datetime import timedelta

import attrs
import pytest

from bitloot_core.order.reservations import KeyType
from bitloot_core.ports.quotes import Quote
from bitloot_core.ports.supplier_catalogue import SupplierOffer, SupplierProduct
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.refresh_quotes import BATCH, note_changes, products_on_offer
from bitloot_core.usecases.run_job import due_jobs, run_job
from bitloot_core.values.errors import InvalidInput, Unavailable, Unknown
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.money import Money

GAME = SupplierProductId("supplier-game")
THE_JOB = ["check-prices:stale"]


@pytest.fixture
async def shop() -> FakeShop:
    """A shop that sells one game."""
    shop = FakeShop()
    await shop.offer(a_product())
    return shop


async def looked(shop: FakeShop) -> Quote:
    """The look at the game."""
    return (await shop.storage.quotes.quotes())[GAME]


async def is_on_offer(shop: FakeShop) -> bool:
    """Whether buyers are shown the game as available."""
    (game,) = await products_on_offer(shop.shop)
    return game.available


async def test_a_change_is_looked_at_a_little_later(shop: FakeShop) -> None:
    """So that those which follow are looked at with it."""
    shop.supplier.in_stock(GAME, 4, cost="7.50")

    await note_changes(shop.shop, [GAME])
    await shop.pass_time(timedelta(seconds=29))
    assert await shop.storage.quotes.quotes() == {}
    await shop.pass_time(timedelta(seconds=1))

    quote = await looked(shop)
    assert (quote.stock, quote.cost, quote.text_cost) == (4, Money.of("7.50", "EUR"), Money.of("7.50", "EUR"))
    assert shop.living() == []
    assert await shop.storage.quotes.marked(1) == ()


async def test_what_is_not_sold_here_leaves_nothing(shop: FakeShop) -> None:
    """They tell of their whole catalogue."""
    await note_changes(shop.shop, [SupplierProductId("strange")])

    assert shop.living() == []
    assert await shop.storage.quotes.marked(1) == ()


async def test_many_changes_are_one_job_and_few_calls(shop: FakeShop) -> None:
    """A batch in a call, one after another."""
    many = [a_product(f"g{number:02}") for number in range(2 * BATCH + 1)]
    await shop.offer(*many)
    names = [product.supplier_product_id for product in many]

    for _ in range(3):
        await note_changes(shop.shop, names)
    living = shop.living()
    await shop.pass_time(timedelta(seconds=30))
    first = len(await shop.storage.quotes.quotes())
    await shop.pass_time(timedelta(seconds=2))

    assert living == THE_JOB
    assert first == BATCH
    assert set(await shop.storage.quotes.quotes()) == set(names)
    assert shop.living() == []


async def test_a_change_during_the_look_is_looked_at_again(shop: FakeShop) -> None:
    """Its answer may be the old price."""
    await note_changes(shop.shop, [GAME])
    shop.clock.advance(timedelta(seconds=30))
    shop.supplier.in_stock(GAME, 4, cost="7.50")
    await shop.storage.quotes.mark([GAME], at=shop.clock.now() + timedelta(seconds=5))

    await shop.work()

    assert await shop.storage.quotes.marked(1) == (GAME,)


async def test_a_supplier_that_is_away_leaves_the_marks(shop: FakeShop) -> None:
    """The job comes back."""
    await note_changes(shop.shop, [GAME])
    shop.supplier.faults.before("products", Unavailable("supplier", "it is away"))

    await shop.pass_time(timedelta(seconds=31))
    kept = (await shop.storage.quotes.marked(1), shop.living())
    await shop.pass_time(timedelta(minutes=5))

    assert kept == ((GAME,), THE_JOB)
    assert (await looked(shop)).stock == 100


async def test_what_is_not_shown_any_more_is_gone(shop: FakeShop) -> None:
    """A product that is sold out can be missing at the supplier."""
    await shop.shop.catalogue.put([a_product("rare")])

    await note_changes(shop.shop, [SupplierProductId("supplier-rare")])
    await shop.pass_time(timedelta(seconds=30))

    (quote,) = (await shop.storage.quotes.quotes()).values()
    assert (quote.stock, quote.cost, quote.text_cost) == (0, None, None)


async def test_changes_that_are_not_written_are_told(shop: FakeShop) -> None:
    """Whoever sent them tells again."""
    shop.storage.database.fail_next_commit(before=True, of="quotes.mark")

    with pytest.raises(Unknown):
        await note_changes(shop.shop, [GAME])


async def test_looks_that_are_not_written_are_made_again(shop: FakeShop) -> None:
    """A failure at the commit point: the marks stand, and so does the job."""
    await note_changes(shop.shop, [GAME])
    shop.storage.database.fail_next_commit(before=True, of="quotes.keep")

    await shop.pass_time(timedelta(minutes=5))

    assert (await looked(shop)).stock == 100
    assert shop.living() == []


@pytest.mark.parametrize(("stock", "cost", "shown"), [(0, "5.00", False), (3, "10.01", False), (3, "10.00", True)])
async def test_buyers_see_what_could_be_had(shop: FakeShop, stock: int, cost: str, shown: bool) -> None:  # noqa: FBT001
    """Sold out, or dearer than its cap: money for it would only come back."""
    shop.supplier.in_stock(GAME, stock, cost=cost)
    before = await is_on_offer(shop)

    await note_changes(shop.shop, [GAME])
    await shop.pass_time(timedelta(seconds=30))

    assert before
    assert shown == await is_on_offer(shop)


async def test_what_is_shown_as_sold_out_cannot_be_ordered(shop: FakeShop) -> None:
    """Whoever has the page from before it was would pay coins that a person has to send back."""
    shop.supplier.in_stock(GAME, 3, cost="10.01")
    await note_changes(shop.shop, [GAME])
    await shop.pass_time(timedelta(seconds=30))

    with pytest.raises(InvalidInput) as refusal:
        await shop.place()

    assert refusal.value.code == "unavailable-product"


async def test_an_old_look_says_nothing(shop: FakeShop) -> None:
    """Events can stop; a shop is not closed for that."""
    shop.supplier.in_stock(GAME, 0)
    await note_changes(shop.shop, [GAME])
    await shop.pass_time(timedelta(seconds=30))
    hidden = await is_on_offer(shop)

    await shop.pass_time(timedelta(hours=24, seconds=1))

    assert (hidden, await is_on_offer(shop)) == (False, True)


async def test_what_is_off_sale_stays_so(shop: FakeShop) -> None:
    """A person decided that."""
    await shop.shop.catalogue.put([attrs.evolve(a_product(), available=False)])
    await note_changes(shop.shop, [GAME])
    await shop.pass_time(timedelta(seconds=30))

    assert not await is_on_offer(shop)


def test_a_look_is_held_against_the_form_of_the_keys() -> None:
    """Pictures serve whoever takes any key, and a preorder; a cap in another currency cannot be compared."""
    pictures = Quote(
        supplier_product_id=GAME,
        at=FakeShop().clock.now(),
        stock=3,
        cost=Money.of("5.00", "EUR"),
        text_cost=None,
    )
    text = a_product()

    assert not pictures.serves(text)
    assert pictures.serves(attrs.evolve(text, key_type=KeyType.ANY))
    assert pictures.serves(attrs.evolve(text, release_date=FakeShop().clock.now().date()))
    dollars = attrs.evolve(text, key_type=KeyType.ANY, max_cost=Money.of("1.00", "USD"))
    assert pictures.serves(dollars)


async def test_a_job_without_marks_asks_nobody(shop: FakeShop) -> None:
    """A look in between has seen it all."""
    await note_changes(shop.shop, [GAME])
    await shop.storage.quotes.keep([Quote.gone(GAME, at=shop.clock.now() + timedelta(seconds=1))])
    shop.supplier.is_down = True

    await shop.pass_time(timedelta(seconds=30))

    assert shop.living() == []


def with_pictures(*, is_preorder: bool = False) -> SupplierProduct:
    """The game, of which the cheapest keys are pictures: text costs more, and a second one more still."""

    def offer(cost: str, stock: int, text_stock: int) -> SupplierOffer:
        return SupplierOffer(cost=Money.of(cost, "EUR"), stock=stock, text_stock=text_stock)

    return SupplierProduct(
        id=GAME,
        title="The Game",
        platform="",
        region="",
        is_preorder=is_preorder,
        release_date=None,
        offers=(offer("4.00", 1, 0), offer("9.00", 2, 1), offer("12.00", 1, 1)),
    )


@pytest.mark.parametrize(("is_preorder", "text_cost"), [(False, "9.00"), (True, "4.00")])
def test_a_look_knows_what_one_key_of_each_form_costs(text_cost: str, *, is_preorder: bool) -> None:
    """The cheapest picture is no text; keys of a preorder have no form yet."""
    at = FakeShop().clock.now()

    quote = Quote.of(with_pictures(is_preorder=is_preorder), at=at)

    assert (quote.stock, quote.cost, quote.text_cost) == (4, Money.of("4.00", "EUR"), Money.of(text_cost, "EUR"))


@pytest.mark.parametrize(("more", "goes_on"), [(0, False), (1, True)])
async def test_a_batch_ends_the_looking_if_nothing_is_left(more: int, *, goes_on: bool) -> None:
    """Whoever has exactly one batch marked is asked once."""
    shop = FakeShop()
    products = [attrs.evolve(a_product(f"p{n}"), supplier_product_id=f"s{n}") for n in range(BATCH + more)]
    await shop.storage.catalogue.put(products)
    await note_changes(shop.shop, [product.supplier_product_id for product in products])
    shop.clock.advance(shop.shop.policy.price_pause)

    (job_id,) = await due_jobs(shop.shop, 10)
    await run_job(shop.shop, job_id)

    assert (shop.living() == THE_JOB) is goes_on
