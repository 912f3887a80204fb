"""
The master keys (KEKs): read from a setting, each with an id, never used on anything but data keys.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot_adapters._shared.envelope.derivation import KEY_BYTES, subkey
from bitloot_core.values.errors import InvalidInput

SETTING = "VAULT_KEYS"
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_FROM_URL_SAFE = str.maketrans("-_", "+/")


class MasterKeys:
    """
    The keys that wrap data keys: the first one seals, all of them open.

    A data key is wrapped with a random nonce, so one master key may wrap at most 2^32 data keys; a shop gets there
    after four thousand million product keys. Rotate once a year, or when somebody leaves who has seen the key.
    **Source:** NIST SP 800-38D, section 8.3.

    Args:
        keys: the 32 bytes of each key under its id; the first one is the newest.

    Raises:
        InvalidInput: there is none, an id is not 1 to 32 characters of `A-Za-z0-9._-`, a key is not 32 bytes, or two
            ids have the same key. Entries are named by their number; nothing that was read is repeated.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise InvalidInput(SETTING, "holds no key")
        for number, (key_id, key) in enumerate(keys.items(), start=1):
            if _ID.fullmatch(key_id) is None:
                raise _refusal(number, "has an id that is not 1 to 32 characters of A-Z a-z 0-9 . _ -")
            if len(key) != KEY_BYTES:
                raise _refusal(number, f"does not hold {KEY_BYTES} bytes")
        if len(set(keys.values())) != len(keys):
            raise InvalidInput(SETTING, "holds the same key under two ids")
        self._keys = dict(keys)
        self._newest = next(iter(keys))
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read `id:base64-32-bytes,...`; both base64 alphabets and spaces around entries are accepted.

        Raises:
            InvalidInput: as the class says, or an entry is not of this form, or an id is there twice.
        """
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(text.split(","), start=1):
            key_id, colon, encoded = (part.strip() for part in entry.partition(":"))
            if not entry.strip():
                raise _refusal(number, "is empty")
            if not colon:
                raise _refusal(number, "is not of the form id:base64")
            if key_id in keys:
                raise _refusal(number, "repeats an id")
            try:
                keys[key_id] = base64.b64decode(encoded.translate(_FROM_URL_SAFE), validate=True)
            except (binascii.Error, ValueError):
                # The error's text can hold part of what was read, so it is not passed on.
                raise _refusal(number, "is not base64") from None
        return cls(keys)

    @staticmethod
    def entry(key_id: str, key: bytes) -> str:
        """Write one entry of the setting. The result is a secret: it is for an operator's eyes or a secret store."""
        MasterKeys({key_id: key})
        return f"{key_id}:{base64.b64encode(key).decode()}"

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return self._newest

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the sealing one first."""
        return tuple(self._keys)

    def wrapper(self, key_id: str, purpose: str) -> AESGCM:
        """
        The cipher that wraps data keys of one purpose under one master key.

        Each purpose has a key of its own, derived from the master key: a wrap of one never opens as another's.

        Raises:
            KeyError: we do not have that master key.
        """
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = AESGCM(subkey(self._keys[key_id], f"bitloot/wrap/1/{purpose}"))
            self._ciphers[key_id, purpose] = cipher
        return cipher

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(f'{key_id}:***' for key_id in self._keys)})"


def _refusal(number: int, reason: str) -> InvalidInput:
    return InvalidInput(SETTING, f"entry {number} {reason}")
