"""The fake supplier with the verbs of its suite; a suite of your own use cases can start from it too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

from bitloot_core.testing import supplier_events
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.contracts.supplier_world import COST, SupplierWorld
from bitloot_core.testing.supplier import FakeSupplier
from bitloot_core.values.errors import Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, OrderId, SupplierOrderId, SupplierProductId, external_ref

_EFFECTS = frozenset({"reserve", "return_keys"})


@attrs.define
class FakeSupplierWorld:
    """
    A fake supplier with its own verbs, for the suite.

    Args:
        kind: the fake, or one that breaks a promise on purpose.
    """

    clock: ManualClock = attrs.field(factory=ManualClock)
    kind: type[FakeSupplier] = FakeSupplier
    supplier: FakeSupplier = attrs.field()
    _products: int = 0

    @supplier.default
    def _supplier(self) -> FakeSupplier:
        return self.kind(clock=self.clock)

    def ref(self, number: int = 1) -> ExternalRef:
        """A reference."""
        return external_ref(OrderId("order7f3k"), number)

    async def in_stock(self, count: int, *, cost: str = COST) -> SupplierProductId:
        """Given text keys."""
        product_id = self._new_product()
        self.supplier.in_stock(product_id, count, cost=cost)
        return product_id

    async def pictures_in_stock(self, count: int) -> SupplierProductId:
        """Given pictures."""
        product_id = self._new_product()
        self.supplier.pictures_in_stock(product_id, count, cost=COST)
        return product_id

    async def preorder_open(self) -> SupplierProductId:
        """Given a preorder."""
        product_id = self._new_product()
        self.supplier.preorder_open(product_id, 10, cost=COST)
        return product_id

    async def has_left(self, balance: str) -> None:
        """Given a balance."""
        self.supplier.has_left(balance)

    async def deliver(self, supplier_order_id: SupplierOrderId, count: int | None = None) -> None:
        """Given a delivery."""
        self.supplier.deliver(supplier_order_id, count)

    async def cancel(self, supplier_order_id: SupplierOrderId) -> None:
        """Given a cancellation."""
        self.supplier.cancel(supplier_order_id)

    async def refund(self, supplier_order_id: SupplierOrderId) -> None:
        """Given a refund."""
        self.supplier.refund(supplier_order_id)

    async def lose_next_answer(self, call: str) -> None:
        """Given a call with an effect and no answer; a read without an answer did nothing."""
        if call in _EFFECTS:
            self.supplier.faults.after(call, Unknown("supplier", "no answer in time"))
        else:
            self.supplier.faults.before(call, Unavailable("supplier", "no answer in time"))

    # In a fake, every way of losing an answer is the same one.
    fail_next = lose_next_answer
    garble_next = lose_next_answer
    stall_next = lose_next_answer

    async def contradict_next_purchase(self) -> None:
        """Given an answer that is none."""
        self.supplier.lose_next_answer()

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given a refusal without a look."""
        self.supplier.faults.before(call, Unavailable("supplier", "too many requests", retry_after=wait))

    async def drop_next_purchase(self) -> None:
        """Given a purchase that gets nowhere."""
        self.supplier.faults.before("reserve", Unknown("supplier", "no answer in time"))

    async def comes_late_next(self) -> None:
        """Given a late effect."""
        self.supplier.comes_late_next()

    async def late_effects_happen(self) -> None:
        """Given that it has come."""
        self.supplier.late_effects_happen()

    async def accepts_repeats(self) -> None:
        """Given a careless supplier."""
        self.supplier.accepts_repeats = True

    async def go_down(self) -> None:
        """Given an outage."""
        self.supplier.is_down = True

    async def come_back(self) -> None:
        """Given its end."""
        self.supplier.is_down = False

    async def time_passes(self, by: timedelta) -> None:
        """Given a later time."""
        self.clock.advance(by)

    async def sold(self, ref: ExternalRef) -> int:
        """What the fake's own books say."""
        return len(self.supplier.purchases_of(ref))

    async def event_of(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook of now."""
        return self.supplier.event_of(supplier_order_id)

    async def event_with_key(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook with a key."""
        return self.supplier.event_with_key(supplier_order_id)

    async def signed(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """An authentic body."""
        return supplier_events.signed(body)

    async def forged(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """A body under the signature of another."""
        headers, _ = supplier_events.signed(body + b" ")
        return headers, body

    def _new_product(self) -> SupplierProductId:
        self._products += 1
        return SupplierProductId(f"product-{self._products}")


if TYPE_CHECKING:
    _: type[SupplierWorld] = FakeSupplierWorld
