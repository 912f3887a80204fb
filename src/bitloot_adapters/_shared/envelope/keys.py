"""
Sealed product keys: one object a key, complete in itself.

    "BLK1" | media type (length 1, text) | wrap | nonce 12 | sealed content and tag

The owner is not in the object: only who knows order, unit and supplier key id can open it, and nobody can read from
the object whose it is.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot_adapters._shared.envelope.derivation import KEY_BYTES, NONCE_BYTES, TAG_BYTES, canonical, committed_key
from bitloot_adapters._shared.envelope.master_keys import MasterKeys
from bitloot_adapters._shared.envelope.wraps import DoesNotOpen, Wrap, read_short_text, short_text
from bitloot_core.values.errors import Corrupt
from bitloot_core.values.keys import PICTURES, TEXT, KeyMaterial, KeyOwner

MAGIC = b"BLK1"
PURPOSE = "product-key"
_MEDIA_TYPES = PICTURES | {TEXT}


class KeySealer:
    """
    Seals product keys for their owners.

    The data key is random for each object and is used once. Order, unit, supplier key id, media type and purpose are
    bound in twice: the encryption key and its commitment are derived from them, and they are the associated data. The
    wrap is bound to them through the commitment, so that it can be replaced without knowing them.

    Args:
        keys: the master keys.
    """

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys

    def seal(self, owner: KeyOwner, material: KeyMaterial) -> bytes:
        """Seal a product key. Two seals of the same key have nothing in common."""
        context = _context(owner, material.media_type)
        data_key = os.urandom(KEY_BYTES)
        key = committed_key(data_key, context)
        opened = MAGIC + short_text(material.media_type)
        wrap = Wrap.around(data_key, key.commitment, keys=self._keys, purpose=PURPOSE, opened=opened)
        nonce = os.urandom(NONCE_BYTES)
        return opened + wrap.write() + nonce + AESGCM(key.encryption).encrypt(nonce, material.content, context)

    def open(self, owner: KeyOwner, sealed: bytes) -> KeyMaterial:
        """
        Open a product key for its owner.

        Raises:
            Corrupt: it does not open; nothing says why.
        """
        try:
            return self._open(owner, sealed)
        except (DoesNotOpen, InvalidTag):
            # The cause is left out on purpose: there is one failure, not several.
            raise _corrupt() from None

    def rewrap(self, sealed: bytes) -> bytes | None:
        """
        Wrap the data key anew under the newest master key; None if that is the one that it is under already.

        The sealed content stays as it is, byte for byte. Whether it opens is not looked at: that takes the owner.

        Raises:
            Corrupt: the data key does not unwrap.
        """
        try:
            media_type, opened, wrap, end = _read(sealed)
            data_key = wrap.data_key(keys=self._keys, purpose=PURPOSE, opened=opened)
        except DoesNotOpen:
            raise _corrupt() from None
        if wrap.key_id == self._keys.newest:
            return None
        fresh = Wrap.around(data_key, wrap.commitment, keys=self._keys, purpose=PURPOSE, opened=opened)
        return MAGIC + short_text(media_type) + fresh.write() + sealed[end:]

    def key_id_of(self, sealed: bytes) -> str:
        """
        Which master key an object says that it is under; not a secret, and not proved.

        Raises:
            Corrupt: it is no sealed object.
        """
        try:
            return _read(sealed)[2].key_id
        except DoesNotOpen:
            raise _corrupt() from None

    def _open(self, owner: KeyOwner, sealed: bytes) -> KeyMaterial:
        media_type, opened, wrap, end = _read(sealed)
        data_key = wrap.data_key(keys=self._keys, purpose=PURPOSE, opened=opened)
        context = _context(owner, media_type)
        key = committed_key(data_key, context)
        if not hmac.compare_digest(key.commitment, wrap.commitment):
            raise DoesNotOpen
        content = AESGCM(key.encryption).decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], context)
        return KeyMaterial(content=content, media_type=media_type)

    def __repr__(self) -> str:
        return f"KeySealer({self._keys!r})"


def _context(owner: KeyOwner, media_type: str) -> bytes:
    return canonical("bitloot", PURPOSE, "1", owner.order_id, owner.unit_id, owner.supplier_key_id, media_type)


def _read(sealed: bytes) -> tuple[str, bytes, Wrap, int]:
    """Take the header apart: media type, what stands in the open, the wrap, and where the content begins."""
    if not sealed.startswith(MAGIC):
        raise DoesNotOpen
    media_type, at = read_short_text(sealed, len(MAGIC))
    if media_type not in _MEDIA_TYPES:
        raise DoesNotOpen
    wrap, end = Wrap.read(sealed, at)
    # A product key has at least one byte.
    if len(sealed) <= end + NONCE_BYTES + TAG_BYTES:
        raise DoesNotOpen
    return media_type, sealed[:at], wrap, end


def _corrupt() -> Corrupt:
    return Corrupt("vault", "a sealed object does not open")
