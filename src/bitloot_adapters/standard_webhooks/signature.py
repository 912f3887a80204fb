"""
The signature of a Standard Webhook: HMAC-SHA256 over id, time and body, under each of our secrets.

**Source:** Standard Webhooks 1.0.0, "Signature scheme" and "Webhook headers".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Self

import attrs

from bitloot_core.values.errors import InvalidInput

SETTING = "ALERT_WEBHOOK_SECRET"
_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64


@attrs.frozen(kw_only=True)
class SigningSecret:
    """What we share with the receiver; printing it shows nothing."""

    key: bytes = attrs.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `whsec_` and base64 of 24 to 64 bytes.

        Raises:
            InvalidInput: it is not of this form; nothing that was read is repeated.
        """
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not text.startswith(_PREFIX) or not _LEAST_BYTES <= len(key) <= _MOST_BYTES:
            reason = f"must be {_PREFIX} and base64 of {_LEAST_BYTES} to {_MOST_BYTES} bytes"
            raise InvalidInput(SETTING, reason)
        return cls(key=key)


def signatures(secrets: Sequence[SigningSecret], *, message_id: str, timestamp: int, body: bytes) -> str:
    """
    The header `webhook-signature`: one signature for each secret, so that a receiver may have the old or the new one.

    Args:
        message_id: the header `webhook-id`; without a dot, which is what separates the parts.
        timestamp: the header `webhook-timestamp`, in seconds since 1970.
        body: as it is sent, byte for byte.

    >>> secret = SigningSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> body = b'{"test": 2432232314}'
    >>> signatures([secret], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=body)
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(secret.key, signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
