"""
Giving the keys of a purchase back to the supplier: once for each purchase, and all of it or nothing.

**Source:** Kinguin ESA documentation (state July 2025): one return a purchase, within 24 hours of delivery, keys that
nobody claimed; no preorders. What comes later goes back by itself, and the prepaid balance is credited.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from bitloot_core.values.ids import SupplierKeyId, SupplierOrderId

WINDOW = timedelta(hours=24)
"""How long after a key came it can go back."""


@attrs.frozen(kw_only=True)
class AskedReturn:
    """A person asked for it; a worker is about to tell the supplier, or is telling it."""

    supplier_order_id: SupplierOrderId
    asked_at: datetime


@attrs.frozen(kw_only=True)
class AcceptedReturn:
    """
    The supplier took it.

    Attributes:
        keys: those that went back.
        pending: how many go back as soon as they come.
    """

    supplier_order_id: SupplierOrderId
    asked_at: datetime
    accepted_at: datetime
    keys: tuple[SupplierKeyId, ...]
    pending: int


@attrs.frozen(kw_only=True)
class RefusedReturn:
    """The supplier did not take it."""

    supplier_order_id: SupplierOrderId
    code: str
    reason: str
    refused_at: datetime


KeyReturn: TypeAlias = AskedReturn | AcceptedReturn | RefusedReturn
