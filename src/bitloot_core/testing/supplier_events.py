"""The webhooks of the fake supplier: its own simple signature, and what is in them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.ports.supplier import Purchase, SupplierEvent
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId, event_key_id
from bitloot_core.values.keys import KeyMaterial

SIGNATURE_HEADER = "x-fake-signature"
_SECRET = b"the fake supplier's secret"

SignedEvent = tuple[Mapping[str, str], bytes]
"""The headers, with lower-case names, and the raw body of a webhook."""


def signed(body: bytes) -> SignedEvent:
    """Any body as the fake supplier would send it: authentic, whatever is in it."""
    return {SIGNATURE_HEADER: _signature(body), "content-type": "application/json"}, body


def event_about(purchase: Purchase, *, at: datetime, key: str | None = None) -> SignedEvent:
    """A webhook about a purchase, with the text of a product key in it if there is one."""
    payload = {"order": purchase.supplier_order_id, "ref": purchase.ref, "word": purchase.word, "at": at.isoformat()}
    return signed(json.dumps(payload if key is None else payload | {"key": key}).encode())


def change_of(product_id: SupplierProductId, *, at: datetime) -> SignedEvent:
    """A webhook about a product whose price or stock has changed."""
    return signed(json.dumps({"product": product_id, "at": at.isoformat()}).encode())


def verify(headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
    """
    Take a webhook that `signed` made.

    Raises:
        SignatureInvalid: it is another one.
    """
    claimed = headers.get(SIGNATURE_HEADER, "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(claimed, _signature(body).encode()):
        raise SignatureInvalid(Source.KINGUIN, "the signature does not match")
    event, changed = read(body), read_change(body)
    return VerifiedWebhook(
        source=Source.KINGUIN,
        dedupe_key=hashlib.sha256(body if changed is None else changed.encode()).hexdigest(),
        type=_subject(body, event, changed),
        external_id=event.supplier_order_id if event else changed,
        scheme="hmac",
        body=body,
        headers={name: value for name, value in headers.items() if name != SIGNATURE_HEADER},
        worth_processing=event is not None,
    )


def read(body: bytes) -> SupplierEvent | None:
    """The event in a body; None if it is about no purchase."""
    try:
        payload = json.loads(body)
        key = payload.get("key")
        return SupplierEvent(
            supplier_order_id=SupplierOrderId(payload["order"]),
            ref=ExternalRef(payload["ref"]),
            word=payload["word"],
            material=None if key is None else KeyMaterial.of_text(key),
            material_id=None if key is None else name_of(KeyMaterial.of_text(key)),
        )
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None


def read_change(body: bytes) -> SupplierProductId | None:
    """The product in a body about one; None if it is about something else."""
    try:
        product_id = json.loads(body)["product"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return SupplierProductId(product_id) if isinstance(product_id, str) else None


def name_of(material: KeyMaterial) -> SupplierKeyId:
    """What an event calls a key; a real supplier's fingerprint is keyed."""
    return event_key_id(hashlib.sha256(material.content).hexdigest())


def _subject(body: bytes, event: SupplierEvent | None, changed: SupplierProductId | None) -> str:
    if event is not None:
        return "order.status"
    if changed is not None:
        return "product.update"
    return "unknown" if body else "probe"


def _signature(body: bytes) -> str:
    return hmac.new(_SECRET, body, hashlib.sha256).hexdigest()
