"""
The JSON shapes of the API: order, key, product, lists, times.

Rendering only; what a client sends is read in `requests`, and none of these shapes is shared with the real adapter.

Source: Kinguin ESA documentation, state July 2025, "Order Object", "Key Object", "Product Object".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from bitloot_adapters.kinguin_simulator.knobs import Knobs
from bitloot_adapters.kinguin_simulator.values import UNDELIVERED, Key, Line, Offer, Order, Product

Json = dict[str, object]

USER_EMAIL = "shop@example.com"
STORE_ID = 1
FIRST_ORDER_NUMBER = 14_000_000


def time_text(at: datetime) -> str:
    """
    Return a time as order objects and errors show it.

    >>> time_text(datetime(2020, 10, 28, 8, 40, 44, tzinfo=UTC))
    '2020-10-28T08:40:44+00:00'
    """
    return at.astimezone(UTC).isoformat(timespec="seconds")


def event_time_text(at: datetime) -> str:
    """
    Return a time as webhooks show it: with milliseconds.
    """
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def order_json(order: Order, knobs: Knobs) -> Json:
    """
    Return the order object.
    """
    body: Json = {
        "totalPrice": _sum((line.price, line.quantity) for line in order.lines),
        "requestTotalPrice": _sum((line.request_price, line.quantity) for line in order.lines),
        "status": order.status.value,
        "userEmail": USER_EMAIL,
        "storeId": STORE_ID,
        "createdAt": time_text(order.created_at),
        "orderId": order.order_id,
        "kinguinOrderId": FIRST_ORDER_NUMBER + order.number,
    }
    if order.external_id is not None:
        body["orderExternalId"] = order.external_id
    body |= {
        "paymentPrice": str(order.charged) if knobs.payment_price_as_text else float(order.charged),
        "products": [_line_json(order, index, line, knobs) for index, line in enumerate(order.lines)],
        "totalQty": sum(line.quantity for line in order.lines),
        "isPreorder": order.is_preorder,
    }
    if order.is_preorder:
        body["preorderReleaseDate"] = order.lines[0].release_date.isoformat()
    return body


def key_json(order: Order, key: Key) -> Json:
    """
    Return the key object; the only shape that carries a serial.
    """
    line = order.lines[key.line]
    return {
        "id": key.key_id,
        "serial": key.serial,
        "type": key.media_type,
        "name": line.name,
        "kinguinId": line.kinguin_id,
        "offerId": line.offer_id,
        "productId": line.product_id,
    }


def key_state_json(key: Key) -> Json:
    """
    Return a key's id and status, as the order object and the answer to a return show it.
    """
    return {"id": key.key_id, "status": key.status.value}


def product_json(product: Product) -> Json:
    """
    Return the product object, without the fields that only describe the game.
    """
    cheapest = product.cheapest
    return {
        "kinguinId": product.kinguin_id,
        "productId": product.product_id,
        "cheapestOfferId": [offer.offer_id for offer in cheapest],
        "name": product.name,
        "originalName": product.name,
        "platform": "PC Steam",
        "releaseDate": product.release_date.isoformat(),
        "qty": sum(offer.stock for offer in cheapest),
        "textQty": sum(offer.text_stock for offer in cheapest),
        "price": float(cheapest[0].price) if cheapest else 0.0,
        "isPreorder": product.is_preorder,
        "regionalLimitations": "Region free",
        "regionId": 3,
        "offers": [_offer_json(product, offer) for offer in product.offers],
        "offersCount": len(product.offers),
        "totalQty": sum(offer.stock for offer in product.offers),
        "merchantName": [offer.merchant for offer in cheapest],
        "updatedAt": time_text(product.updated_at),
    }


def list_json(shown: Sequence[Json], total: int) -> Json:
    """
    Return a page of a search: the results shown and how many there are in all.
    """
    return {"results": list(shown), "item_count": total}


def _line_json(order: Order, index: int, line: Line, knobs: Knobs) -> Json:
    body: Json = {
        "kinguinId": line.kinguin_id,
        "offerId": line.offer_id,
        "productId": line.product_id,
        "qty": line.quantity,
        "name": line.name,
        "price": float(line.price),
        "totalPrice": float(line.price * line.quantity),
        "requestPrice": float(line.request_price),
        "isPreorder": line.is_preorder,
        "releaseDate": line.release_date.isoformat(),
    }
    if line.text_demanded:
        body["keyType"] = "text"
    keys = [
        key_state_json(key)
        for key in order.keys
        if key.line == index and (knobs.show_pending_keys or key.status not in UNDELIVERED)
    ]
    if keys:
        body["keys"] = keys
    return body


def _offer_json(product: Product, offer: Offer) -> Json:
    body: Json = {
        "name": product.name,
        "offerId": offer.offer_id,
        "price": float(offer.price),
        "qty": offer.stock,
        "textQty": offer.text_stock,
        "merchantName": offer.merchant,
        "isPreorder": product.is_preorder,
        "releaseDate": product.release_date.isoformat(),
    }
    if offer.wholesale_tiers:
        tiers = [{"level": level, "price": float(price)} for level, price in enumerate(offer.wholesale_tiers, start=1)]
        body["wholesale"] = {"enabled": True, "tiers": tiers}
    return body


def _sum(parts: Iterable[tuple[Decimal, int]]) -> float:
    return float(sum((price * quantity for price, quantity in parts), Decimal(0)))
