"""Kinguin's webhooks, whatever is in them: heard or turned away, and nothing else."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters.kinguin import EventVerifier
from bitloot_core.values.errors import SignatureInvalid
from bitloot_core.values.secret import Secret

SECRET = "webhook-secret-of-the-shop"
VERIFIER = EventVerifier(webhook_secret=Secret(SECRET), event_secret=None)
BODY = b'{"reservationId":"PHS84FJAG5U","status":"ready","key":"CANARY-12345"}'
FIELDS = ("reservationId", "status", "key", "orderId", "orderExternalId", "updatedAt")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def signature(body: bytes) -> str:
    """The signature of a body."""
    return hmac.new(SECRET.encode(), body, hashlib.sha512).hexdigest()


@given(st.integers(0, len(BODY) - 1), st.integers(0, 7))
def test_one_bit_of_the_body_decides(position: int, bit: int) -> None:
    """I13: a signature is for one body."""
    flipped = bytearray(BODY)
    flipped[position] ^= 1 << bit

    with pytest.raises(SignatureInvalid):
        VERIFIER.verify({"x-kinguin-signature": signature(BODY)}, bytes(flipped))


@given(st.integers(0, 127), st.sampled_from("0123456789abcdef"))
def test_one_character_of_the_signature_decides(position: int, replaced: str) -> None:
    """I13: every digit of it."""
    right = signature(BODY)
    claimed = right[:position] + replaced + right[position + 1 :]

    if claimed == right:
        assert VERIFIER.verify({"x-kinguin-signature": claimed}, BODY).worth_processing
    else:
        with pytest.raises(SignatureInvalid):
            VERIFIER.verify({"x-kinguin-signature": claimed}, BODY)


@given(st.binary(max_size=200), st.text(max_size=140))
def test_garbage_is_refused_without_any_other_error(body: bytes, claimed: str) -> None:
    """Whatever comes in the header."""
    with pytest.raises(SignatureInvalid):
        VERIFIER.verify({"x-kinguin-signature": claimed}, body)


@given(
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(FIELDS), VALUES).map(lambda fields: json.dumps(fields).encode())
    | st.sampled_from([b"[" * 50_000, b'{"key":' * 10_000, b'{"status":1e400}', b"\xef\xbb\xbf{}", b'"\\ud800"'])
)
def test_what_is_signed_is_read_or_is_about_nothing(body: bytes) -> None:
    """I5: stored either way; nothing that Kinguin itself could send breaks the reader."""
    webhook = VERIFIER.verify({"x-kinguin-signature": signature(body)}, body)
    event = VERIFIER.read(webhook)

    assert len(bytes.fromhex(webhook.dedupe_key)) == 32
    assert len(webhook.type) <= 64
    assert event is None or len(event.word) <= 64


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=80) | VALUES))
def test_no_event_prints_a_key(fields: dict[str, Any]) -> None:
    """I7: whatever stands where the key should."""
    body = json.dumps({**fields, "key": "CANARY-12345"}).encode()
    webhook = VERIFIER.verify({"x-kinguin-signature": signature(body)}, body)

    assert "CANARY" not in f"{webhook!r} {VERIFIER.read(webhook)!r}"
