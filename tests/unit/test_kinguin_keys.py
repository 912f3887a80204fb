"""
Kinguin's product keys, text and pictures. **Source** of the shapes: Kinguin ESA documentation, state July 2025.
"""

import base64
from typing import Any

import pytest

from bitloot_adapters.kinguin.unreadable import Unreadable
from bitloot_adapters.kinguin.wire import read_keys
from bitloot_core.values.ids import SupplierProductId
from bitloot_core.values.keys import KeyMaterial

GAME = SupplierProductId("5c9b68662539a4e8f17ae2fe")
PNG = b"\x89PNG\r\n\x1a\n CANARY"


def a_key(**changed: Any) -> dict[str, Any]:
    """A key object with other values."""
    return {
        "id": "67041c31e4d991383ee2a278",
        "serial": "CANARY-12345",
        "type": "text/plain",
        "name": "Game",
        "kinguinId": 1949,
        "offerId": "5f7efd272f3a650001f42722",
        "productId": GAME,
    } | changed


def test_text_keys_are_taken_as_they_are() -> None:
    """Not a space is taken from what a buyer paid for."""
    (key,) = read_keys([a_key(serial=" ABC\nDEF ")])

    assert (key.product_id, key.id) == (GAME, "67041c31e4d991383ee2a278")
    assert KeyMaterial(content=b" ABC\nDEF ") == key.material


@pytest.mark.parametrize(
    ("media_type", "picture", "shown_as"),
    [
        ("image/png", PNG, "image/png"),
        ("image/jpeg", b"\xff\xd8\xff\xe0 CANARY", "image/jpeg"),
        ("image/jpg", b"\xff\xd8\xff\xdb CANARY", "image/jpeg"),
        ("image/gif", b"GIF89a CANARY", "image/gif"),
        ("image/gif", b"GIF87a CANARY", "image/gif"),
        ("image/jpeg", PNG, "image/png"),
    ],
)
def test_a_picture_is_decoded_once_and_called_what_it_is(media_type: str, picture: bytes, shown_as: str) -> None:
    """The first bytes decide, not the label."""
    (key,) = read_keys([a_key(type=media_type, serial=base64.b64encode(picture).decode())])

    assert KeyMaterial(content=picture, media_type=shown_as) == key.material


def test_base64_may_be_broken_into_lines() -> None:
    """As in mail (RFC 2045)."""
    (key,) = read_keys([a_key(type="image/png", serial=base64.encodebytes(PNG * 20).decode())])

    assert key.material.content == PNG * 20


@pytest.mark.parametrize(
    "changed",
    [
        {"serial": ""},
        {"serial": "  "},
        {"serial": None},
        {"serial": 12345},
        {"serial": "CANARY \ud800"},
        {"type": None},
        {"type": "application/pdf"},
        {"type": "image/png"},
        {"type": "image/png", "serial": "CANARY!"},
        {"type": "image/png", "serial": base64.b64encode(b"<svg>CANARY</svg>").decode()},
        {"type": "image/png", "serial": base64.b64encode(base64.b64encode(PNG)).decode()},
        {"id": None},
        {"id": 7},
        {"productId": None},
    ],
)
def test_a_key_that_cannot_be_read_is_refused_without_being_quoted(changed: dict[str, Any]) -> None:
    """The error names the key by its id; its content is in nobody's log."""
    with pytest.raises(Unreadable) as caught:
        read_keys([a_key(), a_key(**changed)])

    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert "CANARY" not in "".join(repr(exc) + str(exc) for exc in chain)


def test_a_key_does_not_print_its_content() -> None:
    """A key can be shown in a debugger or a failed assertion."""
    assert "CANARY" not in repr(read_keys([a_key()]))


@pytest.mark.parametrize("payload", [None, {}, "x", ["x"], [None]])
def test_what_is_no_list_of_keys_is_refused(payload: object) -> None:
    """An object in the place of the list is not a purchase without keys."""
    with pytest.raises(Unreadable):
        read_keys(payload)
