"""
Sealed payloads: webhook bodies (they can hold a product key) on their way into a database row.

    "BLP1" | wrap | nonce 12 | sealed payload and tag

One data key serves the process, and each row carries its wrap: a row needs nothing besides itself and the master keys.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from typing import TypeVar

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot_adapters._shared.envelope.derivation import (
    KEY_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    CommittedKey,
    canonical,
    committed_key,
)
from bitloot_adapters._shared.envelope.master_keys import MasterKeys
from bitloot_adapters._shared.envelope.wraps import DoesNotOpen, Wrap
from bitloot_core.values.errors import Corrupt

T = TypeVar("T")
MAGIC = b"BLP1"
SEALS_PER_DATA_KEY = 2**24
"""
After as many seals a fresh data key is made.

With random 96-bit nonces a key may be used 2^32 times (NIST SP 800-38D, section 8.3); this stays far below, and makes
a fresh key a matter of every day in a busy shop.
"""
_DATA_KEYS_REMEMBERED = 64


@attrs.define
class _Sealing:
    """The data key in use: its cipher, what each row begins with, and how often it may still be used."""

    cipher: AESGCM = attrs.field(repr=False)
    header: bytes = attrs.field(repr=False)
    left: int


class PayloadSealer:
    """
    Seals payloads for a context: fast, and for one purpose.

    A context is a sequence of texts, such as source and dedupe key: a payload opens for the same texts in the same
    order and for nothing else. Safe to use from several threads.

    Args:
        keys: the master keys.
        purpose: what the payloads are; those of another purpose do not open.
        seals_per_data_key: how often one data key is used; for tests.
    """

    def __init__(
        self, keys: MasterKeys, *, purpose: str = "inbox", seals_per_data_key: int = SEALS_PER_DATA_KEY
    ) -> None:
        self._keys = keys
        self._purpose = purpose
        self._key_context = canonical("bitloot", purpose, "1")
        self._seals_per_data_key = seals_per_data_key
        self._opening: OrderedDict[bytes, AESGCM] = OrderedDict()
        self._rewrapped: OrderedDict[bytes, bytes] = OrderedDict()
        self._sealing = self._fresh()

    def seal(self, context: tuple[str, ...], payload: bytes) -> bytes:
        """Seal a payload, an empty one too. Two seals of the same payload have different bytes."""
        sealing = self._sealing
        if sealing.left <= 0:
            # Two threads may both make one here: then two data keys are in use for a moment, which harms nothing.
            sealing = self._sealing = self._fresh()
        sealing.left -= 1
        nonce = os.urandom(NONCE_BYTES)
        return sealing.header + nonce + sealing.cipher.encrypt(nonce, payload, self._bound(context))

    def open(self, context: tuple[str, ...], sealed: bytes) -> bytes:
        """
        Open a payload.

        Raises:
            Corrupt: it does not open: damaged, of another context or purpose, or under a master key that we do not
                have. Nothing says which.
        """
        try:
            return self._open(context, sealed)
        except (DoesNotOpen, InvalidTag):
            raise _corrupt() from None

    def rewrap(self, sealed: bytes) -> bytes | None:
        """
        Wrap the data key anew under the newest master key; None if that is the one that it is under already.

        The sealed payload stays as it is. Payloads that shared a data key before share the new wrap, too.

        Raises:
            Corrupt: the data key does not unwrap.
        """
        try:
            wrap, end = _read(sealed)
            if wrap.key_id == self._keys.newest:
                self._cipher_of(sealed[:end], wrap)
                return None
            return self._header_for(sealed[:end], wrap) + sealed[end:]
        except DoesNotOpen:
            raise _corrupt() from None

    def key_id_of(self, sealed: bytes) -> str:
        """
        Which master key a payload says that it is under; not a secret, and not proved.

        Raises:
            Corrupt: it is no sealed payload.
        """
        try:
            return _read(sealed)[0].key_id
        except DoesNotOpen:
            raise _corrupt() from None

    def _open(self, context: tuple[str, ...], sealed: bytes) -> bytes:
        wrap, end = _read(sealed)
        cipher = self._cipher_of(sealed[:end], wrap)
        return cipher.decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], self._bound(context))

    def _cipher_of(self, header: bytes, wrap: Wrap) -> AESGCM:
        # The whole header is the name under which an unwrapped key is remembered, so a changed bit is another name.
        cipher = self._opening.get(header)
        if cipher is None:
            cipher = AESGCM(self._unwrapped(wrap)[1].encryption)
            _remember(self._opening, header, cipher)
        return cipher

    def _header_for(self, header: bytes, wrap: Wrap) -> bytes:
        """What takes the place of a header: the same data key under the newest master key."""
        fresh = self._rewrapped.get(header)
        if fresh is None:
            data_key, key = self._unwrapped(wrap)
            anew = Wrap.around(data_key, key.commitment, keys=self._keys, purpose=self._purpose, opened=MAGIC)
            fresh = MAGIC + anew.write()
            _remember(self._rewrapped, header, fresh)
        return fresh

    def _unwrapped(self, wrap: Wrap) -> tuple[bytes, CommittedKey]:
        """The data key, and the key that is made from it."""
        data_key = wrap.data_key(keys=self._keys, purpose=self._purpose, opened=MAGIC)
        key = committed_key(data_key, self._key_context)
        if not hmac.compare_digest(key.commitment, wrap.commitment):
            raise DoesNotOpen
        return data_key, key

    def _fresh(self) -> _Sealing:
        data_key = os.urandom(KEY_BYTES)
        key = committed_key(data_key, self._key_context)
        wrap = Wrap.around(data_key, key.commitment, keys=self._keys, purpose=self._purpose, opened=MAGIC)
        cipher, header = AESGCM(key.encryption), MAGIC + wrap.write()
        _remember(self._opening, header, cipher)
        return _Sealing(cipher=cipher, header=header, left=self._seals_per_data_key)

    def _bound(self, context: tuple[str, ...]) -> bytes:
        return canonical("bitloot", self._purpose, "1", *context)

    def __repr__(self) -> str:
        return f"PayloadSealer({self._keys!r}, purpose={self._purpose!r})"


def _read(sealed: bytes) -> tuple[Wrap, int]:
    """The wrap of a payload, and where what it seals begins."""
    if not sealed.startswith(MAGIC):
        raise DoesNotOpen
    wrap, end = Wrap.read(sealed, len(MAGIC))
    if len(sealed) < end + NONCE_BYTES + TAG_BYTES:
        raise DoesNotOpen
    return wrap, end


def _remember(known: OrderedDict[bytes, T], header: bytes, what: T) -> None:
    known[header] = what
    if len(known) > _DATA_KEYS_REMEMBERED:
        known.popitem(last=False)


def _corrupt() -> Corrupt:
    return Corrupt("inbox", "a sealed payload does not open")
