"""
The supplier's books: orders, keys, balance, and the log of what was bought.

Every rule that needs state is enforced here, synchronously and at one place, so that a purchase is one indivisible
step whatever the connection does afterwards. No HTTP, no webhook and no waiting in here.

Source: Kinguin ESA documentation, state July 2025; that a repeated `orderExternalId` is refused with 422 is a field
report (the documentation says that it "should be unique").
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import attrs

from bitloot_adapters.kinguin_simulator.catalog import Catalog, Share
from bitloot_adapters.kinguin_simulator.errors import refuse, violation
from bitloot_adapters.kinguin_simulator.knobs import Knobs
from bitloot_adapters.kinguin_simulator.pictures import picture_serial
from bitloot_adapters.kinguin_simulator.requests import OrderQuery, WantedLine, WantedOrder, YesNo
from bitloot_adapters.kinguin_simulator.values import (
    PNG,
    UNDELIVERED,
    Key,
    KeyStatus,
    Line,
    Order,
    OrderStatus,
    Product,
    Purchase,
)

RETURN_WINDOW = timedelta(hours=24)
CENT = Decimal("0.01")
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class KinguinWorld:
    """
    All that the simulated supplier remembers; it outlives any server that shows it.
    """

    def __init__(self, *, now: Callable[[], datetime], rng: random.Random, knobs: Knobs, balance: Decimal) -> None:
        self._now = now
        self._rng = rng
        self._knobs = knobs
        self.balance = balance
        self.catalog = Catalog(now=now, new_id=self.new_object_id)
        self.claimed: set[str] = set()
        self._orders: dict[str, Order] = {}
        self._purchases: dict[str, Purchase] = {}
        self._by_external_id: dict[str, list[str]] = {}

    def new_object_id(self) -> str:
        """
        Return a fresh id of the form that keys, offers and products have.
        """
        return f"{self._rng.getrandbits(96):024x}"

    def buy(self, wanted: WantedOrder) -> Order:
        """
        Charge the balance and open the order, or refuse and change nothing.

        Raises:
            Refusal: ConstraintViolation (422 for a spent external id), Preorder, ProductUnavailable,
                InsufficientBalance.
        """
        self._refuse_repeat(wanted.external_id)
        chosen = [(line, *self.catalog.shares_for(line)) for line in wanted.lines]
        _refuse_bad_preorder(wanted, [product for _, product, _ in chosen])
        lines = tuple(
            self._line(wanted_line, product, share) for wanted_line, product, shares in chosen for share in shares
        )
        charged = sum((line.charge * line.quantity for line in lines), Decimal(0))
        if charged > self.balance:
            raise refuse("InsufficientBalance", "There are not enough funds to place an order.")
        self.balance -= charged
        for line in lines:
            self.catalog.move_stock(line.product_id, {line.offer_id: -line.quantity})
        return self._open(wanted.external_id, lines, charged)

    def order(self, order_id: str) -> Order:
        """
        Return that order.

        Raises:
            Refusal: OrderNotFound.
        """
        try:
            return self._orders[order_id]
        except KeyError:
            raise refuse("OrderNotFound", "Order not found.") from None

    def orders(self) -> tuple[Order, ...]:
        """
        Return every order, oldest first.
        """
        return tuple(self._orders.values())

    def orders_of(self, external_id: str) -> tuple[Order, ...]:
        """
        Return the orders under that external id, oldest first.
        """
        return tuple(self._orders[order_id] for order_id in self._by_external_id.get(external_id, ()))

    def purchases(self) -> tuple[Purchase, ...]:
        """
        Return every time that the balance was charged, oldest first.
        """
        return tuple(self._purchases.values())

    def purchases_of(self, external_id: str) -> tuple[Purchase, ...]:
        """
        Return the purchases under that external id, oldest first.
        """
        return tuple(self._purchases[order_id] for order_id in self._by_external_id.get(external_id, ()))

    def search(self, query: OrderQuery) -> tuple[Order, ...]:
        """
        Return the orders that pass all filters, newest first.

        An order younger than `search_lag` is not found yet: an index can trail behind the books.
        """
        if query.order_id is not None:
            found = self._orders.get(query.order_id)
            candidates: tuple[Order, ...] = () if found is None else (found,)
        elif query.external_id is not None:
            candidates = self.orders_of(query.external_id)
        else:
            candidates = self.orders()
        indexed_until = self._now() - self._knobs.search_lag
        return tuple(
            order for order in reversed(candidates) if order.created_at <= indexed_until and _passes(order, query)
        )

    def deliver(self, order_id: str, count: int | None) -> Order:
        """
        Deliver the next `count` keys of an open order, or all of them.

        A key that arrives after a return was asked for goes back at once and is credited.
        """
        order = self.order(order_id)
        if order.closed_as is not None:
            return order
        status = KeyStatus.RETURNED if order.return_requested else KeyStatus.DELIVERED
        return self._settle(order, _ids(order.undelivered[:count]), status, closed_as=None)

    def cancel(self, order_id: str, count: int | None) -> Order:
        """
        Cancel `count` undelivered keys, or the whole order; what was delivered stays delivered and charged.
        """
        order = self.order(order_id)
        closed_as = OrderStatus.CANCELED if count is None else None
        return self._settle(order, _ids(order.undelivered[:count]), KeyStatus.CANCELED, closed_as=closed_as)

    def refund(self, order_id: str, count: int | None) -> Order:
        """
        Refund `count` undelivered keys, or the whole order with the keys that were delivered.
        """
        order = self.order(order_id)
        if count is not None:
            return self._settle(order, _ids(order.undelivered[:count]), KeyStatus.REFUNDED, closed_as=None)
        keys = _ids((*order.undelivered, *order.delivered))
        return self._settle(order, keys, KeyStatus.REFUNDED, closed_as=OrderStatus.REFUNDED)

    def accept_return(self, order_id: str) -> tuple[Key, ...]:
        """
        Accept the one return request of an order and return the keys that it covers; `give_back` carries it out.

        Raises:
            Refusal: OrderNotFound; NoKeysToReturn for a second request, a preorder, a wholesale order, or when no
                key is undelivered or fresh and unclaimed.
        """
        order = self.order(order_id)
        if order.return_requested or order.is_preorder or order.is_wholesale or order.closed_as is not None:
            raise refuse("NoKeysToReturn", "Return keys is not allowed for current resource version.")
        returnable = self._returnable(order)
        if not returnable and not order.undelivered:
            raise refuse("NoKeysToReturn", "Return keys is not allowed for current resource version.")
        self._orders[order_id] = attrs.evolve(order, return_requested=True)
        return returnable

    def give_back(self, order_id: str, keys: tuple[Key, ...]) -> Order:
        """
        Take those keys back, as far as they are still delivered, and credit what they cost.
        """
        order = self.order(order_id)
        return self._settle(order, _ids(keys) & _ids(order.delivered), KeyStatus.RETURNED, closed_as=None)

    def _refuse_repeat(self, external_id: str | None) -> None:
        if external_id in self._by_external_id and not self._knobs.accept_repeats:
            raise violation("orderExternalId", external_id, "This value is already used.", status=422)

    def _line(self, wanted: WantedLine, product: Product, share: Share) -> Line:
        charge = (share.price * (1 - self._knobs.discount)).quantize(CENT, ROUND_HALF_UP)
        return Line(
            product_id=product.product_id,
            kinguin_id=product.kinguin_id,
            offer_id=share.offer.offer_id,
            name=product.name,
            quantity=share.quantity,
            price=share.price,
            request_price=wanted.price,
            charge=charge,
            is_preorder=product.is_preorder,
            release_date=product.release_date,
            media_type=share.offer.media_type,
            text_demanded=wanted.text_only,
            wholesale=wanted.wholesale,
        )

    def _open(self, external_id: str | None, lines: tuple[Line, ...], charged: Decimal) -> Order:
        now = self._now()
        order = Order(
            order_id="".join(self._rng.choices(_ID_LETTERS, k=11)),
            external_id=external_id,
            lines=lines,
            keys=tuple(self._keys(lines)),
            charged=charged,
            created_at=now,
            updated_at=now,
            number=len(self._orders) + 1,
        )
        self._orders[order.order_id] = order
        if external_id is not None:
            self._by_external_id.setdefault(external_id, []).append(order.order_id)
        products = tuple((line.product_id, line.quantity) for line in lines)
        self._purchases[order.order_id] = Purchase(
            order_id=order.order_id, external_id=external_id, at=now, charged=charged, products=products
        )
        return order

    def _keys(self, lines: tuple[Line, ...]) -> Iterator[Key]:
        for index, line in enumerate(lines):
            for _ in range(line.quantity):
                yield Key(
                    key_id=self.new_object_id(),
                    line=index,
                    serial=self._serial(line.media_type),
                    media_type=line.media_type,
                    status=KeyStatus.PENDING,
                )

    def _serial(self, media_type: str) -> str:
        groups = ["".join(self._rng.choices(_SERIAL_LETTERS, k=5)) for _ in range(3)]
        text = self._knobs.serial_prefix + "-".join(groups)
        return picture_serial(text) if media_type == PNG else text

    def _returnable(self, order: Order) -> tuple[Key, ...]:
        oldest = self._now() - RETURN_WINDOW
        return tuple(
            key
            for key in order.delivered
            if key.key_id not in self.claimed and key.delivered_at is not None and key.delivered_at >= oldest
        )

    def _settle(
        self, order: Order, key_ids: frozenset[str], status: KeyStatus, *, closed_as: OrderStatus | None
    ) -> Order:
        now = self._now()
        if status is not KeyStatus.DELIVERED:
            charges = (order.lines[key.line].charge for key in order.keys if key.key_id in key_ids)
            self.balance += sum(charges, Decimal(0))
        keys = tuple(
            attrs.evolve(key, status=status, delivered_at=now if key.status in UNDELIVERED else key.delivered_at)
            if key.key_id in key_ids
            else key
            for key in order.keys
        )
        changed = attrs.evolve(order, keys=keys, closed_as=closed_as or order.closed_as, updated_at=now)
        self._orders[order.order_id] = changed
        return changed


def _ids(keys: tuple[Key, ...]) -> frozenset[str]:
    return frozenset(key.key_id for key in keys)


def _refuse_bad_preorder(wanted: WantedOrder, products: list[Product]) -> None:
    if not any(product.is_preorder for product in products):
        return
    if len(products) > 1:
        raise refuse("Preorder", "A pre-order must be the only product of an order.")
    if wanted.lines[0].text_only:
        raise refuse("Preorder", 'The "keyType" field is not allowed with pre-order.')


def _passes(order: Order, query: OrderQuery) -> bool:
    return (
        query.external_id in {None, order.external_id}
        and query.status in {None, order.status}
        and (query.created_from is None or query.created_from <= order.created_at)
        and (query.created_to is None or order.created_at <= query.created_to)
        and (query.kinguin_id is None or any(line.kinguin_id == query.kinguin_id for line in order.lines))
        and (query.product_id is None or any(line.product_id == query.product_id for line in order.lines))
        and (query.preorder is None or (query.preorder is YesNo.YES) == order.is_preorder)
    )
