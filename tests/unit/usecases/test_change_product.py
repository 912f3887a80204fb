"""Other terms for a product."""

import attrs
import pytest

from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.change_product import change_product
from bitloot_core.values.errors import Unknown
from bitloot_core.values.money import Money

DEARER = attrs.evolve(a_product(), price=Money.of("15.50", "EUR"))


async def test_a_product_gets_other_terms() -> None:
    """With a line in the audit that says who and why."""
    fakes = FakeShop()
    await fakes.offer(a_product())

    await change_product(fakes.shop, DEARER, by="admin:ann", reason="a better offer")

    assert await fakes.storage.catalogue.products() == (DEARER,)
    (row,) = (await fakes.storage.audit.acts(ActFilter(), Slice())).items
    assert (row.act.actor, row.act.action, row.act.subject, row.act.reason) == (
        "admin:ann",
        "change-product",
        DEARER.id,
        "a better offer",
    )


async def test_an_order_keeps_its_terms() -> None:
    """What was placed was placed."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    order = await fakes.place()

    await change_product(fakes.shop, DEARER, by="admin:ann", reason="a better offer")

    assert (await fakes.order(order.id)).total == order.total


async def test_nothing_changes_unless_it_is_written_down() -> None:
    """The audit comes first."""
    fakes = FakeShop()
    await fakes.offer(a_product())
    fakes.storage.database.fail_next_commit(before=True, of="store.commit")

    with pytest.raises(Unknown):
        await change_product(fakes.shop, DEARER, by="admin:ann", reason="a better offer")

    assert await fakes.storage.catalogue.products() == (a_product(),)
