"""
Placing an order once, however often the request comes: what the API and the shop's own form have in common.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import attrs
import msgspec

from bitloot_core.order.order import Order
from bitloot_core.ports.requests import Answered, Begun, OtherBody, StillRunning
from bitloot_core.usecases.place_order import Item, PlaceOrder, place_order
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import OrderId, ProductId
from bitloot_http.outgoing import to_json, unstructure
from bitloot_http.problems import HttpRefusal
from bitloot_http.wire.bodies import PlaceOrderBody
from bitloot_http.wire.orders import OrderPlacedView

_KEY = re.compile(r"[\x21-\x7e]{16,255}")
_SCOPE = "POST /orders"
_TOKEN = "accessToken"  # noqa: S105 - the name of a field


@attrs.frozen(kw_only=True)
class Placed:
    """
    The answer to a request for an order.

    Attributes:
        order_id: which order it placed.
        body: the view as JSON can hold it, access token included.
    """

    order_id: OrderId
    body: Any


def check_key(key: str | None) -> str | None:
    """
    Check an idempotency key.

    Raises:
        HttpRefusal: it is too short, too long, or holds what a header should not (`invalid-idempotency-key`).
    """
    if key is not None and _KEY.fullmatch(key) is None:
        raise HttpRefusal("invalid-idempotency-key", "It must have 16 to 255 visible ASCII characters.")
    return key


async def place_once(shop: Shop, body: PlaceOrderBody, key: str | None) -> Placed:
    """
    Place an order; under a key, at most once.

    What is remembered is the answer without the access token, which is derived anew. A request that was understood but
    refused is refused again in the same words, until it comes under another key.

    Raises:
        InvalidInput: as `place_order` says.
        HttpRefusal: the key was used for another request, or the same one is under way.
    """
    request = _asked(body)
    if key is None:
        return _placed(shop, await place_order(shop, request))
    key_hash = _hash(f"{_SCOPE}\n{key}".encode())
    begun = await shop.requests.begin(key_hash, _hash(to_json(body)), shop.ids.order_id(), now=shop.clock.now())
    match begun:
        case Answered():
            return _again(shop, begun)
        case OtherBody():
            raise HttpRefusal("idempotency-key-reused", "Another request came under this key before.")
        case StillRunning():
            raise HttpRefusal(
                "request-running", "The first request under this key has no answer yet.", headers={"Retry-After": "5"}
            )
        case Begun():
            return await _carry_out(shop, request, begun.order_id, key_hash)


async def _carry_out(shop: Shop, request: PlaceOrder, order_id: OrderId, key_hash: str) -> Placed:
    try:
        placed = _placed(shop, await place_order(shop, request, order_id=order_id))
    except InvalidInput as refusal:
        remembered: dict[str, Any] = {
            "refused": {"field": refusal.field, "reason": refusal.reason, "code": refusal.code}
        }
        await shop.requests.answer(key_hash, msgspec.json.encode(remembered), now=shop.clock.now())
        raise
    without = {name: value for name, value in placed.body.items() if name != _TOKEN}
    await shop.requests.answer(key_hash, msgspec.json.encode({"placed": without}), now=shop.clock.now())
    return placed


def _again(shop: Shop, before: Answered) -> Placed:
    remembered = msgspec.json.decode(before.response)
    if (refused := remembered.get("refused")) is not None:
        raise InvalidInput(refused["field"], refused["reason"], code=refused["code"])
    token = shop.links.issue_access(before.order_id).reveal()
    return Placed(order_id=before.order_id, body={**remembered["placed"], _TOKEN: token})


def _asked(body: PlaceOrderBody) -> PlaceOrder:
    return PlaceOrder(
        email=body.email,
        items=tuple(Item(product_id=ProductId(item.product_id), quantity=item.quantity) for item in body.items),
        pay_currency=body.pay_currency,
    )


def _placed(shop: Shop, order: Order) -> Placed:
    view = OrderPlacedView.of(order, shop.links.issue_access(order.id))
    return Placed(order_id=order.id, body=unstructure(view))


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
