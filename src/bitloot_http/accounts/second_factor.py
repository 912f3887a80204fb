"""
The second factor: codes of an authenticator app (RFC 6238), and recovery codes for whoever has lost it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from bitloot_core.values.secret import Secret

ISSUER = "BitLoot"
DIGITS = 6
STEP_SECONDS = 30
_STEPS_OFF = (0, -1, 1)
"""A phone's clock may be a step off. **Source:** RFC 6238, 5.2."""
_SECRET_BYTES = 20
_CODES = 10
_CODE_BYTES = 10
_CODE_GROUP = 4
_A_CODE = re.compile(r"[A-Z2-7]{16}")


def new_totp_secret() -> Secret:
    """A fresh secret, in base32 as apps take it."""
    return Secret(base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def totp_code(secret: Secret, step: int) -> str:
    """
    The code of one time step.

    **Source:** RFC 6238 and its test vectors, with SHA-1, which is what apps agree on.
    """
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.hotp import HOTP

    key = base64.b32decode(secret.reveal())
    return HOTP(key, DIGITS, SHA1(), enforce_key_length=False).generate(step).decode()  # noqa: S303 - as the apps do


def step_at(now: datetime) -> int:
    """The number of the time step."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: Secret, code: str, now: datetime) -> int | None:
    """The time step whose code this is, at most one off; None if it is none's. Spaces in a code do not matter."""
    typed = "".join(code.split())
    here = step_at(now)
    fits = [step for off in _STEPS_OFF if _equal(totp_code(secret, step := here + off), typed)]
    return fits[0] if fits else None


def otpauth_url(name: str, secret: Secret) -> Secret:
    """What an app reads off the QR code."""
    label = quote(f"{ISSUER}:{name}")
    query = urlencode({"secret": secret.reveal(), "issuer": ISSUER, "digits": DIGITS, "period": STEP_SECONDS})
    return Secret(f"otpauth://totp/{label}?{query}")


def new_recovery_codes() -> tuple[Secret, ...]:
    """Ten fresh codes of 80 bits, in groups that can be typed off paper."""
    return tuple(Secret(_grouped(base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode())) for _ in range(_CODES))


def recovery_digest(code: str) -> str | None:
    """
    The hash under which a recovery code is kept; None for what cannot be one. Case, spaces and dashes do not matter.

    A plain hash will do: 80 random bits are not guessed.
    """
    plain = re.sub(r"[\s-]", "", code).upper()
    return hashlib.sha256(plain.encode()).hexdigest() if _A_CODE.fullmatch(plain) else None


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _CODE_GROUP] for start in range(0, len(code), _CODE_GROUP))


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
