"""
The style sheet, the script and the icon, under names that change with their content, so that they may be kept for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import attrs

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@attrs.frozen(kw_only=True)
class Asset:
    """
    One file.

    Attributes:
        name: with a part of its hash in it.
        media_type: what it is; always UTF-8 text.
    """

    name: str
    media_type: str
    content: bytes = attrs.field(repr=False)


@cache
def assets() -> Mapping[str, Asset]:
    """All files by their plain names (`style.css`)."""
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


def asset_named(name: str) -> Asset | None:
    """The file that is served under a name with a hash in it."""
    return next((asset for asset in assets().values() if asset.name == name), None)


def asset_path(plain_name: str) -> str:
    """The address of a file."""
    return f"/assets/{assets()[plain_name].name}"


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(name=f"{path.stem}.{digest}{path.suffix}", media_type=_TYPES[path.suffix], content=content)
