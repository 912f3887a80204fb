"""
The two forms in which a webhook vouches for itself, and the bodies that belong to them.

This is the simulator's own signer; the verifier under test is the adapter's and shares nothing with it.

Source: plain secret and `order.status`, `product.update`, `order.complete`: Kinguin ESA documentation, state July 2025,
"Webhooks". Signature form: the seed specification of BitLoot (hex HMAC-SHA512 of the raw body).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from enum import Enum

import attrs

from bitloot_adapters.kinguin_simulator.values import TEXT, Order, OrderStatus, Product
from bitloot_adapters.kinguin_simulator.wire import Json, event_time_text

ORDER_STATUS = "order.status"
ORDER_COMPLETE = "order.complete"
PRODUCT_UPDATE = "product.update"
MISSPELT_JSON = "aplication/json"


class WebhookForm(Enum):
    """
    How a webhook about an order is written and vouched for.
    """

    EVENT_SECRET = "X-Event-Secret"  # a header's name
    SIGNATURE = "X-KINGUIN-SIGNATURE"


@attrs.frozen(kw_only=True)
class Webhook:
    """
    One event, ready to be sent: its name (None for the dashboard's probe), form and raw body.
    """

    event_name: str | None
    form: WebhookForm
    body: bytes = attrs.field(repr=False)


def sign(body: bytes, secret: str) -> str:
    """
    Return the signature of a raw body: hex HMAC-SHA512.
    """
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def headers_of(webhook: Webhook, secret: str) -> dict[str, str]:
    """
    Return the headers that the webhook is sent with, the documentation's misspelt content type included.
    """
    headers = {"Content-Type": MISSPELT_JSON}
    if webhook.form is WebhookForm.SIGNATURE:
        return headers | {"X-KINGUIN-SIGNATURE": sign(webhook.body, secret)}
    if webhook.event_name is not None:
        headers["X-Event-Name"] = webhook.event_name
    return headers | {"X-Event-Secret": secret}


def order_status_event(order: Order) -> Webhook:
    """
    Return the documented event about an order's status.
    """
    body: Json = {
        "orderId": order.order_id,
        "orderExternalId": order.external_id,
        "status": order.status.value,
        "updatedAt": event_time_text(order.updated_at),
    }
    return Webhook(event_name=ORDER_STATUS, form=WebhookForm.EVENT_SECRET, body=encoded(body))


def order_complete_event(order: Order) -> Webhook:
    """
    Return the deprecated event that a completed order may still send.
    """
    body: Json = {
        "orderId": order.order_id,
        "orderExternalId": order.external_id,
        "updatedAt": event_time_text(order.updated_at),
    }
    return Webhook(event_name=ORDER_COMPLETE, form=WebhookForm.EVENT_SECRET, body=encoded(body))


def signed_order_event(order: Order) -> Webhook:
    """
    Return the signed event without a key: `ready` once the keys can be downloaded.
    """
    word = "ready" if order.status is OrderStatus.COMPLETED else order.status.value
    return _signed({"reservationId": order.order_id, "status": word})


def signed_key_event(order: Order) -> Webhook:
    """
    Return the signed event that carries the first text key: `delivered`; without one it is the plain signed event.
    """
    serial = next((key.serial for key in order.delivered if key.media_type == TEXT), None)
    if serial is None or order.status is not OrderStatus.COMPLETED:
        return signed_order_event(order)
    return _signed({"reservationId": order.order_id, "status": "delivered", "key": serial})


def product_update_event(product: Product) -> Webhook:
    """
    Return the event about a product's price or stock.
    """
    body: Json = {
        "kinguinId": product.kinguin_id,
        "productId": product.product_id,
        "qty": sum(offer.stock for offer in product.cheapest),
        "textQty": sum(offer.text_stock for offer in product.cheapest),
        "cheapestOfferId": [offer.offer_id for offer in product.cheapest],
        "updatedAt": event_time_text(product.updated_at),
    }
    return Webhook(event_name=PRODUCT_UPDATE, form=WebhookForm.EVENT_SECRET, body=encoded(body))


def encoded(body: Json) -> bytes:
    """
    Return a JSON body the way it goes over the wire.
    """
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _signed(body: Json) -> Webhook:
    return Webhook(event_name=None, form=WebhookForm.SIGNATURE, body=encoded(body))
