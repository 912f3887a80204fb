"""What an operator may read of a webhook's body: nothing that can be a product key, wherever it stands."""

import json

import pytest

from bitloot_core.ports.inbox import Source
from bitloot_http.wire.redaction import readable_payload

KEY = "CANARY-AAAA-BBBB"


@pytest.mark.parametrize(
    "body",
    [
        {"reservationId": "R1", "status": "ready", "key": KEY},
        {"reservationId": "R1", "serial": [KEY, {"of": KEY}]},
        {"reservationId": {"value": KEY}},
        {"orderId": [KEY]},
        {"status": {"orderId": {"deep": KEY}}},
        {KEY: 1},
        {"keys": {KEY: {"productId": "5c9b"}}},
        {"keys": {KEY: "a", KEY + "2": "b"}},
        [KEY],
        KEY,
    ],
)
def test_a_key_is_never_readable_whatever_the_shape(body: object) -> None:
    """As a value, in a list, inside a field that holds none, and as the name of a field."""
    shown = json.dumps(readable_payload(Source.KINGUIN, json.dumps(body).encode()))

    assert KEY not in shown


def test_what_names_a_field_is_shown_and_its_value_starred() -> None:
    """An operator sees what came, without what it said."""
    shown = readable_payload(Source.KINGUIN, b'{"reservationId": "R1", "newField": 5, "another_one": null}')

    assert shown == {"reservationId": "R1", "newField": "***", "another_one": None}


def test_names_that_are_starred_do_not_hide_each_other() -> None:
    """How many there were can still be counted."""
    shown = readable_payload(Source.KINGUIN, b'{"AAAA-1": {"qty": 1}, "AAAA-2": {"qty": 2}}')

    assert shown == {"*** 1": {"qty": "***"}, "*** 2": {"qty": "***"}}
