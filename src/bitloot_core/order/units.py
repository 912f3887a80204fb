"""
The states of one unit: one product key owed to the buyer.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.values.ids import StorageRef, SupplierKeyId, UnitId


@attrs.frozen(kw_only=True)
class OwedUnit:
    """The buyer is owed a key that we do not have yet."""

    id: UnitId
    line: int


@attrs.frozen(kw_only=True)
class HeldUnit:
    """
    The key is sealed in the vault.

    Attributes:
        reservation: the number of the reservation that bought it.
    """

    id: UnitId
    line: int
    storage_ref: StorageRef
    supplier_key_id: SupplierKeyId
    reservation: int
    held_at: datetime


@attrs.frozen(kw_only=True)
class ReturnedUnit:
    """The key went back to the supplier; it is never shown again."""

    id: UnitId
    line: int
    storage_ref: StorageRef
    supplier_key_id: SupplierKeyId
    reservation: int
    returned_at: datetime


@attrs.frozen(kw_only=True)
class ReplacedUnit:
    """The key was bad and stays in quarantine; another unit took its place."""

    id: UnitId
    line: int
    storage_ref: StorageRef
    supplier_key_id: SupplierKeyId
    reservation: int
    replaced_by: UnitId
    replaced_at: datetime


Unit: TypeAlias = OwedUnit | HeldUnit | ReturnedUnit | ReplacedUnit
