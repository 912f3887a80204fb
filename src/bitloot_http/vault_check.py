"""
Whether every key that is held still opens, for the unit that holds it and under the master keys that we have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import attrs

from bitloot_core.order.order import Order
from bitloot_core.order.units import HeldUnit
from bitloot_core.ports.queries import OrderFilter, Slice
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, NotFound
from bitloot_core.values.ids import OrderId, UnitId
from bitloot_core.values.keys import KeyOwner
from bitloot_http.side_by_side import side_by_side

AT_ONCE = 16
_ORDERS_AT_ONCE = 100
_DOES_NOT_OPEN = "does not open: damaged, moved, or under a master key that VAULT_KEYS does not have"


@attrs.frozen(kw_only=True)
class Verdict:
    """
    What one look into the vault showed.

    Attributes:
        problem: why the key does not open; None if it does.
    """

    order_id: OrderId
    unit_id: UnitId
    problem: str | None


@attrs.define
class Check:
    """
    What the looks came to.

    Attributes:
        opened: how many keys opened.
        failed: those that did not.
    """

    opened: int = 0
    failed: list[Verdict] = attrs.field(factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one."""
        if verdict.problem is None:
            self.opened += 1
        else:
            self.failed.append(verdict)


async def verify_vault(shop: Shop) -> AsyncIterator[Verdict]:
    """
    Open each held key once and throw it away; nothing is shown, and no audit row is written, since nobody sees a key.

    Raises:
        Unavailable: the vault or the database is away.
    """
    async for verdict in side_by_side(_held(shop), lambda one: _verdict(shop, *one), at_once=AT_ONCE):
        yield verdict


async def _held(shop: Shop) -> AsyncIterator[tuple[Order, HeldUnit]]:
    async for order_id in _orders(shop):
        order = await shop.orders.get(order_id)
        for unit in order.held:
            yield order, unit


async def _verdict(shop: Shop, order: Order, unit: HeldUnit) -> Verdict:
    return Verdict(order_id=order.id, unit_id=unit.id, problem=await _problem_of(shop, order, unit))


async def _orders(shop: Shop) -> AsyncIterator[OrderId]:
    cursor: str | None = None
    while True:
        page = await shop.queries.orders(OrderFilter(), Slice(limit=_ORDERS_AT_ONCE, cursor=cursor))
        for row in page.items:
            yield row.id
        cursor = page.next_cursor
        if cursor is None:
            return


async def _problem_of(shop: Shop, order: Order, unit: HeldUnit) -> str | None:
    owner = KeyOwner(order_id=order.id, unit_id=unit.id, supplier_key_id=unit.supplier_key_id)
    try:
        await shop.vault.open_keys(((unit.storage_ref, owner),))
    except NotFound:
        return "is not in the vault"
    except Corrupt:
        return _DOES_NOT_OPEN + await _says(shop, unit)
    return None


async def _says(shop: Shop, unit: HeldUnit) -> str:
    """Which master key the object names, for the operator who has to find it."""
    try:
        return f" (it says: under {await shop.vault.master_key_of(unit.storage_ref)})"
    except (NotFound, Corrupt):
        return ""
