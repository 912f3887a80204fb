"""
The wrap of a data key: the part of a header that says which master key opens it.

    id length 1 | id 1..32 | commitment 32 | nonce 12 | wrapped data key 48

The wrap is bound to the format, the id, whatever the header says in the open, and the commitment. The commitment in
turn depends on the whole context, and so a wrap cannot be moved to another context, while `rewrap` needs no context.
"""

from __future__ import annotations

import os

import attrs
from cryptography.exceptions import InvalidTag

from bitloot_adapters._shared.envelope.derivation import COMMITMENT_BYTES, KEY_BYTES, NONCE_BYTES, TAG_BYTES
from bitloot_adapters._shared.envelope.master_keys import MasterKeys

_WRAPPED_BYTES = KEY_BYTES + TAG_BYTES


class DoesNotOpen(Exception):
    """Something sealed does not open: one error, without a text. It leaves this package as `Corrupt`."""


@attrs.frozen(kw_only=True)
class Wrap:
    """A data key, wrapped under a master key."""

    key_id: str
    commitment: bytes
    nonce: bytes
    wrapped: bytes

    @classmethod
    def around(cls, data_key: bytes, commitment: bytes, *, keys: MasterKeys, purpose: str, opened: bytes) -> Wrap:
        """
        Wrap a data key under the newest master key.

        Args:
            data_key: the 32 bytes to wrap.
            commitment: what the data key's user compares; it is bound in.
            keys: the master keys.
            purpose: what the data key is for.
            opened: what the header says in the open besides; it is bound in.
        """
        nonce = os.urandom(NONCE_BYTES)
        cipher = keys.wrapper(keys.newest, purpose)
        wrapped = cipher.encrypt(nonce, data_key, _bound(opened, keys.newest, commitment))
        return cls(key_id=keys.newest, commitment=commitment, nonce=nonce, wrapped=wrapped)

    @classmethod
    def read(cls, sealed: bytes, at: int) -> tuple[Wrap, int]:
        """
        Read a wrap that begins at an offset; returns it with the offset behind it.

        Raises:
            DoesNotOpen: it is cut off, or its id is not text.
        """
        key_id, at = read_short_text(sealed, at)
        end = at + COMMITMENT_BYTES + NONCE_BYTES + _WRAPPED_BYTES
        if len(sealed) < end:
            raise DoesNotOpen
        commitment, rest = sealed[at : at + COMMITMENT_BYTES], sealed[at + COMMITMENT_BYTES : end]
        return cls(key_id=key_id, commitment=commitment, nonce=rest[:NONCE_BYTES], wrapped=rest[NONCE_BYTES:]), end

    def write(self) -> bytes:
        """The wrap as it stands in a header."""
        return short_text(self.key_id) + self.commitment + self.nonce + self.wrapped

    def data_key(self, *, keys: MasterKeys, purpose: str, opened: bytes) -> bytes:
        """
        Unwrap the data key.

        Raises:
            DoesNotOpen: we do not have the master key, or a bit of the header is not as it was.
        """
        try:
            cipher = keys.wrapper(self.key_id, purpose)
            return cipher.decrypt(self.nonce, self.wrapped, _bound(opened, self.key_id, self.commitment))
        except (KeyError, InvalidTag):
            raise DoesNotOpen from None


def short_text(text: str) -> bytes:
    """Write a text of at most 255 ASCII characters with its length before it."""
    encoded = text.encode("ascii")
    return len(encoded).to_bytes(1, "big") + encoded


def read_short_text(sealed: bytes, at: int) -> tuple[str, int]:
    """
    Read such a text; returns it with the offset behind it.

    Raises:
        DoesNotOpen: it is cut off or not ASCII.
    """
    if len(sealed) <= at:
        raise DoesNotOpen
    end = at + 1 + sealed[at]
    if len(sealed) < end:
        raise DoesNotOpen
    try:
        return sealed[at + 1 : end].decode("ascii"), end
    except UnicodeDecodeError:
        raise DoesNotOpen from None


def _bound(opened: bytes, key_id: str, commitment: bytes) -> bytes:
    # Unambiguous: `opened` has a fixed form of its own with its lengths in it, and the commitment has a fixed length.
    return opened + short_text(key_id) + commitment
