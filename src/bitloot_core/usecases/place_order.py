"""
Placing an order: priced here, stored, and a payment opened if a coin was named.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from bitloot_core.order.events import OrderPlaced, PaymentIntended
from bitloot_core.order.order import MOST_UNITS, Buyer, Line, Order
from bitloot_core.ports.catalogue import Product
from bitloot_core.usecases.change_order import commit, placing
from bitloot_core.usecases.open_payment import check_coin, request_payment
from bitloot_core.usecases.refresh_quotes import products_on_offer
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import InvalidInput, NotFound, PortError, StaleOrder
from bitloot_core.values.ids import OrderId, ProductId
from bitloot_core.values.money import Money


@attrs.frozen(kw_only=True)
class Item:
    """So many of one product."""

    product_id: ProductId
    quantity: int


@attrs.frozen(kw_only=True)
class PlaceOrder:
    """
    What a buyer asks for. There is no price in it: prices are ours.

    Attributes:
        pay_currency: the coin to pay with, if the buyer has chosen.
    """

    email: str
    items: tuple[Item, ...]
    pay_currency: str | None


async def place_order(shop: Shop, request: PlaceOrder, *, order_id: OrderId | None = None) -> Order:
    """
    Place an order and open its payment.

    Idempotent under `order_id`: an order that was placed under it is returned as it is. If the gateway cannot be asked,
    gives no answer or refuses, the order stands without an open payment.

    Raises:
        InvalidInput: names the field; nothing was stored. Codes: `invalid-email`, `unknown-product`,
            `unavailable-product`, `invalid-quantity`, `too-many-units`, `mixed-currencies`, `unknown-coin`,
            `below-minimum`.
    """
    if order_id is not None and (placed := await _placed_before(shop, order_id)) is not None:
        return placed
    buyer = Buyer(email=request.email)
    lines = _lines(request.items, await products_on_offer(shop, [item.product_id for item in request.items]))
    coin = None if request.pay_currency is None else await _usable(shop, request.pay_currency, _total(lines))
    now = shop.clock.now()
    placed_event = OrderPlaced(
        at=now,
        order_id=order_id or shop.ids.order_id(),
        buyer=buyer,
        lines=lines,
        expires_at=now + shop.policy.order_expires,
    )
    intended = () if coin is None else (PaymentIntended(at=now, attempt=1, coin=coin),)
    try:
        order = await commit(shop, placing(placed_event, intended, policy=shop.policy))
    except StaleOrder:  # the same request, carried out twice at once
        return await shop.orders.get(placed_event.order_id)
    if coin is None:
        return order
    try:
        return await request_payment(shop, order, attempt=1, coin=coin)
    except (PortError, InvalidInput):  # written on the order; the buyer can try again
        return await shop.orders.get(order.id)


async def _placed_before(shop: Shop, order_id: OrderId) -> Order | None:
    try:
        return await shop.orders.get(order_id)
    except NotFound:
        return None


async def _usable(shop: Shop, pay_currency: str, total: Money) -> str:
    """Check the coin while nothing is stored; a gateway that is away is no reason to refuse."""
    try:
        return await check_coin(shop, pay_currency, total)
    except PortError:
        return pay_currency.strip().lower()


def _total(lines: Sequence[Line]) -> Money:
    first, *rest = (line.total for line in lines)
    return sum(rest, start=first)


def _lines(items: Sequence[Item], known: Sequence[Product]) -> tuple[Line, ...]:
    """Merge items of one product, and take the terms from the catalogue."""
    products = {product.id: product for product in known}
    quantities: dict[ProductId, int] = {}
    for position, item in enumerate(items):
        _check(item, position, products)
        quantities[item.product_id] = quantities.get(item.product_id, 0) + item.quantity
    if not quantities:
        raise InvalidInput("items", "is empty", code="invalid-quantity")
    if sum(quantities.values()) > MOST_UNITS:
        raise InvalidInput("items", f"asks for more than {MOST_UNITS} keys in all", code="too-many-units")
    if len({products[product_id].price.currency for product_id in quantities}) > 1:
        raise InvalidInput("items", "are priced in more than one currency", code="mixed-currencies")
    return tuple(
        _line(number, products[product_id], quantity)
        for number, (product_id, quantity) in enumerate(quantities.items(), start=1)
    )


def _check(item: Item, position: int, products: dict[ProductId, Product]) -> None:
    product = products.get(item.product_id)
    if product is None:
        raise InvalidInput(f"items[{position}].productId", "names no product of ours", code="unknown-product")
    if not product.available:
        raise InvalidInput(f"items[{position}].productId", "is not on sale now", code="unavailable-product")
    if not 1 <= item.quantity <= MOST_UNITS:
        raise InvalidInput(f"items[{position}].quantity", f"is not from 1 to {MOST_UNITS}", code="invalid-quantity")


def _line(number: int, product: Product, quantity: int) -> Line:
    return Line(
        number=number,
        product_id=product.id,
        supplier_product_id=product.supplier_product_id,
        title=product.title,
        quantity=quantity,
        unit_price=product.price,
        max_cost=product.max_cost,
        key_type=product.key_type,
        release_date=product.release_date,
    )
