"""
A product key out of Kinguin's key object: text as it is, a picture decoded once.

**Source:** Kinguin ESA documentation (state July 2025), key object: `type` is `text/plain` or an image type, and the
`serial` of an image is its base64.
"""

from __future__ import annotations

import base64

from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_core.values.keys import TEXT, KeyMaterial

_FIRST_BYTES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def key_material(serial: object, *, media_type: object, key_id: str) -> KeyMaterial:
    """
    Read a key's content.

    A picture is called what its first bytes say that it is: what is shown to a buyer must not rest on a label.

    Args:
        serial: the text, or the picture in base64.
        media_type: Kinguin's `type`.
        key_id: names the key in an error.

    Raises:
        Unreadable: it is empty, of no known type, or not the picture that it claims to be.
    """
    if not isinstance(media_type, str) or not isinstance(serial, str) or not serial:
        raise Unreadable(f"key {key_id}", "has no content or no type")
    if media_type.partition(";")[0].strip().lower() == TEXT:
        return _text(serial, key_id)
    if not media_type.lower().startswith("image/"):
        raise Unreadable(f"key {key_id}", "is of a type that is not documented")
    return _picture(serial, key_id)


def _text(serial: str, key_id: str) -> KeyMaterial:
    if serial.isspace() or any("\ud800" <= letter <= "\udfff" for letter in serial):
        raise Unreadable(f"key {key_id}", "is not text")
    return KeyMaterial.of_text(serial)


def _picture(serial: str, key_id: str) -> KeyMaterial:
    content = _decoded(serial)
    for first_bytes, media_type in _FIRST_BYTES.items():
        if content.startswith(first_bytes):
            return KeyMaterial(content=content, media_type=media_type)
    raise Unreadable(f"key {key_id}", "is not a JPEG, PNG or GIF in base64")


def _decoded(serial: str) -> bytes:
    try:
        return base64.b64decode("".join(serial.split()), validate=True)
    except ValueError:
        return b""
