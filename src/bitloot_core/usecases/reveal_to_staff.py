"""
Showing keys to a person of the staff: with a reason, and written down before the first of them is opened.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.order import Order
from bitloot_core.order.units import HeldUnit, ReplacedUnit
from bitloot_core.ports.store import Change, KeyAccess
from bitloot_core.usecases.change_order import MOST_TRIES
from bitloot_core.usecases.deeds import Deed
from bitloot_core.usecases.opening import SealedUnit, open_units
from bitloot_core.usecases.reveal_keys import Revealed, Visitor
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import NotFound, Refused, StaleOrder
from bitloot_core.values.ids import OrderId, UnitId


@attrs.frozen(kw_only=True)
class StaffReveal:
    """
    What somebody of the staff wants to see.

    Attributes:
        unit_id: one unit's key, also one in quarantine; None for every key that is held.
        by: `admin:NAME`.
        reason: why; kept with each key for ever.
    """

    order_id: OrderId
    unit_id: UnitId | None
    by: str
    reason: str
    visitor: Visitor


async def reveal_to_staff(shop: Shop, asked: StaffReveal) -> Revealed:
    """
    Write who looks and why, then open the keys. What a buyer may not see any more, the staff may: to settle a dispute.

    Raises:
        NotFound: there is no such order, or no such unit of it.
        Refused: no key is there to be seen (`nothing-ready`).
        Unavailable: the vault cannot be asked now; the audit rows stand.
        Corrupt: a key is gone or does not open; a person is told which, if it is one that the buyer is owed.
    """
    order, units = await _write_accesses(shop, asked)
    return Revealed(order=order, keys=await open_units(shop, order, units))


async def _write_accesses(shop: Shop, asked: StaffReveal) -> tuple[Order, Sequence[SealedUnit]]:
    """Audit first; the order must not have changed between the reading and the writing."""
    deed = Deed(action=Action.REVEAL, by=asked.by, reason=asked.reason, subject=asked.unit_id or "")
    for _ in range(MOST_TRIES):
        order = await shop.orders.get(asked.order_id)
        units = _units(order, asked.unit_id)
        now = shop.clock.now()
        accesses = tuple(
            KeyAccess(
                order_id=order.id,
                unit_id=unit.id,
                actor=asked.by,
                address=asked.visitor.address[:64],
                agent=asked.visitor.agent[:256],
                reason=asked.reason,
                at=now,
            )
            for unit in units
        )
        act = deed.done(at=now, order_id=order.id)
        try:
            await shop.orders.commit(Change(at=now, before=order, after=order, accesses=accesses, acts=(act,)))
        except StaleOrder:
            continue
        return order, units
    raise StaleOrder(asked.order_id)


def _units(order: Order, unit_id: UnitId | None) -> Sequence[SealedUnit]:
    if unit_id is None:
        units: Sequence[SealedUnit] = order.held
    else:
        unit = order.unit(unit_id)
        if unit is None:
            raise NotFound("unit", unit_id)
        units = (unit,) if isinstance(unit, HeldUnit | ReplacedUnit) else ()
    if not units:
        raise Refused("nothing-ready", "no key of it lies in the vault")
    return units
