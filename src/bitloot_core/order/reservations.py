"""
The states of one reservation: one purchase at the supplier, under one reference of ours.

    planned -> claimed -> placed -> completed
                 |  ^        |
                 v  |        v
              in doubt     fallen          (refused: never placed)

Written before the call: a `ClaimedReservation` without an answer is exactly the state in which nobody may buy again
before the supplier was asked under the same reference.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TypeAlias

import attrs

from bitloot_core.values.ids import ExternalRef, SupplierOrderId, SupplierProductId, UnitId
from bitloot_core.values.money import Money


class KeyType(enum.StrEnum):
    """What form of key a product may come in."""

    TEXT = "text"
    ANY = "any"


class SupplierWord(enum.StrEnum):
    """How far a purchase is. **Source:** Kinguin ESA documentation (state July 2025), order status."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLED = "canceled"
    REFUNDED = "refunded"
    UNRECOGNISED = "unrecognised"


DEAD_WORDS = frozenset({SupplierWord.CANCELLED, SupplierWord.REFUNDED})
"""The words after which a purchase brings no more keys."""


@attrs.frozen(kw_only=True)
class PurchaseItem:
    """
    One product of a purchase.

    Attributes:
        line: the order's line that it is bought for.
        units: the units that its keys are meant for; their number is the quantity.
        supplier_product_id: the supplier's name of the product.
        max_cost: the most that one unit may cost; sent as the price we are ready to pay.
        key_type: text keys only, or any.
        release_date: set for a preorder, which is bought alone and without a key type.
    """

    line: int
    units: tuple[UnitId, ...]
    supplier_product_id: SupplierProductId
    max_cost: Money
    key_type: KeyType
    release_date: date | None = None

    @property
    def quantity(self) -> int:
        """How many keys are bought."""
        return len(self.units)


@attrs.frozen(kw_only=True)
class Plan:
    """
    What one reservation buys.

    Attributes:
        number: counts over all reservations of the order, from 1; never used twice.
        ref: our name of the purchase, `<orderId>-<number>`.
        attempt: 1 for the first purchase of these units, 2 after the first has died, and so on.
        items: one for each product.
    """

    number: int
    ref: ExternalRef
    attempt: int
    items: tuple[PurchaseItem, ...]

    @property
    def units(self) -> tuple[UnitId, ...]:
        """All units that the purchase is meant for."""
        return tuple(unit for item in self.items for unit in item.units)

    @property
    def release_date(self) -> date | None:
        """The release date, if this is a preorder."""
        return next((item.release_date for item in self.items if item.release_date), None)


@attrs.frozen(kw_only=True)
class PlannedReservation:
    """To be bought; nothing has been sent."""

    plan: Plan
    planned_at: datetime


@attrs.frozen(kw_only=True)
class ClaimedReservation:
    """Somebody is about to buy, or died while buying: written before the call."""

    plan: Plan
    claimed_at: datetime
    asked: int


@attrs.frozen(kw_only=True)
class DoubtfulReservation:
    """
    Asked, and no usable answer came. The supplier is asked by our reference until the quiet window has passed.

    Attributes:
        claimed_at: when we last were about to ask: the quiet window runs from here.
        asked: how often we have been about to buy.
        approved: whether a person said that it may be asked for again.
    """

    plan: Plan
    claimed_at: datetime
    asked: int
    approved: bool = False


@attrs.frozen(kw_only=True)
class PlacedReservation:
    """
    Bought: the supplier has named it and charged us.

    Attributes:
        charged: what our balance was charged.
        word: the supplier's last word on it.
    """

    plan: Plan
    supplier_order_id: SupplierOrderId
    charged: Money
    placed_at: datetime
    word: SupplierWord


@attrs.frozen(kw_only=True)
class CompletedReservation:
    """All its keys are held."""

    plan: Plan
    supplier_order_id: SupplierOrderId
    charged: Money
    placed_at: datetime
    completed_at: datetime


@attrs.frozen(kw_only=True)
class RefusedReservation:
    """The supplier refused it for good, or it is known never to have been placed: nothing was bought."""

    plan: Plan
    code: str
    reason: str
    refused_at: datetime


@attrs.frozen(kw_only=True)
class FallenReservation:
    """It had been placed, and then the supplier cancelled or refunded it. Units already held stay held."""

    plan: Plan
    supplier_order_id: SupplierOrderId
    charged: Money
    word: SupplierWord
    fell_at: datetime


Reservation: TypeAlias = (
    PlannedReservation
    | ClaimedReservation
    | DoubtfulReservation
    | PlacedReservation
    | CompletedReservation
    | RefusedReservation
    | FallenReservation
)


Bought: TypeAlias = PlacedReservation | CompletedReservation | FallenReservation
BOUGHT = (PlacedReservation, CompletedReservation, FallenReservation)
"""The states of a purchase that the supplier has named and charged, whatever became of it."""


def is_dead(reservation: Reservation) -> bool:
    """Whether it is known that this purchase brings no (more) keys, so that its owed units may be bought anew."""
    return isinstance(reservation, RefusedReservation | FallenReservation)


def supplier_order_of(reservation: Reservation) -> SupplierOrderId | None:
    """The supplier's name of the purchase, where it has one."""
    match reservation:
        case PlacedReservation() | CompletedReservation() | FallenReservation():
            return reservation.supplier_order_id
        case _:
            return None
