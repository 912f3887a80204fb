"""
Whether a webhook under our secrets would be let in, and one with a wrong signature kept out.

What is signed here is written anew, after the vendors' pages, and not by the code that judges it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping

from bitloot_core.ports.inbox import VerifiedWebhook
from bitloot_core.usecases.shop import Shop
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.secret import Secret
from bitloot_http.doctor.diagnosis import Diagnosis, failed, ok
from bitloot_http.settings import Settings

_Verify = Callable[[Mapping[str, str], bytes], VerifiedWebhook]

# Canonical as it stands: keys in order, no blanks, a whole number.
_NOTICE = b'{"order_id":"doctor","payment_id":1,"payment_status":"waiting"}'
_SIGNED_EVENT = b'{"reservationId":"doctor","status":"processing"}'
_PLAIN_EVENT = (
    b'{"orderId":"doctor","orderExternalId":"doctor-1","status":"processing","updatedAt":"2026-01-01T00:00:00Z"}'
)


def webhook_checks(shop: Shop, settings: Settings) -> Iterator[Diagnosis]:
    """One look at each way in."""
    yield _look(
        "NOWPayments webhooks",
        "NOWPAYMENTS_IPN_SECRET",
        shop.gateway.verify_notice,
        _NOTICE,
        [{"x-nowpayments-sig": _hmac(secret, _NOTICE)} for secret in _parts(settings.nowpayments_ipn_secret)],
    )
    yield _look(
        "Kinguin webhooks, signed",
        "KINGUIN_WEBHOOK_SECRET",
        shop.supplier.verify_event,
        _SIGNED_EVENT,
        [{"x-kinguin-signature": _hmac(one, _SIGNED_EVENT)} for one in _parts(settings.kinguin_webhook_secret)],
    )
    plain = settings.kinguin_event_secret or settings.kinguin_webhook_secret
    yield _look(
        "Kinguin webhooks, with a secret",
        "KINGUIN_EVENT_SECRET" if settings.kinguin_event_secret else "KINGUIN_WEBHOOK_SECRET",
        shop.supplier.verify_event,
        _PLAIN_EVENT,
        [{"x-event-name": "order.status", "x-event-secret": secret} for secret in _parts(plain)],
    )


def _look(what: str, setting: str, verify: _Verify, body: bytes, proofs: list[dict[str, str]]) -> Diagnosis:
    for proof in proofs:
        if not _is_let_in(verify, proof, body):
            return failed(what, "One under our own secret is refused.", f"Check {setting}: no blanks, no quotes.")
        if _is_let_in(verify, _forged(proof), body):
            return failed(what, "One with a wrong proof is let in.", "Do not run this version: tell its makers.")
    several = f", under each of {len(proofs)} secrets" if len(proofs) > 1 else ""
    return ok(what, f"Let in with the right proof{several}, kept out with a wrong one.")


def _is_let_in(verify: _Verify, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        verify(headers, body)
    except SignatureInvalid:
        return False
    return True


def _forged(proof: Mapping[str, str]) -> dict[str, str]:
    """The same proof with its last character changed; what names the event stays."""
    return {
        name: value if name == "x-event-name" else value[:-1] + ("0" if value[-1] != "0" else "1")
        for name, value in proof.items()
    }


def _hmac(secret: str, body: bytes) -> str:
    """**Source:** NOWPayments' IPN page; BitLoot's seed specification for Kinguin: HMAC-SHA512, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def _parts(secret: Secret) -> list[str]:
    return [part.strip() for part in secret.reveal().split(",")]
