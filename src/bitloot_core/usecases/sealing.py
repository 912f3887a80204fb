"""
From keys in the clear to sealed keys: matched to the units that lack one, sealed, and thrown away if nobody needs them.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bitloot_core.order.commands import SealedKey
from bitloot_core.order.order import Order
from bitloot_core.order.reservations import Plan
from bitloot_core.order.units import OwedUnit
from bitloot_core.ports.supplier import SupplierKey
from bitloot_core.ports.vault import Vault
from bitloot_core.values.errors import PortError
from bitloot_core.values.ids import StorageRef, SupplierKeyId, SupplierProductId, UnitId
from bitloot_core.values.keys import KeyOwner


@attrs.frozen(kw_only=True)
class Matched:
    """
    Keys and the units that they fit.

    Attributes:
        surplus: how many keys fit no unit.
        confirmed: the keys that are held from an event, and that the supplier shows now.
    """

    fitting: tuple[tuple[UnitId, SupplierKey], ...]
    surplus: int
    confirmed: frozenset[SupplierKeyId]


def match_keys(order: Order, plan: Plan, keys: Sequence[SupplierKey]) -> Matched:
    """
    Give each new key of a purchase to a unit of its product that lacks one; by key id, so that any order of keys does.

    A key that was held from an event is not new; one such name stands for one key, if a supplier lists a serial twice.
    """
    had = {unit.supplier_key_id for unit in order.units if not isinstance(unit, OwedUnit)}
    owed = {unit.id for unit in order.owed}
    waiting: dict[SupplierProductId, list[UnitId]] = {
        item.supplier_product_id: [unit for unit in item.units if unit in owed] for item in plan.items
    }
    fitting: list[tuple[UnitId, SupplierKey]] = []
    surplus = 0
    confirmed: set[SupplierKeyId] = set()
    for key in sorted(keys, key=lambda one: one.id):
        if key.id in had:
            continue
        if (known := _from_event(key, had - confirmed)) is not None:
            confirmed.add(known)
            continue
        units = waiting.get(key.product_id)
        if units:
            fitting.append((units.pop(0), key))
        else:
            surplus += 1
    return Matched(fitting=tuple(fitting), surplus=surplus, confirmed=frozenset(confirmed))


def _from_event(key: SupplierKey, had: set[SupplierKeyId]) -> SupplierKeyId | None:
    return next((name for name in key.event_ids if name in had), None)


async def seal(vault: Vault, order: Order, keys: Sequence[tuple[UnitId, SupplierKey]]) -> tuple[SealedKey, ...]:
    """Seal keys for their units; each is durable and was opened once when this returns."""
    if not keys:
        return ()
    owners = [
        (KeyOwner(order_id=order.id, unit_id=unit_id, supplier_key_id=key.id), key.material) for unit_id, key in keys
    ]
    refs = await vault.save_keys(owners)
    return tuple(
        SealedKey(unit_id=unit_id, supplier_key_id=key.id, storage_ref=ref)
        for (unit_id, key), ref in zip(keys, refs, strict=True)
    )


def unreadable(unit_id: UnitId, ref: StorageRef) -> str:
    """What a person is told of a key that does not open."""
    return f"The sealed key of unit {unit_id} cannot be opened (object {ref})."


async def discard_unused(vault: Vault, order: Order, seals: Sequence[SealedKey]) -> None:
    """Remove what was sealed for nothing, because somebody else was quicker."""
    used = {unit.storage_ref for unit in order.held}
    await discard(vault, [one for one in seals if one.storage_ref not in used])


async def discard(vault: Vault, seals: Sequence[SealedKey]) -> None:
    """Remove sealed keys that nobody will need; `reconcile` finds what cannot be removed now."""
    if not seals:
        return
    try:
        await vault.discard([one.storage_ref for one in seals])
    except PortError:
        return
