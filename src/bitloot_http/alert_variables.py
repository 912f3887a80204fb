"""
The forms that the variables of the alerts can have. As in `variables`, a parser never repeats what it read.
"""

from __future__ import annotations

import base64
import binascii

from bitloot_core.values.secret import Secret
from bitloot_http.variables import mail_address, web_address

_PREFIX = "whsec_"
_LEAST_BYTES, _MOST_BYTES = 24, 64
"""**Source:** Standard Webhooks 1.0.0, "Signature scheme"."""


def mailbox(text: str) -> str:
    """One address, and nothing around it: `ops@example.com`."""
    if any(sign in text for sign in "<>,; "):
        raise ValueError("must be one e-mail address alone: ops@example.com")
    return mail_address(text)


def receiver(text: str) -> Secret:
    """An https:// address; secret, since its path or its query often holds a token."""
    address, mark, query = text.partition("?")
    if any(sign.isspace() or sign == "#" for sign in query):
        raise ValueError("is not a URL")
    return Secret(web_address(address) + mark + query)


def signing_secrets(text: str) -> tuple[Secret, ...]:
    """Secrets of Standard Webhooks, separated by commas: each signs, so that a receiver may have any of them."""
    parts = tuple(part.strip() for part in text.split(","))
    if not all(_is_signing_secret(part) for part in parts):
        raise ValueError(
            f"must be {_PREFIX} and base64 of {_LEAST_BYTES} to {_MOST_BYTES} bytes, each one if separated by commas"
        )
    return tuple(Secret(part) for part in parts)


def _is_signing_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(_PREFIX) and _LEAST_BYTES <= len(key) <= _MOST_BYTES
