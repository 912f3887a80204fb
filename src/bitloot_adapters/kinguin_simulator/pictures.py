"""
Product keys as pictures: a small valid PNG whose pixels depend on the serial.

Source: Kinguin ESA documentation, state July 2025, key object: `type` is an image type, `serial` its base64.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WIDTH = 16
_HEIGHT = 16
_ROW_BYTES = _WIDTH // 8


def picture_of(text: str) -> bytes:
    """
    Return a black-and-white PNG of 16 by 16 pixels that differs for each text.

    >>> picture_of("A") != picture_of("B")
    True
    """
    pixels = hashlib.sha256(text.encode()).digest()
    rows = b"".join(b"\0" + pixels[row * _ROW_BYTES : (row + 1) * _ROW_BYTES] for row in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 1, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def picture_serial(text: str) -> str:
    """
    Return that picture the way the API hands it out: base64.
    """
    return base64.b64encode(picture_of(text)).decode()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
