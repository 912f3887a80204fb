"""The simulator's JSON and its signature, held against vectors that Node has signed."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bitloot_adapters.nowpayments_simulator import (
    canonical_text,
    js_number,
    replacer_array_text,
    signature_of,
    wire_text,
)

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "nowpayments_vectors.json").read_text(encoding="utf-8"))
MUST_VERIFY = [vector for vector in VECTORS if vector["must"] and vector["valid"]]


@pytest.mark.parametrize("vector", MUST_VERIFY, ids=lambda vector: vector["name"])
def test_signs_each_body_as_node_does(vector: dict[str, str]) -> None:
    """The oracle's signature of a body is the one that JavaScript computed."""
    body = json.loads(vector["body"])

    signature = signature_of(canonical_text(body), vector["secret"])

    assert vector["signature"] == signature


@pytest.mark.parametrize("vector", MUST_VERIFY, ids=lambda vector: vector["name"])
def test_amounts_held_as_decimals_print_the_same(vector: dict[str, str]) -> None:
    """The books hold decimals; printing one gives what JavaScript prints for the same double."""
    body = json.loads(vector["body"], parse_float=Decimal)

    signature = signature_of(canonical_text(body), vector["secret"])

    assert vector["signature"] == signature


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (0, "0"),
        (-0.0, "0"),
        (Decimal("100.00"), "100"),
        (Decimal("19.990"), "19.99"),
        (Decimal("0.000001"), "0.000001"),
        (Decimal("0.00000123"), "0.00000123"),
        (Decimal("0.00000012"), "1.2e-7"),
        (Decimal("1E-8"), "1e-8"),
        (1e16, "10000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (-2.5, "-2.5"),
        (2**53 + 1, "9007199254740992"),
        (float("inf"), "null"),
        (10**400, "null"),
    ],
)
def test_prints_numbers_as_javascript_does(value: float | Decimal, printed: str) -> None:
    """Exponents begin below 1e-6 and at 1e21, whole numbers have no point, infinity is null."""
    assert printed == js_number(value)


def test_index_like_keys_come_first_in_numeric_order() -> None:
    """JavaScript engines put keys that look like array indexes before all others."""
    assert canonical_text({"a": 1, "10": 1, "01": 1, "2": 1}) == '{"2":1,"10":1,"01":1,"a":1}'


def test_two_halves_of_a_surrogate_pair_are_one_character() -> None:
    """JavaScript strings are UTF-16, so two escaped halves that meet are an emoji and go out raw."""
    assert wire_text("\ud83d\ude00") == '"\U0001f600"'


def test_the_replacer_array_empties_nested_objects() -> None:
    """The documentation's one-liner whitelists keys at every depth."""
    assert replacer_array_text({"fee": {"currency": "btc"}, "b": 1}) == '{"b":1,"fee":{}}'


def test_the_wire_keeps_the_order_of_keys() -> None:
    """Unsorted wire bytes exist since 2021; only the signed text is sorted."""
    assert wire_text({"b": 1, "a": {"d": 1, "c": 2}}) == '{"b":1,"a":{"d":1,"c":2}}'
