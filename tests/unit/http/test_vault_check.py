"""Whether every key that is held still opens."""

from bitloot_core.ports.catalogue import Product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.values.ids import OrderId, ProductId, SupplierProductId
from bitloot_core.values.money import Money
from bitloot_http.vault_check import Verdict, verify_vault

GAME = Product(
    id=ProductId("game"),
    title="Lantern Tide",
    supplier_product_id=SupplierProductId("5c9b"),
    price=Money.of("19.99", "EUR"),
    max_cost=Money.of("16.00", "EUR"),
)


async def a_shop_that_holds(quantity: int) -> tuple[FakeShop, OrderId]:
    """A shop with one fulfilled order of so many keys."""
    fake = FakeShop()
    await fake.offer(GAME)
    order = await fake.place(quantity)
    await fake.fulfil(order.id)
    return fake, order.id


async def verdicts(fake: FakeShop) -> list[Verdict]:
    """All of them."""
    return [verdict async for verdict in verify_vault(fake.shop)]


async def test_keys_that_open_are_counted() -> None:
    """One verdict a held key, and no problem."""
    fake, order_id = await a_shop_that_holds(3)

    found = await verdicts(fake)

    assert [(order_id, None)] * 3 == [(verdict.order_id, verdict.problem) for verdict in found]


async def test_a_key_that_is_gone_is_named() -> None:
    """The others are still looked at."""
    fake, order_id = await a_shop_that_holds(2)
    first, _ = (await fake.order(order_id)).held
    await fake.vault.discard((first.storage_ref,))

    found = await verdicts(fake)

    assert {first.id: "is not in the vault"} == {one.unit_id: one.problem for one in found if one.problem}
    assert len(found) == 2


async def test_nobody_has_looked() -> None:
    """Checking is no access: the buyer's audit stays as it was."""
    fake, order_id = await a_shop_that_holds(1)

    await verdicts(fake)

    assert await fake.shop.queries.accesses(order_id) == ()


async def test_a_key_under_a_master_key_that_is_gone_says_which() -> None:
    """The operator has to find that very one."""
    fake, _ = await a_shop_that_holds(1)
    fake.vault.add_master_key()
    fake.vault.drop_old_master_keys()

    (found,) = await verdicts(fake)

    assert found.problem is not None
    assert found.problem.endswith("that VAULT_KEYS does not have (it says: under k1)")
