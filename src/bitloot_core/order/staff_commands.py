"""
What a person of the staff can ask of an order, beside its ends; and what a worker found out on the way.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from bitloot_core.order.jobs import JobName
from bitloot_core.values.ids import SupplierKeyId, SupplierOrderId, UnitId


@attrs.frozen(kw_only=True)
class ReplaceKey:
    """
    The key of a unit is bad: quarantine it, and get another.

    Attributes:
        from_supplier: whether the supplier puts another key into the same purchase; else one is bought.
    """

    unit_id: UnitId
    from_supplier: bool
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class ReturnKeys:
    """Give the keys of a purchase back to the supplier; of one that this order needs, or of a surplus one."""

    supplier_order_id: SupplierOrderId
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class RecordReturn:
    """The supplier took keys back."""

    supplier_order_id: SupplierOrderId
    keys: tuple[SupplierKeyId, ...]
    pending: int


@attrs.frozen(kw_only=True)
class RecordReturnRefusal:
    """The supplier takes nothing back."""

    supplier_order_id: SupplierOrderId
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class Rebuy:
    """Buy anew what dead purchases left, and nothing else."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class ParkOrder:
    """Put it aside: nothing is bought or mailed for it until it is taken up again."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class UnparkOrder:
    """Take it up again."""

    by: str
    reason: str


@attrs.frozen(kw_only=True)
class RetryJob:
    """Do one job of the order now, also one that was given up."""

    name: JobName
    ref: str
    by: str
    reason: str


StaffCommand: TypeAlias = (
    ReplaceKey | ReturnKeys | RecordReturn | RecordReturnRefusal | Rebuy | ParkOrder | UnparkOrder | RetryJob
)
