"""Our own books, read through: what is set against the gateway, the supplier and the vault."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.order.findings import Finding
from bitloot_core.order.ledger import LedgerEntry
from bitloot_core.values.ids import OrderId, StorageRef, SupplierKeyId, UnitId


@attrs.frozen(kw_only=True)
class Extent:
    """
    How much there is to go through.

    Attributes:
        orders: placed in the time that was asked about.
        keys: held now, of whatever time.
    """

    orders: int
    keys: int


@attrs.frozen(kw_only=True)
class PlacedOrders:
    """
    One page of orders, those placed first first.

    Attributes:
        after: where the next page starts; None on the last one.
    """

    orders: tuple[OrderId, ...]
    after: str | None


@attrs.frozen(kw_only=True)
class HeldKey:
    """A unit that holds a key, and the object that it is sealed in."""

    order_id: OrderId
    unit_id: UnitId
    storage_ref: StorageRef
    supplier_key_id: SupplierKeyId
    held_at: datetime


class Books(Protocol):
    """Reads through everything, in pages that cost the same wherever they are. Decides nothing, changes nothing."""

    async def extent(self, since: datetime, until: datetime) -> Extent:
        """Count the orders placed from `since` up to (not including) `until`, and the keys that are held."""
        ...

    async def orders(self, since: datetime, until: datetime, *, after: str | None, limit: int) -> PlacedOrders:
        """
        One page of the orders placed from `since` up to (not including) `until`.

        Args:
            after: `PlacedOrders.after` of the page before; None for the first one.
        """
        ...

    async def ledger_of(self, order_id: OrderId) -> tuple[LedgerEntry, ...]:
        """The money that was seen to move for an order, oldest first; empty for one that is not there."""
        ...

    async def keys(self, *, after: StorageRef | None, limit: int) -> tuple[HeldKey, ...]:
        """
        One page of the units that hold a key, by the name of the object.

        Args:
            after: the last name of the page before; None for the first one. An empty page is the last one.
        """
        ...

    async def was_answered(self, finding: Finding) -> bool:
        """
        Whether a person has settled a finding like this: of the same order or of none, with this reason and this text.

        The subject is the same, too; identity, time and weight may differ.
        """
        ...
