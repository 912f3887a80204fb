"""The supplier: whoever sells us product keys."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import attrs

from bitloot_core.order.reservations import PurchaseItem, SupplierWord
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class Purchase:
    """
    One purchase as the supplier describes it.

    Attributes:
        ref: our reference, as the supplier has it.
        word: how far it is.
        charged: what our balance was charged.
        quantities: how many of each product.
        created_at: when the supplier says that it was placed.
    """

    supplier_order_id: SupplierOrderId
    ref: ExternalRef
    word: SupplierWord
    charged: Money
    quantities: Mapping[SupplierProductId, int]
    created_at: datetime


@attrs.frozen(kw_only=True)
class SupplierKey:
    """
    One product key as the supplier hands it out.

    Attributes:
        event_ids: what `SupplierEvent.material_id` is, or was, for this very key, one name for each secret that names
            are still made with; empty where no event of the supplier carries keys.
    """

    id: SupplierKeyId
    product_id: SupplierProductId
    material: KeyMaterial
    event_ids: tuple[SupplierKeyId, ...] = ()


class ReturnOutcome(enum.StrEnum):
    """What became of a key that was to go back."""

    RETURNED = "returned"
    PENDING = "pending"
    REFUSED = "refused"


@attrs.frozen(kw_only=True)
class ReturnedKey:
    """One key that was asked to go back."""

    id: SupplierKeyId
    outcome: ReturnOutcome


@attrs.frozen(kw_only=True)
class SupplierEvent:
    """
    What a supplier's webhook hints at. A hint: the truth is read with `Supplier.status` and `Supplier.keys_of`.

    Attributes:
        supplier_order_id: the supplier's name of the purchase, if the event has one.
        ref: our reference, if the event has one.
        word: the status it speaks of, as the supplier wrote it; at most 64 characters.
        material: a key inside the event, only if the event was signed over its whole body.
        material_id: a name for that key, `event:<fingerprint>` (`event_key_id`), the same for the same key, and one of
            its `SupplierKey.event_ids` once `Supplier.keys_of` shows it.
    """

    supplier_order_id: SupplierOrderId | None
    ref: ExternalRef | None
    word: str
    material: KeyMaterial | None = None
    material_id: SupplierKeyId | None = None


class Supplier(Protocol):
    """
    Sells product keys and is asked by our reference.

    Every method may raise `Unavailable` (nothing was done; ask again later).
    """

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """
        Buy. Not idempotent by promise: look `ref` up with `find` before, and after any `Unknown`.

        The price sent is each item's `max_cost`: the supplier never charges more than that for a unit.

        Raises:
            Rejected: refused for good, nothing was bought. Codes: `out-of-stock`, `insufficient-balance`, `preorder`,
                `invalid-purchase`, `unauthorised`.
            Unknown: no usable answer (time-out, broken connection, 5xx, an answer that contradicts the request, a
                reference that the supplier says it has seen before): it may have been bought.
        """
        ...

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """
        Every purchase under our reference, oldest first; empty if the supplier knows none.

        Raises:
            Unavailable: also for an answer that cannot be understood; never an empty result by mistake.
        """
        ...

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """
        Every purchase under any reference that was made in this time, each once; in no promised order.

        By the supplier's clock, both ends included; an end counts to the second. Purchases without a reference, such
        as people make by hand, are left out. All of them are gathered before this returns: ask for a day at a time.

        Raises:
            Unavailable: also for an answer that cannot be understood, or a list that is not whole: never a part of it.
        """
        ...

    async def status(self, supplier_order_id: SupplierOrderId) -> Purchase:
        """
        One purchase as it is now.

        Raises:
            NotFound: the supplier knows no such purchase.
        """
        ...

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """
        Every key that is ready so far, from all pages, each once; in no promised order. Repeatable.

        Raises:
            NotFound: the supplier knows no such purchase.
        """
        ...

    async def return_keys(self, supplier_order_id: SupplierOrderId) -> tuple[ReturnedKey, ...]:
        """
        Give unclaimed keys back. At most once for a purchase, within 24 hours of delivery.

        Raises:
            Rejected: nothing can be returned (`nothing-to-return`, `too-late`).
            Unknown: no usable answer.
        """
        ...

    async def balance(self) -> Money:
        """What is left of our prepaid balance."""
        ...

    def verify_event(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """
        Check that a webhook is authentic, in constant time, on the raw bytes. Pure.

        `headers` has lower-case names. An authentic body that makes no sense is returned too (type `unknown`).

        Raises:
            SignatureInvalid: it is not authentic.
        """
        ...

    def read_event(self, webhook: VerifiedWebhook) -> SupplierEvent | None:
        """The event in an authentic webhook; None if it is about no purchase (a probe, a catalogue change, garbage)."""
        ...
