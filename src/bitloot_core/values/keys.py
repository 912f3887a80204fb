"""
Product keys in the clear: the one value that must never be printed.
"""

from __future__ import annotations

import attrs

from bitloot_core.values.errors import InvalidInput
from bitloot_core.values.ids import OrderId, SupplierKeyId, UnitId

TEXT = "text/plain"
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})


def _check_media_type(_: object, __: object, value: str) -> None:
    if value != TEXT and value not in PICTURES:
        raise InvalidInput("type", "is not a media type that a product key can have")


def _check_content(_: object, __: object, value: bytes) -> None:
    if not value:
        raise InvalidInput("key", "is empty")


@attrs.frozen(kw_only=True)
class KeyMaterial:
    """
    A product key in the clear.

    Attributes:
        content: the key's bytes: UTF-8 text, or the picture itself (not base64).
        media_type: `text/plain`, or the picture's.

    >>> KeyMaterial.of_text("AAAA-BBBB")
    KeyMaterial('***', text/plain)
    """

    content: bytes = attrs.field(validator=_check_content, repr=False)
    media_type: str = attrs.field(validator=_check_media_type, default=TEXT)

    @classmethod
    def of_text(cls, serial: str) -> KeyMaterial:
        """Wrap a text key."""
        return cls(content=serial.encode())

    @property
    def is_text(self) -> bool:
        """Whether a person reads it as text."""
        return self.media_type == TEXT

    def __repr__(self) -> str:
        return f"KeyMaterial('***', {self.media_type})"

    __str__ = __repr__


@attrs.frozen(kw_only=True)
class KeyOwner:
    """
    Whose key it is: bound into the sealed object, so that one moved onto another's path does not open.

    Attributes:
        order_id: the order that bought it.
        unit_id: the unit that it fulfils.
        supplier_key_id: the supplier's name of it.
    """

    order_id: OrderId
    unit_id: UnitId
    supplier_key_id: SupplierKeyId
