"""
The JWT of `POST /auth`, which the payment list asks for.

What lives here: issue and check. What must not: e-mail and password, which the account holds.

**Source**: the example token of the documentation has `exp - iat` = 300.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime

LIFETIME_SECONDS = 300
_BEARER = "Bearer "


class Tokens:
    """
    HS256 tokens.

    Args:
        secret: the signing key.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, now: datetime) -> str:
        """A token that is good for 300 seconds."""
        issued = int(now.timestamp())
        claims = {"id": "1", "iat": issued, "exp": issued + LIFETIME_SECONDS}
        text = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        return f"{text}.{self._signature(text)}"

    def is_valid(self, authorization: str, now: datetime) -> bool:
        """Whether a header `Authorization: Bearer ...` holds a token of ours that has not run out."""
        if not authorization.startswith(_BEARER):
            return False
        text, _, signature = authorization.removeprefix(_BEARER).rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return False
        claims = text.partition(".")[2]
        expires = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        return bool(now.timestamp() < expires)

    def _signature(self, text: str) -> str:
        return _base64(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())


def _encoded(fields: dict[str, object]) -> str:
    return _base64(json.dumps(fields, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
