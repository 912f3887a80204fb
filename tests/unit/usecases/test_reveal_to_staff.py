"""Showing keys to the staff: with a reason, written down first, and no key of anybody else."""

import attrs
import pytest

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.ports.store import Change, Committed
from bitloot_core.testing.memory import MemoryOrderStore
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import record_refund
from bitloot_core.usecases.reveal_keys import Visitor
from bitloot_core.usecases.reveal_to_staff import StaffReveal, reveal_to_staff
from bitloot_core.usecases.staff_actions import replace_key
from bitloot_core.values.errors import Corrupt, NotFound, Refused, StaleOrder, Unavailable
from bitloot_core.values.ids import OrderId, UnitId

VISITOR = Visitor(address="192.0.2.9", agent="a desk")
BY = {"by": "admin:ann", "reason": "the buyer disputes it"}


async def delivered(shop: FakeShop, quantity: int = 1) -> Order:
    """An order whose keys are held."""
    order = await shop.place(quantity)
    await shop.fulfil(order.id)
    return await shop.order(order.id)


def ask(order_id: OrderId, unit: str | None = None) -> StaffReveal:
    """What ann asks for."""
    return StaffReveal(order_id=order_id, unit_id=None if unit is None else UnitId(unit), visitor=VISITOR, **BY)


async def looks(shop: FakeShop) -> list[tuple[OrderId | None, str]]:
    """Of which orders, and of which units, the audit of the staff says that keys were shown."""
    rows = (await shop.shop.audit.acts(ActFilter(action=Action.REVEAL), Slice())).items
    return [(row.act.order_id, row.act.subject) for row in rows]


class Overtaken(MemoryOrderStore):
    """A store on which somebody else changes the order before the staff's rows are written, once."""

    def __init__(self, shop: FakeShop, order_id: OrderId) -> None:
        super().__init__(shop.storage.database)
        self._shop = shop
        self._order_id = order_id

    async def commit(self, change: Change) -> Committed:
        """Let the other one go first."""
        if not (await self._shop.order(self._order_id)).owed:
            await replace_key(self._shop.shop, self._order_id, UnitId("1.1"), from_supplier=False, by="x", reason="bad")
        return await super().commit(change)


async def test_every_key_that_is_held_is_shown(shop: FakeShop) -> None:
    """One row of the key audit for each, with who, why and from where; one line in the audit of the staff."""
    order = await delivered(shop, 2)

    revealed = await reveal_to_staff(shop.shop, ask(order.id))

    assert [key.material.content for key in revealed.keys] == [b"FAKE-SERIAL-1-1", b"FAKE-SERIAL-1-2"]
    assert [(row.unit_id, row.actor, row.reason, row.address) for row in shop.storage.database.accesses] == [
        ("1.1", "admin:ann", "the buyer disputes it", "192.0.2.9"),
        ("1.2", "admin:ann", "the buyer disputes it", "192.0.2.9"),
    ]
    assert await looks(shop) == [(order.id, "")]


async def test_one_key_is_shown_and_no_other(shop: FakeShop) -> None:
    """Whoever needs one does not see all."""
    order = await delivered(shop, 2)

    revealed = await reveal_to_staff(shop.shop, ask(order.id, "1.2"))

    assert [key.unit_id for key in revealed.keys] == ["1.2"]
    assert [row.unit_id for row in shop.storage.database.accesses] == ["1.2"]
    assert await looks(shop) == [(order.id, "1.2")]


async def test_a_refund_does_not_hide_keys_from_the_staff(shop: FakeShop) -> None:
    """To settle a dispute one must see what was sold."""
    order = await delivered(shop)
    await record_refund(shop.shop, order.id, **BY)

    assert len((await reveal_to_staff(shop.shop, ask(order.id))).keys) == 1


async def test_nothing_is_opened_when_the_row_cannot_be_written(shop: FakeShop) -> None:
    """I9: no row, no key."""
    order = await delivered(shop)
    shop.storage.store.fail_next_commit(before=True)
    shop.vault.faults.before("open_keys", AssertionError("the vault was asked"))

    with pytest.raises(Exception, match="the commit gave no answer"):
        await reveal_to_staff(shop.shop, ask(order.id))

    assert shop.storage.database.accesses == []


async def test_the_row_stands_when_the_vault_is_away(shop: FakeShop) -> None:
    """I9: written first."""
    order = await delivered(shop)
    shop.vault.faults.before("open_keys", Unavailable("vault", "away"))

    with pytest.raises(Unavailable):
        await reveal_to_staff(shop.shop, ask(order.id))

    assert len(shop.storage.database.accesses) == 1


@pytest.mark.parametrize("harm", ["damage", "lose"])
async def test_a_key_that_does_not_open_is_told(shop: FakeShop, harm: str) -> None:
    """I2: as when the buyer comes; which key it is, and told once."""
    order = await delivered(shop, 2)
    getattr(shop.vault, harm)(order.held[1].storage_ref)

    for unit in (None, "1.2"):
        with pytest.raises(Corrupt):
            await reveal_to_staff(shop.shop, ask(order.id, unit))

    told = (await shop.order(order.id)).findings
    assert [(one.reason, one.subject) for one in told] == [(FindingReason.KEY_UNREADABLE, "1.2")]


async def test_a_lost_key_in_quarantine_is_no_finding(shop: FakeShop) -> None:
    """Nobody is owed it any more; whoever looks is told that it is gone."""
    order = await delivered(shop)
    await replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=False, **BY)
    shop.vault.lose(order.held[0].storage_ref)

    with pytest.raises(Corrupt):
        await reveal_to_staff(shop.shop, ask(order.id, "1.1"))

    assert (await shop.order(order.id)).findings == ()


async def test_a_key_that_was_replaced_meanwhile_is_written_as_what_it_is(shop: FakeShop) -> None:
    """The write names the version that was read; the second look shows what there is by then, and is one look."""
    order = await delivered(shop, 2)
    racing = attrs.evolve(shop.shop, orders=Overtaken(shop, order.id))

    revealed = await reveal_to_staff(racing, ask(order.id))

    assert [key.unit_id for key in revealed.keys] == ["1.2"]
    assert [row.unit_id for row in shop.storage.database.accesses] == ["1.2"]
    assert await looks(shop) == [(order.id, "")]


async def test_an_order_that_never_stands_still_is_given_up(shop: FakeShop) -> None:
    """A write that loses again and again is a fault somewhere else; no key is opened."""
    order = await delivered(shop)
    shop.vault.faults.before("open_keys", AssertionError("the vault was asked"))

    class NeverFirst(MemoryOrderStore):
        """A store in which somebody else is always quicker."""

        async def commit(self, change: Change) -> Committed:
            """Lose."""
            raise StaleOrder(order.id)

    with pytest.raises(StaleOrder):
        await reveal_to_staff(attrs.evolve(shop.shop, orders=NeverFirst(shop.storage.database)), ask(order.id))

    assert shop.storage.database.accesses == []


async def test_what_is_not_there_is_not_shown(shop: FakeShop) -> None:
    """No order, no unit, no key yet: each refused, and none of them is a look."""
    order = await shop.place()

    with pytest.raises(NotFound, match="order"):
        await reveal_to_staff(shop.shop, ask(OrderId("nobody")))
    with pytest.raises(NotFound, match="unit"):
        await reveal_to_staff(shop.shop, ask(order.id, "9.9"))
    for unit in (None, "1.1"):
        with pytest.raises(Refused) as caught:
            await reveal_to_staff(shop.shop, ask(order.id, unit))
        assert caught.value.code == "nothing-ready"

    assert await looks(shop) == []


async def test_what_a_browser_of_the_staff_says_is_kept_to_a_length(shop: FakeShop) -> None:
    """I9: and what is shown is of the order as it is."""
    order = await delivered(shop)
    asked = attrs.evolve(ask(order.id), visitor=Visitor(address="a" * 65, agent="b" * 257))

    revealed = await reveal_to_staff(shop.shop, asked)

    (access,) = shop.storage.database.accesses
    assert (len(access.address), len(access.agent), access.reason) == (64, 256, BY["reason"])
    assert revealed.order == order


async def test_a_unit_that_is_not_there_is_named(shop: FakeShop) -> None:
    """Whoever mistyped it sees what."""
    order = await delivered(shop)

    with pytest.raises(NotFound, match=r"^no unit 9\.9$"):
        await reveal_to_staff(shop.shop, ask(order.id, "9.9"))
