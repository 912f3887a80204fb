"""Each action of the staff, pressed ten times at once, is done once: on the fakes, on SQLite and on PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from bitloot_adapters.sql.migrate import upgrade
from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.order.refusals import TransitionRefused
from bitloot_core.ports.audit import ActFilter
from bitloot_core.ports.queries import Slice
from bitloot_core.testing.samples import a_product
from bitloot_core.testing.shop import FakeShop
from bitloot_core.usecases.close_order import accept_payment, cancel_order, record_refund, retry_order
from bitloot_core.usecases.shop import Shop
from bitloot_core.usecases.staff_actions import park_order, rebuy, replace_key, return_keys, unpark_order
from bitloot_core.values.ids import OrderId, UnitId
from harness.orders_to_press import fulfilled, given_back, parked, refused, short, unpaid
from harness.shop_on import shop_on

Press = Callable[[Shop, OrderId], Awaitable[Order]]
BY: dict[str, Any] = {"by": "admin:ann", "reason": "asked for"}
AT_ONCE = 10


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables and nothing in them."""
    path = tmp_path_factory.mktemp("sql") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FakeShop]:
    """A shop with something to sell, on each kind of store."""
    if request.param == "memory":
        fake = FakeShop()
        await fake.offer(a_product("game"))
        yield fake
        return
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{shutil.copy(request.getfixturevalue('empty'), tmp_path / 'shop.db')}"
    async with shop_on(url) as opened:
        yield opened.fakes


async def _accept(shop: Shop, order_id: OrderId) -> Order:
    (payment,) = (await shop.orders.get(order_id)).payments
    return await accept_payment(shop, order_id, payment.invoice.gateway_id, **BY)  # type: ignore[union-attr]  # short


async def _return(shop: Shop, order_id: OrderId) -> Order:
    (res,) = (await shop.orders.get(order_id)).reservations
    return await return_keys(shop, order_id, res.supplier_order_id, **BY)  # type: ignore[union-attr]  # completed


PRESSES: dict[str, tuple[Callable[[FakeShop], Awaitable[Order]], Press, int, int]] = {
    Action.CANCEL: (unpaid, lambda shop, one: cancel_order(shop, one, **BY), 1, 0),
    Action.REFUND: (fulfilled, lambda shop, one: record_refund(shop, one, **BY), 1, 1),
    Action.ACCEPT_PAYMENT: (short, _accept, 1, 1),
    Action.REBUY: (refused, lambda shop, one: rebuy(shop, one, **BY), 1, 1),
    Action.RETRY: (refused, lambda shop, one: retry_order(shop, one, **BY), AT_ONCE, 1),
    Action.REPLACE_KEY: (
        fulfilled,
        lambda shop, one: replace_key(shop, one, UnitId("1.1"), from_supplier=False, **BY),
        1,
        2,
    ),
    Action.RETURN_KEYS: (given_back, _return, 1, 1),
    Action.PARK: (fulfilled, lambda shop, one: park_order(shop, one, **BY), 1, 1),
    Action.UNPARK: (parked, lambda shop, one: unpark_order(shop, one, **BY), 1, 1),
}
"""For each action: an order that it is for, the press, its lines in the audit, and all purchases in the end."""


@pytest.mark.parametrize("action", PRESSES)
async def test_ten_presses_at_once_are_one(shop: FakeShop, action: str) -> None:
    """None of them fails, all see the same, the audit names it once, and nothing is bought twice (I1)."""
    given, press, lines, purchases = PRESSES[action]
    order = await given(shop)

    seen = await asyncio.gather(*(press(shop.shop, order.id) for _ in range(AT_ONCE)))
    await shop.work()

    acts = await shop.shop.audit.acts(ActFilter(actor="admin:ann"), Slice(limit=100))
    assert [action] * lines == [row.act.action for row in acts.items]
    assert {row.act.order_id for row in acts.items} == {order.id}
    assert len({attrs.evolve(one, version=0) for one in seen}) == 1
    assert purchases == len(shop.supplier.purchases)


async def test_presses_that_contradict_each_other_leave_one_truth(shop: FakeShop) -> None:
    """Refund, replacement and return at once: whatever comes first, the order is whole afterwards."""
    order = await fulfilled(shop)
    presses = (
        record_refund(shop.shop, order.id, **BY),
        replace_key(shop.shop, order.id, UnitId("1.1"), from_supplier=False, **BY),
        _return(shop.shop, order.id),
        park_order(shop.shop, order.id, **BY),
        retry_order(shop.shop, order.id, **BY),
    )

    outcomes = await asyncio.gather(*presses, return_exceptions=True)
    await shop.work()

    assert all(isinstance(one, Order | TransitionRefused) for one in outcomes)
    after = await shop.order(order.id)
    assert after.findings == ()
    assert after.at_rest
    assert len(shop.supplier.purchases) == 1
