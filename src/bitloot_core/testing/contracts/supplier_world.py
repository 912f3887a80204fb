"""What the suite of a supplier asks for: a supplier, and what can happen on the other side of the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Protocol

import attrs

from bitloot_core.order.reservations import KeyType, PurchaseItem
from bitloot_core.ports.supplier import Purchase, Supplier
from bitloot_core.values.ids import ExternalRef, SupplierOrderId, SupplierProductId, unit_id
from bitloot_core.values.money import Money

CAP = Money.of("6.00", "EUR")
"""What the suite is ready to pay for one."""
COST = "5.00"
"""What one costs, in EUR, where the world can set it; the real supplier may be cheaper or dearer, up to the cap."""


class SupplierWorld(Protocol):
    """
    A supplier and its given-verbs; where one is not possible (a real vendor cannot be told to fail), it skips.

    `call` is the name of the port's method that shall meet the accident: the next call of it, once.
    """

    @property
    def supplier(self) -> Supplier:
        """The supplier itself; asked for anew for each call."""
        ...

    def ref(self, number: int = 1) -> ExternalRef:
        """Our reference of purchase `number` of an order that this world has for itself."""
        ...

    async def in_stock(self, count: int, *, cost: str = COST) -> SupplierProductId:
        """Given `count` text keys of a new product at `cost` EUR each."""
        ...

    async def pictures_in_stock(self, count: int) -> SupplierProductId:
        """Given a new product whose keys are pictures, at `COST`."""
        ...

    async def preorder_open(self) -> SupplierProductId:
        """Given a new product that is not released yet, at `COST`."""
        ...

    async def has_left(self, balance: str) -> None:
        """Given this much of our balance, in EUR."""
        ...

    async def deliver(self, supplier_order_id: SupplierOrderId, count: int | None = None) -> None:
        """Given that the next `count` keys of a purchase are delivered, or all of them."""
        ...

    async def cancel(self, supplier_order_id: SupplierOrderId) -> None:
        """Given that the supplier cancels what it has not delivered."""
        ...

    async def refund(self, supplier_order_id: SupplierOrderId) -> None:
        """Given that the supplier refunds a purchase."""
        ...

    async def lose_next_answer(self, call: str) -> None:
        """Given that the call is carried out, and its answer gets lost."""
        ...

    async def fail_next(self, call: str) -> None:
        """Given that the call is carried out, and answered with an error of the supplier's own."""
        ...

    async def contradict_next_purchase(self) -> None:
        """Given that `reserve` buys, and the answer describes another purchase."""
        ...

    async def garble_next(self, call: str) -> None:
        """Given that the call is carried out, and half of its answer arrives."""
        ...

    async def stall_next(self, call: str) -> None:
        """Given that the call is carried out, and its answer comes after our deadline."""
        ...

    async def turn_away_next(self, call: str, *, wait: timedelta) -> None:
        """Given that the call is refused without a look at it, with a word on how long to wait."""
        ...

    async def drop_next_purchase(self) -> None:
        """Given that the next `reserve` gets neither an effect nor an answer."""
        ...

    async def comes_late_next(self) -> None:
        """Given that the next `reserve` gets no answer, and shows its effect after `late_effects_happen`."""
        ...

    async def late_effects_happen(self) -> None:
        """Given that the purchase that was late can be seen."""
        ...

    async def accepts_repeats(self) -> None:
        """Given a supplier that sells again under a reference that it has seen."""
        ...

    async def go_down(self) -> None:
        """Given a supplier that cannot be reached."""
        ...

    async def come_back(self) -> None:
        """Given that it can be reached again."""
        ...

    async def time_passes(self, by: timedelta) -> None:
        """Given that it is later, by the supplier's clock."""
        ...

    async def sold(self, ref: ExternalRef) -> int:
        """How many purchases the supplier itself counts under a reference: the judge, which asks no adapter."""
        ...

    async def event_of(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook about how far a purchase is, as it would be sent now."""
        ...

    async def event_with_key(self, supplier_order_id: SupplierOrderId) -> tuple[Mapping[str, str], bytes]:
        """The webhook with a delivered key in it, signed over its whole body."""
        ...

    async def signed(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """Any body, with headers that vouch for it."""
        ...

    async def forged(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """Any body, with headers as somebody would make them who does not know the secret."""
        ...


def an_item(
    product_id: SupplierProductId,
    count: int = 1,
    *,
    line: int = 1,
    max_cost: Money = CAP,
    key_type: KeyType = KeyType.TEXT,
    release_date: date | None = None,
) -> PurchaseItem:
    """`count` of a product, bought for the first units of a line."""
    return PurchaseItem(
        line=line,
        units=tuple(unit_id(line, number) for number in range(1, count + 1)),
        supplier_product_id=product_id,
        max_cost=max_cost,
        key_type=key_type,
        release_date=release_date,
    )


@attrs.frozen(kw_only=True)
class Bought:
    """A purchase that a test has made, with what it asked for."""

    purchase: Purchase
    item: PurchaseItem

    @property
    def id(self) -> SupplierOrderId:
        """The supplier's name of it."""
        return self.purchase.supplier_order_id


async def bought(world: SupplierWorld, count: int = 1, *, number: int = 1) -> Bought:
    """Given a purchase of `count` text keys under our reference of that number."""
    item = an_item(await world.in_stock(count), count)
    purchase = await world.supplier.reserve((item,), ref=world.ref(number))
    return Bought(purchase=purchase, item=item)
