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

_ORDERS_AT_ONCE = 100


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


async def verify_vault(shop: Shop) -> AsyncIterator[Verdict]:
    """
    Open each held key once and throw it away; nothing is shown, and no audit row is written, since nobody sees a key.

    Raises:
        Unavailable: the vault or the database is away.
    """
    async for order_id in _orders(shop):
        order = await shop.orders.get(order_id)
        for unit in order.held:
            yield Verdict(order_id=order.id, unit_id=unit.id, problem=await _problem_of(shop, order, unit))


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
        return "does not open: damaged, moved, or under a master key that VAULT_KEYS does not have"
    return None
