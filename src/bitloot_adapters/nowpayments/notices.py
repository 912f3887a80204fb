"""
Notices (IPN): from raw bytes to a verified webhook, and from that to a reading.

**Source:** NOWPayments IPN documentation (2026-04). Withdrawals and recurring payments are announced under the same
signature in another shape (`id`, `status` in capitals, no `payment_id`): they are authentic, and none of our business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bitloot_adapters.nowpayments.fields import Fields, Unreadable, id_of, text_of
from bitloot_adapters.nowpayments.signature import IpnVerifier, parse_strictly
from bitloot_adapters.nowpayments.wire import LONGEST_WORD, reading_of
from bitloot_core.ports.inbox import Source, VerifiedWebhook
from bitloot_core.values.ids import GatewayPaymentId
from bitloot_core.values.reading import PaymentReading

SIGNATURE_HEADER = "x-nowpayments-sig"
_KEPT_HEADERS = ("content-type", "user-agent")
_LONGEST_HEADER = 200


class NoticeReader:
    """
    Verifies and reads notices; nothing is sent or stored here.

    Args:
        verifier: knows the account's IPN secrets.
    """

    def __init__(self, verifier: IpnVerifier) -> None:
        self._verifier = verifier

    def verify(self, headers: Mapping[str, str], body: bytes) -> VerifiedWebhook:
        """
        Prove that a notice is authentic, on the raw bytes.

        Args:
            headers: with lower-case names.
            body: as it came.

        Raises:
            SignatureInvalid: it is not authentic.
        """
        signed = self._verifier.verify(headers.get(SIGNATURE_HEADER, ""), body)
        gateway_id, status = _payment_named(signed.fields), _status_of(signed.fields)
        return VerifiedWebhook(
            source=Source.NOWPAYMENTS,
            dedupe_key=hashlib.sha256(signed.canonical).hexdigest(),
            type="unknown" if status is None else f"payment.{status}"[:LONGEST_WORD],
            external_id=gateway_id,
            scheme="hmac",
            body=body,
            headers={name: headers[name][:_LONGEST_HEADER] for name in _KEPT_HEADERS if name in headers},
            worth_processing=gateway_id is not None and status is not None,
        )

    def read(self, webhook: VerifiedWebhook) -> PaymentReading | None:
        """Read the payment that an authentic notice describes; None if it describes none."""
        try:
            return reading_of(parse_strictly(webhook.body))
        except (ValueError, RecursionError):
            return None


def _status_of(fields: Fields) -> str | None:
    return text_of(fields, "payment_status", longest=LONGEST_WORD)


def _payment_named(fields: Fields) -> GatewayPaymentId | None:
    try:
        return id_of(fields, "payment_id")
    except Unreadable:
        return None
