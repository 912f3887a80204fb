"""
Kinguin's webhooks: who sent them, and what they hint at.

Two forms are understood. The documented one names its event in `X-Event-Name` and vouches for itself with a fixed text
in `X-Event-Secret`: whoever has seen one can write another, so it is a hint. The seed system's form signs all its body.

**Source:** Kinguin ESA documentation (state July 2025), webhooks; the signed form: BitLoot's seed specification.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

import attrs

from bitloot_adapters._shared.exact_json import NotJson, decode_json
from bitloot_adapters.kinguin.product_wire import changed_product
from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_adapters.kinguin.wire import name_or_none, read_object
from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.ports.supplier import SupplierEvent
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.ids import ExternalRef, SupplierKeyId, SupplierOrderId, SupplierProductId, event_key_id
from bitloot_core.values.keys import KeyMaterial
from bitloot_core.values.secret import Secret

SIGNATURE_HEADER = "x-kinguin-signature"
SECRET_HEADER = "x-event-secret"  # noqa: S105  # a header's name
NAME_HEADER = "x-event-name"

ORDER_STATUS = "order.status"
ORDER_COMPLETE = "order.complete"
PRODUCT_UPDATE = "product.update"
PROBE = "probe"
UNKNOWN = "unknown"

HMAC = "hmac"
SECRET = "secret"  # noqa: S105  # a scheme's name

_HEADERS_KEPT = ("content-type", "user-agent", NAME_HEADER)
_LONGEST_HEADER = 200
_HEX_SHA512 = re.compile(r"[0-9a-f]{128}")
_WORD = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,63}")


class EventVerifier:
    """
    Tells authentic webhooks from others, and reads them.

    Args:
        webhook_secret: what signs; several separated by commas are all accepted, so that one can be replaced.
        event_secret: what stands in `X-Event-Secret`, several in the same way; the webhook secret if absent or blank.

    A secret that is empty opens nothing: without one, every webhook of that form is refused.
    """

    def __init__(self, *, webhook_secret: Secret, event_secret: Secret | None = None) -> None:
        plain = event_secret if event_secret and event_secret.reveal().strip() else webhook_secret
        self._signing = _each(webhook_secret)
        self._plain = tuple(hashlib.sha256(secret).digest() for secret in _each(plain))

    def verify(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """
        Check a webhook on its raw bytes, in constant time; a signature that is there is the one that counts.

        The dedupe key of an event about an order is the SHA-256 of the raw body, in both forms. What will be ignored is
        hashed together with its type, so that it can never stand in the way of an order's event with the same body. Of
        a product's updates only the product counts: they come in floods, and each says no more than "look again".

        Args:
            headers: with lower-case names.
            body: as it was received; its content type does not matter (the documentation itself misspells it).

        Raises:
            SignatureInvalid: it is not authentic.
        """
        scheme = self._scheme(headers, body)
        subject, event = _read(headers.get(NAME_HEADER, "").strip().lower(), body, scheme=scheme)
        changed = changed_product(body) if subject == PRODUCT_UPDATE else None
        return VerifiedWebhook(
            source=Source.KINGUIN,
            dedupe_key=hashlib.sha256(_said(subject, body, event, changed)).hexdigest(),
            type=subject,
            external_id=(event.supplier_order_id or event.ref) if event else changed,
            scheme=scheme,
            body=body,
            headers={name: _printable(headers[name]) for name in _HEADERS_KEPT if name in headers},
            worth_processing=event is not None,
        )

    def read(self, webhook: VerifiedWebhook) -> SupplierEvent | None:
        """The event in an authentic webhook; None if it is about no purchase."""
        if not webhook.worth_processing:
            return None
        event = _event(webhook.body, subject=webhook.type, scheme=webhook.scheme)
        if event is None or event.material is None or not self._signing:
            return event
        return attrs.evolve(event, material_id=self.names_of(event.material)[0])

    def names_of(self, material: KeyMaterial) -> tuple[SupplierKeyId, ...]:
        """
        What an event calls a key: under the secret of today, and then under each older one that is still accepted.

        Returns:
            Empty without a secret. A name that was made under a secret that is gone is not among them.
        """
        return tuple(_fingerprint(secret, material) for secret in self._signing)

    def _scheme(self, headers: Mapping[str, str], body: bytes) -> str:
        if SIGNATURE_HEADER in headers:
            self._check_signature(headers[SIGNATURE_HEADER], body)
            return HMAC
        if SECRET_HEADER in headers:
            self._check_secret(headers[SECRET_HEADER])
            return SECRET
        raise SignatureInvalid(Source.KINGUIN, "it carries neither a signature nor a secret")

    def _check_signature(self, header: str, body: bytes) -> None:
        claimed = header.strip().lower()
        if _HEX_SHA512.fullmatch(claimed) is None:
            raise SignatureInvalid(Source.KINGUIN, "the signature is not a hexadecimal SHA-512")
        signatures = [hmac.digest(secret, body, "sha512") for secret in self._signing]
        if not _is_one_of(bytes.fromhex(claimed), signatures):
            raise SignatureInvalid(Source.KINGUIN, "the signature does not match")

    def _check_secret(self, header: str) -> None:
        # Digests, because `compare_digest` shows the length of what it compares.
        claimed = hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest()
        if not _is_one_of(claimed, self._plain):
            raise SignatureInvalid(Source.KINGUIN, "the secret does not match")


def _fingerprint(secret: bytes, material: KeyMaterial) -> SupplierKeyId:
    # Keyed: whoever reads the name cannot try serials against it. The prefix keeps it apart from signatures.
    return event_key_id(hmac.new(secret, b"product key\0" + material.content, hashlib.sha256).hexdigest())


def _is_one_of(claimed: bytes, accepted: tuple[bytes, ...] | list[bytes]) -> bool:
    # Every one is compared: how long it takes does not tell which one matched.
    matches = [hmac.compare_digest(claimed, one) for one in accepted]
    return any(matches)


def _each(secrets: Secret) -> tuple[bytes, ...]:
    return tuple(part.strip().encode() for part in secrets.reveal().split(",") if part.strip())


def _read(name: str, body: bytes, *, scheme: str) -> tuple[str, SupplierEvent | None]:
    """Name the subject, and read the event if it is about a purchase."""
    if name == PRODUCT_UPDATE and scheme == SECRET:
        return PRODUCT_UPDATE, None
    if not body or body.isspace():
        return PROBE, None
    # The name is not covered by the signature, and the signed form has none.
    subject = ORDER_STATUS if scheme == HMAC or not name else name
    event = _event(body, subject=subject, scheme=scheme) if subject in {ORDER_STATUS, ORDER_COMPLETE} else None
    return (subject, event) if event else (UNKNOWN, None)


def _said(subject: str, body: bytes, event: SupplierEvent | None, changed: SupplierProductId | None) -> bytes:
    """What makes two deliveries equal."""
    if event is not None:
        return body
    return subject.encode() + b"\0" + (body if changed is None else changed.encode())


def _event(body: bytes, *, subject: str, scheme: str) -> SupplierEvent | None:
    try:
        payload = read_object(decode_json(body), "event")
    except (NotJson, Unreadable):
        return None
    supplier_order_id = name_or_none(payload, "orderId") or name_or_none(payload, "reservationId")
    ref = name_or_none(payload, "orderExternalId")
    if not supplier_order_id and not ref:
        return None
    return SupplierEvent(
        supplier_order_id=SupplierOrderId(supplier_order_id) if supplier_order_id else None,
        ref=ExternalRef(ref) if ref else None,
        word=_word(payload, subject),
        material=_material(payload) if scheme == HMAC else None,
    )


def _word(payload: Mapping[str, object], subject: str) -> str:
    status = payload.get("status")
    if isinstance(status, str) and _WORD.fullmatch(status):
        return status
    # The deprecated event says it with its name.
    return "completed" if subject == ORDER_COMPLETE else UNKNOWN


def _material(payload: Mapping[str, object]) -> KeyMaterial | None:
    key = payload.get("key")
    if not isinstance(key, str) or not key.strip():
        return None
    try:
        return KeyMaterial.of_text(key)
    except UnicodeEncodeError:
        return None


def _printable(header: str) -> str:
    """Keep a header so that any database takes it: visible ASCII, and not much of it."""
    cut = header[:_LONGEST_HEADER]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(letter if " " <= letter <= "~" else "?" for letter in cut)
