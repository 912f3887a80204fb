"""The IPN verifier, held against vectors signed by Node and against whatever hypothesis can think of."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot_adapters.nowpayments.signature import (
    DEEPEST,
    LARGEST_BODY_BYTES,
    MOST_MEMBERS,
    IpnVerifier,
    canonical_text,
    parse_strictly,
)
from bitloot_core.values.errors import SignatureInvalid

SECRET = "np-test-ipn-secret-0001"
VERIFIER = IpnVerifier(SECRET)
VECTORS = json.loads((Path(__file__).parents[2] / "data" / "nowpayments_vectors.json").read_text(encoding="utf-8"))
BY_NAME = {vector["name"]: vector for vector in VECTORS}
GENUINE = BY_NAME["cap2025_finished_sol_small_fee"]


def signed(text: str | bytes, secret: str = SECRET) -> str:
    """The signature of these very bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return hmac.new(secret.encode(), raw, hashlib.sha512).hexdigest()


def accepts(verifier: IpnVerifier, signature: str, body: bytes) -> bool:
    """Whether the verifier lets it pass; an error of any other kind than `SignatureInvalid` comes out."""
    try:
        verifier.verify(signature, body)
    except SignatureInvalid:
        return False
    return True


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['group']}-{vector['name']}")
def test_every_vector_is_judged_as_the_reference_does(vector: dict[str, str]) -> None:
    """The `must` ones bind every verifier; on the others ours is the strict answer (tests/data/README.md)."""
    verifier = IpnVerifier(vector["secret"])

    accepted = accepts(verifier, vector["signature"], vector["body"].encode())

    assert accepted == vector["valid"], vector["why"]


def test_the_order_of_keys_on_the_wire_does_not_change_the_canonical_text() -> None:
    """Equal contents are equal deliveries, so the dedupe key comes from the canonical text."""
    sorted_on_the_wire = BY_NAME["cap2024_waiting_invoice"]
    shuffled = json.dumps(dict(reversed(json.loads(sorted_on_the_wire["body"]).items()))).encode()

    one = VERIFIER.verify(sorted_on_the_wire["signature"], sorted_on_the_wire["body"].encode())
    other = VERIFIER.verify(sorted_on_the_wire["signature"], shuffled)

    assert one.canonical == other.canonical == sorted_on_the_wire["body"].encode()


@pytest.mark.parametrize("secrets", ["new,old", "old,new", " new , old \n", "old", "a,b,old,"])
def test_each_configured_secret_verifies(secrets: str) -> None:
    """While the secret is being rotated, notices come under either."""
    body = '{"payment_id":1}'

    assert accepts(IpnVerifier(secrets), signed(body, "old"), body.encode())


@pytest.mark.parametrize("secrets", ["", " ", ",", " ,\t,\n"])
@pytest.mark.parametrize("used", ["", " ", ","])
def test_no_secret_refuses_everything(secrets: str, used: str) -> None:
    """Anybody can sign with an empty secret."""
    body = '{"payment_id":1}'

    assert not accepts(IpnVerifier(secrets), signed(body, used), body.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"a":\xc3}',
        b'{"a":\xed\xa0\x80}',
        b"{}{}",
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b'{"fee":{"a":1,"a":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":' + b"9" * 400 + b"}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":"\t"}',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1} x',
        b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}",
        b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
    ],
    ids=lambda body: body[:24].decode("ascii", "backslashreplace") or "empty",
)
def test_a_body_with_more_than_one_reading_is_refused_under_its_own_signature(body: bytes) -> None:
    """Even a signature over these very bytes does not help: another layer could read them in another way."""
    assert not accepts(VERIFIER, signed(body), body)


def test_as_deep_as_allowed_is_accepted() -> None:
    """The cap is exact: `DEEPEST` levels pass."""
    body = b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST
    lists = b'{"a":' + b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1) + b"}"

    assert accepts(VERIFIER, signed(body), body)
    assert accepts(VERIFIER, signed(lists), lists)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b"x" * 5_000_000 + b'"}',
        b"[" * 5_000_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b"[" * LARGEST_BODY_BYTES,
        b'{"a":' + b"1" * (LARGEST_BODY_BYTES - 6) + b"}",
        b'{"a":"' + b"\\u0061" * 10_900 + b'"}',
    ],
    ids=["5 MB text", "5 MB brackets", "deep objects", "deep lists", "open lists", "long number", "escapes"],
)
def test_a_huge_or_deep_body_costs_next_to_nothing(body: bytes) -> None:
    """An attacker needs no secret to make us parse; processor time is bounded, generously for a busy machine."""
    before = time.process_time()

    accepted = accepts(VERIFIER, "0" * 128, body)

    assert not accepted
    assert time.process_time() - before < 0.5


def with_members(count: int) -> bytes:
    """A body with so many members."""
    return json.dumps({str(number): number for number in range(count)}).encode()


def test_a_body_with_more_members_than_any_notice_is_refused() -> None:
    """Forty milliseconds a forgery, while nobody else is served: it would take a few dozen a second to drown us."""
    most, more = with_members(MOST_MEMBERS), with_members(MOST_MEMBERS + 1)
    signatures = [signed(canonical_text(parse_strictly(most))), signed(more)]

    assert accepts(VERIFIER, signatures[0], most)
    assert not accepts(VERIFIER, signatures[1], more)


def test_half_a_character_is_escaped_as_javascript_escapes_it() -> None:
    """**Source:** ECMA-262, well-formed JSON.stringify: a lone surrogate stands as its escape, in small letters."""
    body = b'{"b": "\\uDBFF\\uD83D\\uDE00", "\\udc00": "\\u00e9"}'

    canonical = canonical_text(parse_strictly(body))

    assert canonical == '{"b":"\\udbff😀","\\udc00":"é"}'.encode()


GOOD = GENUINE["signature"]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        GOOD[:-1],
        GOOD + "0",
        GOOD + "\n",
        "\u00a0" + GOOD,
        "0x" + GOOD[2:],
        f"sha512={GOOD}",
        GOOD[:64] + " " + GOOD[65:],
        GOOD.translate({ord("0") + number: chr(0xFF10 + number) for number in range(10)}),
        "é" * 128,
        "\x00" * 128,
        GOOD * 1_000,
    ],
    ids=lambda bad: ascii(bad[:12]),
)
def test_a_malformed_signature_is_refused(bad: str) -> None:
    """Only 128 hex digits are a signature; comparing anything else could raise."""
    assert not accepts(VERIFIER, bad, GENUINE["body"].encode())


def test_blanks_around_the_header_do_not_count() -> None:
    """HTTP allows them; a server may or may not have cut them off."""
    assert accepts(VERIFIER, f" {GOOD}\t", GENUINE["body"].encode())


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_one_bit_of_the_body_decides(position: int, bit: int) -> None:
    """Any change of the canonical body is refused, and never with another error."""
    body = bytearray(GENUINE["body"].encode())
    body[position % len(body)] ^= 1 << bit

    assert not accepts(VERIFIER, GENUINE["signature"], bytes(body))


@given(position=st.integers(min_value=0, max_value=127), replaced=st.characters())
def test_one_character_of_the_signature_decides(position: int, replaced: str) -> None:
    """Any other character at any place is refused; a hex digit's case alone means nothing."""
    good = GENUINE["signature"]
    bad = good[:position] + replaced + good[position + 1 :]

    accepted = accepts(VERIFIER, bad, GENUINE["body"].encode())

    assert accepted == (bad.strip(" \t").lower() == good)


@given(body=st.binary(max_size=400), signature=st.text(max_size=140))
def test_garbage_is_refused_without_any_other_error(body: bytes, signature: str) -> None:
    """Whatever comes in, the answer is `SignatureInvalid`."""
    assert not accepts(VERIFIER, signature, body)


@given(body=st.binary(max_size=200))
def test_signed_garbage_raises_nothing_else(body: bytes) -> None:
    """A valid signature over bytes that are no notice is either a strict object or refused."""
    accepts(VERIFIER, signed(body), body)


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=12) | st.integers(min_value=-(2**53), max_value=2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, max_size=6)


@given(fields=OBJECTS)
def test_canonical_text_is_a_fixed_point(fields: dict[str, object]) -> None:
    """Reading the canonical text and writing it again changes nothing, and its content is what was read."""
    wire = json.dumps(fields, indent=1).encode()

    once = canonical_text(parse_strictly(wire))

    assert once == canonical_text(parse_strictly(once))
    assert fields == json.loads(once)


@given(fields=OBJECTS, rng=st.randoms(use_true_random=False))
def test_canonical_text_does_not_depend_on_the_wire(fields: dict[str, object], rng: Random) -> None:
    """Neither the order of keys nor white space nor escapes carry a meaning."""
    names = list(fields)
    rng.shuffle(names)
    shuffled = {name: fields[name] for name in names}
    spaced = json.dumps(shuffled, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")

    canonical = canonical_text(parse_strictly(json.dumps(fields, separators=(",", ":")).encode()))

    assert canonical == canonical_text(parse_strictly(spaced))


def test_nothing_secret_is_shown() -> None:
    """Neither the verifier's repr nor an error holds the secret, the signature or the body."""
    with pytest.raises(SignatureInvalid) as refused:
        VERIFIER.verify(GENUINE["signature"], b'{"order_id":"canary"}')

    shown = f"{VERIFIER!r} {refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
    assert SECRET not in shown
    assert GENUINE["signature"] not in shown
    assert "canary" not in shown
    assert "9778bcf5" not in repr(VERIFIER.verify(GENUINE["signature"], GENUINE["body"].encode()))
