"""
From sealed keys to keys in the clear, on their way to whoever may see them; the audit row stands by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs

from bitloot_core.order.commands import OpenFinding
from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import Order
from bitloot_core.order.units import HeldUnit, ReplacedUnit
from bitloot_core.usecases.change_order import change_order
from bitloot_core.usecases.sealing import unreadable
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import Corrupt, NotFound
from bitloot_core.values.ids import ProductId, StorageRef, UnitId
from bitloot_core.values.keys import KeyMaterial, KeyOwner

SealedUnit: TypeAlias = HeldUnit | ReplacedUnit
"""What lies in the vault: keys that are held, and those in quarantine."""


@attrs.frozen(kw_only=True)
class RevealedKey:
    """One key in the clear."""

    unit_id: UnitId
    product_id: ProductId
    title: str
    material: KeyMaterial


async def open_units(shop: Shop, order: Order, units: Sequence[SealedUnit]) -> tuple[RevealedKey, ...]:
    """
    Open the keys of these units, in their order.

    Raises:
        Unavailable: the vault cannot be asked now.
        Corrupt: a key is gone or does not open; a person is told which, if it is one that the buyer is owed.
    """
    try:
        materials = await shop.vault.open_keys([_sealed(order, unit) for unit in units])
    except (Corrupt, NotFound) as failure:
        await _tell_unreadable(shop, order, units)
        raise Corrupt("vault", "a sealed key of this order cannot be opened") from failure
    return tuple(_revealed(order, unit, material) for unit, material in zip(units, materials, strict=True))


async def _tell_unreadable(shop: Shop, order: Order, units: Sequence[SealedUnit]) -> None:
    """Find out which keys do not open, and put each before a person."""
    told = [
        OpenFinding(
            reason=FindingReason.KEY_UNREADABLE,
            subject=unit.id,
            text=unreadable(unit.id, unit.storage_ref),
            blocking=True,
        )
        for unit in units
        if isinstance(unit, HeldUnit) and not await _opens(shop, order, unit)
    ]
    await change_order(shop, order.id, *told)


async def _opens(shop: Shop, order: Order, unit: HeldUnit) -> bool:
    try:
        await shop.vault.open_keys([_sealed(order, unit)])
    except (Corrupt, NotFound):
        return False
    return True


def _sealed(order: Order, unit: SealedUnit) -> tuple[StorageRef, KeyOwner]:
    return unit.storage_ref, KeyOwner(order_id=order.id, unit_id=unit.id, supplier_key_id=unit.supplier_key_id)


def _revealed(order: Order, unit: SealedUnit, material: KeyMaterial) -> RevealedKey:
    line = order.line(unit.line)
    return RevealedKey(unit_id=unit.id, product_id=line.product_id, title=line.title, material=material)
