"""
How keys are made from keys, and how a context is written so that no two contexts look the same.
"""

from __future__ import annotations

import json

import attrs
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
COMMITMENT_BYTES = 32

_ENCODE = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def canonical(*parts: str) -> bytes:
    r"""
    Write texts as one: no two different sequences give the same bytes.

    >>> canonical("a", "b") == canonical("ab"), canonical('a","b') == canonical("a", "b")
    (False, False)
    >>> canonical("bitloot", "ü")
    b'["bitloot","\\u00fc"]'
    """
    return _ENCODE(parts).encode("ascii")


@attrs.frozen
class CommittedKey:
    """
    A key to encrypt with, and a commitment to it that may stand in the open.

    AES-GCM alone does not commit: whoever may choose the keys can make one ciphertext that opens under two of them, as
    two different texts. The commitment is compared before anything is decrypted.
    """

    encryption: bytes = attrs.field(repr=False)
    commitment: bytes


def committed_key(data_key: bytes, context: bytes) -> CommittedKey:
    """Derive the encryption key and its commitment from a data key; both depend on every byte of the context."""
    derived = _expand(data_key, context, KEY_BYTES + COMMITMENT_BYTES)
    return CommittedKey(encryption=derived[:KEY_BYTES], commitment=derived[KEY_BYTES:])


def subkey(key: bytes, label: str) -> bytes:
    """Derive an independent 32-byte key for one purpose."""
    return _expand(key, label.encode(), KEY_BYTES)


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    # No salt: the input is a uniformly random key already (RFC 5869, section 3.1).
    return HKDF(algorithm=hashes.SHA512(), length=length, salt=None, info=info).derive(key)
