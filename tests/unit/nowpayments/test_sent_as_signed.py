"""The quick way for notices, held against the careful one: it may not know, and it must never say anything else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitloot_adapters.nowpayments.number_token import NumberToken
from bitloot_adapters.nowpayments.sent_as_signed import plain_fields
from bitloot_adapters.nowpayments.signature import canonical_text, parse_strictly

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "nowpayments_vectors.json").read_text(encoding="utf-8"))
NOTICE = (
    b'{"fee":{"currency":"btc","depositFee":0.000002},"payment_id":12,"payment_status":"waiting","x":null,"y":true}'
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["a:{", '":1e5', "}", "{}", ":[", "\\", "é", "\x7f"])
)
NAMES = st.text(max_size=4) | st.sampled_from(["payment_id", "fee", "10", "2", "", "a", "b", "A"])
OBJECTS = st.dictionaries(NAMES, SCALARS | st.dictionaries(NAMES, SCALARS, max_size=3) | st.lists(SCALARS, max_size=2))


def agree(body: bytes) -> None:
    """What the quick way takes, the careful one reads the same, and writes as those very bytes."""
    plain = plain_fields(body)

    if plain is not None:
        fields = parse_strictly(body)
        assert body == canonical_text(fields)
        assert dict(fields) == {name: _whole(value) for name, value in plain.items()}


def _whole(value: object) -> object:
    return {name: _whole(value[name]) for name in value} if isinstance(value, type(plain_fields(NOTICE))) else value


@given(
    OBJECTS,
    st.fixed_dictionaries(
        {
            "sort_keys": st.booleans(),
            "ensure_ascii": st.booleans(),
            "separators": st.sampled_from([(",", ":"), (", ", ": ")]),
        }
    ),
)
def test_what_it_takes_is_its_own_canonical_text(fields: dict[str, object], how: dict[str, Any]) -> None:
    """Whatever a sender makes of an object: other orders, blanks, escapes."""
    agree(json.dumps(fields, **how).encode(errors="replace"))


@given(st.text(alphabet='{}[]":,\\ 0123456789.eE+-abAtrufalsn\n\x00é', max_size=60))
@example('{"a":1,"a":1}')
@example('{"a":{"b":1,"b":2}}')
@example('{"a":01}')
@example('{"a":1.}')
@example('{"a":-}')
@example('{"a":1e999}')
@example('{"a": 1}')
@example('{"a":1} ')
@example('{"a":"x\ty"}')
@example('{"a":":{}"}')
@example('{"b":1,"a":":{\'c\':1}"}')
@example('{"a":nul}')
@example("{}")
def test_no_text_is_taken_that_the_careful_way_refuses(text: str) -> None:
    """Nearly JSON, and everything that two readers could read in two ways."""
    agree(text.encode())


@given(st.binary(max_size=60))
def test_no_bytes_break_it(body: bytes) -> None:
    """Whatever comes, there is an answer."""
    agree(body)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_every_vector_is_read_in_both_ways_alike(vector: dict[str, str]) -> None:
    """The vectors hold every trick that is known."""
    agree(vector["body"].encode())


def test_a_notice_as_the_vendor_sends_it_goes_the_quick_way() -> None:
    """Else it would be of no use."""
    plain = plain_fields(NOTICE)

    assert plain is not None
    assert (plain["payment_id"], plain["payment_status"], plain["x"], plain["y"]) == ("12", "waiting", None, True)
    assert isinstance(plain["payment_id"], NumberToken)
    assert list(plain) == ["fee", "payment_id", "payment_status", "x", "y"]
    assert len(plain) == 5


@pytest.mark.parametrize("name", ["payment_id", "nothing"])
def test_a_member_is_there_or_it_is_not(name: str) -> None:
    """As in every mapping."""
    plain = plain_fields(NOTICE)

    assert plain is not None
    assert (name != "nothing") == (name in plain)
