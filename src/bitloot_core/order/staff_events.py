"""
What can have happened because a person of the staff decided so, beside the ends of an order; and what came of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from bitloot_core.order.jobs import JobName
from bitloot_core.values.ids import SupplierKeyId, SupplierOrderId, UnitId


@attrs.frozen(kw_only=True)
class UnitReplaced:
    """
    A key was bad: it stays in quarantine for ever, and another unit takes its place.

    Attributes:
        replaced_by: the unit that is owed from now on.
        in_purchase: the purchase in which the supplier puts another key in its place; None if one is to be bought.
    """

    at: datetime
    unit_id: UnitId
    replaced_by: UnitId
    in_purchase: int | None
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class ReturnAsked:
    """The keys of a purchase are to go back to the supplier."""

    at: datetime
    supplier_order_id: SupplierOrderId
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class KeysReturned:
    """
    The supplier took keys back.

    Attributes:
        pending: how many more go back as soon as they come.
    """

    at: datetime
    supplier_order_id: SupplierOrderId
    keys: tuple[SupplierKeyId, ...]
    pending: int


@attrs.frozen(kw_only=True)
class ReturnRefused:
    """The supplier takes nothing back."""

    at: datetime
    supplier_order_id: SupplierOrderId
    code: str
    reason: str


@attrs.frozen(kw_only=True)
class RebuyAsked:
    """What a dead purchase left is to be bought anew."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class OrderParked:
    """The order was put aside: nothing is bought or mailed for it."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class OrderUnparked:
    """It was taken up again."""

    at: datetime
    by: str
    reason: str


@attrs.frozen(kw_only=True)
class JobAskedAgain:
    """A job, given up or not, is to be done now."""

    at: datetime
    name: JobName
    ref: str
    by: str
    reason: str


StaffStep: TypeAlias = (
    UnitReplaced | ReturnAsked | KeysReturned | ReturnRefused | RebuyAsked | OrderParked | OrderUnparked | JobAskedAgain
)
