"""A supplier in memory that keeps the port's promises, and breaks down on demand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from bitloot_core.order.reservations import PurchaseItem, SupplierWord
from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.ports.supplier import Purchase, ReturnedKey, Supplier, SupplierEvent, SupplierKey
from bitloot_core.ports.system import Clock
from bitloot_core.testing import supplier_events
from bitloot_core.testing.clock import ManualClock
from bitloot_core.testing.faults import Faults
from bitloot_core.testing.supplier_books import PORT, BookedOrder, KeyState, ShelfProduct, SupplierBooks
from bitloot_core.testing.supplier_catalogue import FakeSupplierCatalogue
from bitloot_core.testing.supplier_events import SignedEvent
from bitloot_core.values.errors import Rejected, Unavailable, Unknown
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.money import Money


class FakeSupplier:
    """
    Sells what `in_stock` put on its shelf, and delivers when it is told to.

    It is as strict as a real one: each reference buys once, nothing is sold above the cap or beyond the balance, at
    most 9 of a product and 10 products at once, a preorder alone. For a supplier that misbehaves, script `faults` by
    the name of the method, or use `lose_next_answer`, `comes_late_next` and `sell_twice_next`.

    Args:
        clock: dates the purchases.
        balance: prepaid; purchases are charged to it, cancellations and returns go back to it.

    Attributes:
        faults: what shall go wrong, by the name of the method.
        delivers_at_once: whether a purchase is delivered as soon as it is made (a preorder never is).
        accepts_repeats: whether a reference buys again; no supplier that we know does.
        is_down: whether every call fails without an effect.
        asked: how often each reference was asked for, refused calls included.
        catalogue: the same shelf, as the port `SupplierCatalogue`; its calls meet the same `faults`.
    """

    def __init__(self, *, clock: Clock | None = None, balance: Money | None = None) -> None:
        self.faults = Faults()
        self.delivers_at_once = False
        self.accepts_repeats = False
        self.is_down = False
        self.asked: dict[ExternalRef, int] = {}
        self._clock = clock or ManualClock()
        self._books = SupplierBooks(balance or Money.of("1000.00", "EUR"))
        self.catalogue = FakeSupplierCatalogue(self._books, self._strike_before)
        self._late: list[tuple[tuple[PurchaseItem, ...], ExternalRef]] = []
        self._later = 0
        self._twice = 0

    async def reserve(self, items: tuple[PurchaseItem, ...], *, ref: ExternalRef) -> Purchase:
        """Sell, unless the shelf, the balance or the rules forbid it; a purchase begins as `processing`."""
        self.asked[ref] = self.asked.get(ref, 0) + 1
        self._strike_before("reserve")
        if self._later:
            self._later -= 1
            self._late.append((items, ref))
            raise Unknown(PORT, "no answer in time")
        order = self._sell(items, ref)
        if self._twice:
            self._twice -= 1
            self._open(items, ref)
        self.faults.strike_after("reserve")
        return order.purchase

    async def find(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """The purchases under a reference, in the order in which they were made."""
        self._strike_before("find")
        return self.purchases_of(ref)

    async def purchases_between(self, since: datetime, until: datetime) -> tuple[Purchase, ...]:
        """The purchases of this time, newest first: their order is not promised."""
        self._strike_before("purchases_between")
        return tuple(one for one in reversed(self.purchases) if since <= one.created_at <= until)

    async def status(self, supplier_order_id: SupplierOrderId) -> Purchase:
        """One purchase."""
        self._strike_before("status")
        return self._books.order(supplier_order_id).purchase

    async def keys_of(self, supplier_order_id: SupplierOrderId) -> tuple[SupplierKey, ...]:
        """The delivered keys, newest first: their order is not promised."""
        self._strike_before("keys_of")
        delivered = self._books.order(supplier_order_id).having(KeyState.DELIVERED)
        return tuple(one.key for one in reversed(delivered))

    async def return_keys(self, supplier_order_id: SupplierOrderId) -> tuple[ReturnedKey, ...]:
        """Take back what was delivered in the last 24 hours, and what is still to come."""
        self._strike_before("return_keys")
        returned = self._books.give_back(supplier_order_id, now=self._clock.now())
        self.faults.strike_after("return_keys")
        return returned

    async def balance(self) -> Money:
        """What is left."""
        self._strike_before("balance")
        return self._books.balance

    def verify_event(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """Take what `event_of`, `event_with_key` and `supplier_events.signed` made."""
        return supplier_events.verify(headers, body)

    def read_event(self, webhook: VerifiedWebhook) -> SupplierEvent | None:
        """Read it."""
        return supplier_events.read(webhook.body)

    def in_stock(self, product_id: SupplierProductId, count: int, *, cost: str = "5.00", title: str = "") -> None:
        """Given `count` text keys of a product on the shelf, at `cost` EUR each."""
        self._books.shelf[product_id] = ShelfProduct(cost=Money.of(cost, "EUR"), left=count, title=title)

    def says_of(self, product_id: SupplierProductId, words: str) -> None:
        """Given a supplier that describes a product in these words, wherever it describes one."""
        shelf = self._books.shelf[product_id]
        self._books.shelf[product_id] = attrs.evolve(shelf, title=words, platform=words, region=words)

    def pictures_in_stock(self, product_id: SupplierProductId, count: int, *, cost: str = "5.00") -> None:
        """Given a product whose keys are pictures."""
        self._books.shelf[product_id] = ShelfProduct(cost=Money.of(cost, "EUR"), left=count, pictures=True)

    def preorder_open(self, product_id: SupplierProductId, count: int, *, cost: str = "5.00") -> None:
        """Given a product that can be ordered before its release."""
        self._books.shelf[product_id] = ShelfProduct(cost=Money.of(cost, "EUR"), left=count, preorder=True)

    def has_left(self, balance: str) -> None:
        """Given this much of our balance, in EUR."""
        self._books.balance = Money.of(balance, "EUR")

    def deliver(self, supplier_order_id: SupplierOrderId, count: int | None = None) -> None:
        """Deliver the next `count` keys of a purchase, or all of them; one that was cancelled gets none."""
        self._books.deliver(supplier_order_id, count, now=self._clock.now())

    def put_another(self, supplier_order_id: SupplierOrderId, product_id: SupplierProductId) -> None:
        """Deliver one more key in a purchase, free of charge, because one of its keys was bad."""
        self._books.put_another(supplier_order_id, product_id, now=self._clock.now())

    def cancel(self, supplier_order_id: SupplierOrderId) -> None:
        """Cancel a purchase: what was delivered stays, the rest never comes and is credited."""
        owed = self._books.order(supplier_order_id).having(KeyState.OWED)
        self._books.take_back(supplier_order_id, owed)
        self._books.close(supplier_order_id, SupplierWord.CANCELLED)

    def refund(self, supplier_order_id: SupplierOrderId) -> None:
        """Refund a purchase: all its keys go back, the delivered ones too, and are credited."""
        order = self._books.order(supplier_order_id)
        self._books.take_back(supplier_order_id, (*order.having(KeyState.OWED), *order.having(KeyState.DELIVERED)))
        self._books.close(supplier_order_id, SupplierWord.REFUNDED)

    def lose_next_answer(self, call: str = "reserve") -> None:
        """Given that the next `reserve` or `return_keys` has its effect, and its answer gets lost."""
        self.faults.after(call, Unknown(PORT, "no answer in time"))

    def comes_late_next(self) -> None:
        """Given that the next `reserve` gets no answer, and its effect waits for `late_effects_happen`."""
        self._later += 1

    def late_effects_happen(self) -> None:
        """Carry out what was late; what the rules forbid by now has no effect."""
        late, self._late = self._late, []
        for items, ref in late:
            try:
                self._sell(items, ref)
            except (Rejected, Unknown):
                continue

    def sell_twice_next(self) -> None:
        """Given that the next `reserve` buys twice under its reference: a surplus purchase."""
        self._twice += 1

    def sell_used_key(self, supplier_order_id: SupplierOrderId) -> bool:
        """
        Given a purchase in which one key, still to be delivered, was delivered in another purchase before.

        Returns:
            False if no such key of its product was sold yet: then nothing is changed.
        """
        return self._books.sell_again(supplier_order_id)

    @property
    def purchases(self) -> tuple[Purchase, ...]:
        """Every purchase, oldest first."""
        return tuple(order.purchase for order in self._books.orders)

    def purchases_of(self, ref: ExternalRef) -> tuple[Purchase, ...]:
        """The purchases under a reference, oldest first; more than one is what must never happen."""
        return tuple(purchase for purchase in self.purchases if purchase.ref == ref)

    def serials_of(self, supplier_order_id: SupplierOrderId) -> frozenset[bytes]:
        """The content of every key that was ever delivered in a purchase, of those that went back, too."""
        keys = self._books.order(supplier_order_id).keys
        return frozenset(one.key.material.content for one in keys if one.delivered_at is not None)

    def is_returning(self, supplier_order_id: SupplierOrderId) -> bool:
        """Whether its keys went back, or go back as soon as they come."""
        return self._books.order(supplier_order_id).returning

    def credited(self, supplier_order_id: SupplierOrderId, keys: Collection[SupplierKeyId] | None = None) -> Money:
        """What we have back for these keys of a purchase, or for all that went back."""
        back = self._books.order(supplier_order_id).having(KeyState.BACK)
        return sum((one.cost for one in back if keys is None or one.key.id in keys), start=Money.zero("EUR"))

    def event_of(self, supplier_order_id: SupplierOrderId) -> SignedEvent:
        """A webhook about how far a purchase is."""
        return supplier_events.event_about(self._books.order(supplier_order_id).purchase, at=self._clock.now())

    def change_of(self, product_id: SupplierProductId) -> SignedEvent:
        """A webhook that says that a product costs something else now, or that there are more or fewer of it."""
        return supplier_events.change_of(product_id, at=self._clock.now())

    def event_with_key(self, supplier_order_id: SupplierOrderId) -> SignedEvent:
        """A webhook that carries the first delivered key of a purchase, which must be text."""
        order = self._books.order(supplier_order_id)
        serial = order.having(KeyState.DELIVERED)[0].key.material.content.decode()
        return supplier_events.event_about(order.purchase, at=self._clock.now(), key=serial)

    def _strike_before(self, call: str) -> None:
        if self.is_down:
            raise Unavailable(PORT, "it is down")
        self.faults.strike_before(call)

    def _sell(self, items: tuple[PurchaseItem, ...], ref: ExternalRef) -> BookedOrder:
        if self.purchases_of(ref) and not self.accepts_repeats:
            raise Unknown(PORT, f"the reference {ref} was seen before")
        self._books.check(items)
        return self._open(items, ref)

    def _open(self, items: tuple[PurchaseItem, ...], ref: ExternalRef) -> BookedOrder:
        order = self._books.open(items, ref, now=self._clock.now())
        if self.delivers_at_once and not order.preorder:
            self.deliver(order.id)
        return order

    def __repr__(self) -> str:
        return f"FakeSupplier({len(self.purchases)} purchases)"


if TYPE_CHECKING:
    _: type[Supplier] = FakeSupplier
