"""The books of the fake supplier: its shelf, its orders and their keys, and our balance."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import attrs

from bitloot_core.order.reservations import DEAD_WORDS, KeyType, PurchaseItem, SupplierWord
from bitloot_core.ports.supplier import Purchase, ReturnedKey, ReturnOutcome, SupplierKey
from bitloot_core.testing.supplier_events import name_of
from bitloot_core.values.errors import NotFound, Rejected
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.money import Money

PORT = "supplier"
MOST_OF_A_PRODUCT = 9
MOST_PRODUCTS = 10
RETURN_WINDOW = timedelta(hours=24)
PREORDERS_COME = date(2099, 1, 1)
"""When whatever is not released yet will be."""

_PICTURE = b"\x89PNG\r\n\x1a\n"


class KeyState(enum.Enum):
    """How far one key is."""

    OWED = "owed"
    DELIVERED = "delivered"
    BACK = "back"


@attrs.frozen(kw_only=True)
class ShelfProduct:
    """
    Something that is sold.

    Attributes:
        cost: for one.
        left: how many can still be sold.
        title: as it is shown; made from its id if it is empty.
        platform, region: where its keys are redeemed, in the supplier's words.
    """

    cost: Money
    left: int
    pictures: bool = False
    preorder: bool = False
    title: str = ""
    platform: str = "Steam"
    region: str = "Region free"


@attrs.frozen(kw_only=True)
class BookedKey:
    """One key of a purchase."""

    key: SupplierKey
    cost: Money
    state: KeyState = KeyState.OWED
    delivered_at: datetime | None = None

    def is_returnable(self, now: datetime) -> bool:
        """Whether it may still go back: it has not come yet, or not long ago."""
        if self.state is KeyState.DELIVERED and self.delivered_at is not None:
            return now - self.delivered_at <= RETURN_WINDOW
        return self.state is KeyState.OWED


@attrs.frozen(kw_only=True)
class BookedOrder:
    """
    One purchase with its keys.

    Attributes:
        returning: whether a return was asked for: a key that still comes goes back at once.
    """

    purchase: Purchase
    keys: tuple[BookedKey, ...]
    preorder: bool
    returning: bool = False

    @property
    def id(self) -> SupplierOrderId:
        """The supplier's name of the purchase."""
        return self.purchase.supplier_order_id

    @property
    def is_dead(self) -> bool:
        """Whether it was cancelled or refunded."""
        return self.purchase.word in DEAD_WORDS

    def having(self, state: KeyState) -> tuple[BookedKey, ...]:
        """Its keys that are that far."""
        return tuple(one for one in self.keys if one.state is state)


class SupplierBooks:
    """
    What the fake supplier knows; it follows the rules and never fails by chance.

    Attributes:
        balance: ours, prepaid.
        shelf: what is sold.
    """

    def __init__(self, balance: Money) -> None:
        self.balance = balance
        self.shelf: dict[SupplierProductId, ShelfProduct] = {}
        self._orders: dict[SupplierOrderId, BookedOrder] = {}

    @property
    def orders(self) -> tuple[BookedOrder, ...]:
        """Every purchase, oldest first."""
        return tuple(self._orders.values())

    def order(self, supplier_order_id: SupplierOrderId) -> BookedOrder:
        """
        One purchase.

        Raises:
            NotFound: there is none of that name.
        """
        try:
            return self._orders[supplier_order_id]
        except KeyError:
            raise NotFound("supplier order", supplier_order_id) from None

    def check(self, items: tuple[PurchaseItem, ...]) -> None:
        """
        Make sure that this may be bought now.

        Raises:
            Rejected: the rules, the shelf or the balance forbid it.
        """
        _check_sizes(items)
        for item in items:
            self._check_shelf(item, alone=len(items) == 1)
        if self.balance < self._total(items):
            raise Rejected(PORT, "the balance is too small", code="insufficient-balance")

    def open(self, items: tuple[PurchaseItem, ...], ref: ExternalRef, *, now: datetime) -> BookedOrder:
        """Charge the balance and write the purchase down."""
        number = len(self._orders) + 1
        purchase = Purchase(
            supplier_order_id=SupplierOrderId(f"FAKE{number}"),
            ref=ref,
            word=SupplierWord.PROCESSING,
            charged=self._total(items),
            quantities={item.supplier_product_id: item.quantity for item in items},
            created_at=now,
        )
        wanted = [item.supplier_product_id for item in items for _ in item.units]
        order = BookedOrder(
            purchase=purchase,
            keys=tuple(self._key(product_id, f"{number}-{place}") for place, product_id in enumerate(wanted, start=1)),
            preorder=any(self.shelf[product_id].preorder for product_id in wanted),
        )
        for item in items:
            product = self.shelf[item.supplier_product_id]
            self.shelf[item.supplier_product_id] = attrs.evolve(product, left=product.left - item.quantity)
        self.balance -= purchase.charged
        self._orders[order.id] = order
        return order

    def deliver(self, supplier_order_id: SupplierOrderId, count: int | None, *, now: datetime) -> None:
        """Deliver the next `count` keys, or all; after a return was asked for they go back at once."""
        order = self.order(supplier_order_id)
        if order.is_dead:
            return
        owed = order.having(KeyState.OWED)
        arriving = [attrs.evolve(one, state=KeyState.DELIVERED, delivered_at=now) for one in owed[:count]]
        self._replace(supplier_order_id, arriving)
        if len(arriving) == len(owed):
            self.close(supplier_order_id, SupplierWord.COMPLETED)
        if order.returning:
            self.take_back(supplier_order_id, arriving)

    def sell_again(self, supplier_order_id: SupplierOrderId) -> bool:
        """Put a key that was sold before in the place of the first owed one; False if there is none of its product."""
        order = self.order(supplier_order_id)
        fresh = order.having(KeyState.OWED)[0]
        sold = (one for other in self.orders if other.id != order.id for one in other.having(KeyState.DELIVERED))
        used = next((one.key for one in sold if one.key.product_id == fresh.key.product_id), None)
        if used is None:
            return False
        keys = tuple(attrs.evolve(one, key=used) if one is fresh else one for one in order.keys)
        self._orders[supplier_order_id] = attrs.evolve(order, keys=keys)
        return True

    def put_another(self, supplier_order_id: SupplierOrderId, product_id: SupplierProductId, *, now: datetime) -> None:
        """Put one more key into a purchase, for one that was bad, and take nothing for it."""
        order = self.order(supplier_order_id)
        number = supplier_order_id.removeprefix("FAKE")
        fresh = self._key(product_id, f"{number}-{len(order.keys) + 1}")
        free = attrs.evolve(fresh, cost=Money.zero("EUR"), state=KeyState.DELIVERED, delivered_at=now)
        self._orders[supplier_order_id] = attrs.evolve(order, keys=(*order.keys, free))

    def close(self, supplier_order_id: SupplierOrderId, word: SupplierWord) -> None:
        """Let the purchase stand under this word."""
        order = self.order(supplier_order_id)
        self._orders[supplier_order_id] = attrs.evolve(order, purchase=attrs.evolve(order.purchase, word=word))

    def take_back(self, supplier_order_id: SupplierOrderId, keys: Iterable[BookedKey]) -> None:
        """Take keys back, and credit them."""
        gone = [attrs.evolve(one, state=KeyState.BACK) for one in keys]
        self._replace(supplier_order_id, gone)
        self.balance += _sum(one.cost for one in gone)

    def give_back(self, supplier_order_id: SupplierOrderId, *, now: datetime) -> tuple[ReturnedKey, ...]:
        """
        Carry out the one return of a purchase.

        Raises:
            Rejected: there is nothing to return, or it is too late.
        """
        order = self._orders.get(supplier_order_id)
        if order is None or order.returning or order.preorder or order.is_dead:
            raise Rejected(PORT, "nothing can be returned", code="nothing-to-return")
        fresh = [one for one in order.keys if one.is_returnable(now)]
        if not fresh:
            raise Rejected(PORT, "the keys were delivered too long ago", code="too-late")
        self._orders[supplier_order_id] = attrs.evolve(order, returning=True)
        self.take_back(supplier_order_id, [one for one in fresh if one.state is KeyState.DELIVERED])
        return tuple(ReturnedKey(id=one.key.id, outcome=_outcome(one)) for one in fresh)

    def _check_shelf(self, item: PurchaseItem, *, alone: bool) -> None:
        product = self.shelf.get(item.supplier_product_id)
        text = item.key_type is KeyType.TEXT and item.release_date is None
        if product is None or product.left < item.quantity or item.max_cost < product.cost:
            raise Rejected(PORT, "no offer matches price and quantity", code="out-of-stock")
        if product.preorder and (text or not alone):
            raise Rejected(PORT, "a preorder is bought alone and without a key type", code="preorder")
        if product.pictures and text:
            raise Rejected(PORT, "no offer has text keys", code="out-of-stock")

    def _total(self, items: tuple[PurchaseItem, ...]) -> Money:
        return _sum(self.shelf[item.supplier_product_id].cost * item.quantity for item in items)

    def _key(self, product_id: SupplierProductId, name: str) -> BookedKey:
        product, serial = self.shelf[product_id], f"FAKE-SERIAL-{name}"
        picture = KeyMaterial(content=_PICTURE + serial.encode(), media_type="image/png")
        material = picture if product.pictures else KeyMaterial.of_text(serial)
        key = SupplierKey(
            id=SupplierKeyId(f"fake-key-{name}"),
            product_id=product_id,
            material=material,
            event_ids=(name_of(material),),
        )
        return BookedKey(key=key, cost=product.cost)

    def _replace(self, supplier_order_id: SupplierOrderId, changed: list[BookedKey]) -> None:
        order, by_id = self.order(supplier_order_id), {one.key.id: one for one in changed}
        keys = tuple(by_id.get(one.key.id, one) for one in order.keys)
        self._orders[supplier_order_id] = attrs.evolve(order, keys=keys)


def _check_sizes(items: tuple[PurchaseItem, ...]) -> None:
    products = {item.supplier_product_id for item in items}
    sizes_fit = all(1 <= item.quantity <= MOST_OF_A_PRODUCT for item in items)
    if not 1 <= len(items) <= MOST_PRODUCTS or len(products) < len(items) or not sizes_fit:
        raise Rejected(PORT, "too many, too few, or a product twice", code="invalid-purchase")


def _outcome(one: BookedKey) -> ReturnOutcome:
    return ReturnOutcome.RETURNED if one.state is KeyState.DELIVERED else ReturnOutcome.PENDING


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, start=Money.zero("EUR"))
